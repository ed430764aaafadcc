import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Timeline } from "../../../../src/cost/metered/timeline.ts";

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

const stretch = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 15 }))
  .map(([fromMs, ms]): Stretch => ({ fromMs, toMs: fromMs + ms }));

describe("Timeline", () => {
  it("finds what overlaps, by begin, in whatever order it was added", () => {
    fc.assert(
      fc.property(fc.array(stretch), stretch, (added, { fromMs, toMs }) => {
        const timeline = new Timeline<Stretch>((one) => one);
        for (const one of added) timeline.add(one);
        const inOrder = added.toSorted((a, b) => a.fromMs - b.fromMs);
        assert.deepEqual(timeline.items, inOrder);
        assert.deepEqual(
          timeline.within(fromMs, toMs),
          inOrder.filter((one) => one.fromMs < toMs && one.toMs > fromMs),
        );
      }),
    );
  });

  it("looks at few of many, for each that is added and asked about", () => {
    let looks = 0;
    const timeline = new Timeline<Stretch>((one) => {
      looks += 1;
      return one;
    });
    const count = 5_000;
    for (let at = 0; at < count; at += 1) {
      timeline.add({ fromMs: at * 10, toMs: at * 10 + 25 });
      assert.equal(timeline.within(at * 10, at * 10 + 5).length, Math.min(at + 1, 3));
    }
    assert.ok(looks < count * 40, `${looks} looks`);
  });
});
