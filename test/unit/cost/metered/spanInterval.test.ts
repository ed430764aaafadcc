import assert from "node:assert/strict";
import * as fc from "fast-check";
import { spanInterval, freshMs } from "../../../../src/cost/metered/spanInterval.ts";
import { hour, minute, span, spans, t0 } from "../arbitraries.ts";

describe("the interval of a span", () => {
  it("is none while the container is pending", () => {
    assert.equal(spanInterval(span({ startedAtMs: null }), t0 + hour), undefined);
  });

  it("is exact where Modal tells start and end", () => {
    assert.deepEqual(spanInterval(span({ finishedAtMs: t0 + 90_123 }), t0 + hour), {
      startMs: t0,
      startErrorMs: 0,
      endMs: t0 + 90_123,
      countedToMs: t0 + 90_123,
      endErrorMs: 0,
    });
  });

  it("lies in the middle between last sighting and first absence, with the error kept", () => {
    const bounded = span({
      lastSeenAtMs: t0 + 60_000,
      firstAbsentAtMs: t0 + 75_000,
      lastAbsentAtMs: t0 + hour,
    });
    const interval = spanInterval(bounded, t0 + 2 * hour);
    assert.equal(interval?.endMs, t0 + 67_500);
    assert.equal(interval?.endErrorMs, 7500);
  });

  it("takes the expected end where it is possible, and keeps the honest error", () => {
    const bounded = span({ lastSeenAtMs: t0 + 60_000, firstAbsentAtMs: t0 + 75_000 });
    const at = (expectedEndMs: number) => spanInterval(bounded, t0 + hour, { expectedEndMs });
    assert.equal(at(t0 + 61_000)?.endMs, t0 + 61_000);
    assert.equal(at(t0 + 61_000)?.endErrorMs, 14_000);
    assert.equal(at(t0 + 59_000)?.endMs, t0 + 67_500);
    assert.equal(at(t0 + 90_000)?.endMs, t0 + 67_500);
  });

  it("bounds a night of sleep honestly: somewhere between the last look and the first one after", () => {
    const slept = span({ lastSeenAtMs: t0, firstAbsentAtMs: t0 + 8 * hour });
    assert.equal(spanInterval(slept, t0 + 9 * hour)?.endErrorMs, 4 * hour);
    const known = spanInterval(slept, t0 + 9 * hour, { expectedEndMs: t0 + 10 * minute });
    assert.equal(known?.endMs, t0 + 10 * minute);
  });

  it("counts an open span to now while it is watched, and to the middle when nobody looks", () => {
    const open = span({ lastSeenAtMs: t0 + minute });
    assert.equal(spanInterval(open, t0 + minute + freshMs)?.countedToMs, t0 + minute + freshMs);
    const stale = spanInterval(open, t0 + minute + hour);
    assert.equal(stale?.countedToMs, t0 + minute + hour / 2);
    assert.equal(stale?.endErrorMs, hour / 2);
    assert.equal(stale?.endMs, null);
    const warm = spanInterval(open, t0 + minute + hour, { expectedEndMs: t0 + 3 * hour });
    assert.equal(warm?.countedToMs, t0 + minute + hour);
  });

  it("counts forwards only: more time never makes an open span shorter", () => {
    fc.assert(
      fc.property(
        fc.nat(10 * hour),
        fc.nat(hour),
        fc.option(fc.nat(5 * hour)),
        (now, more, end) => {
          const open = span({ lastSeenAtMs: t0 + minute });
          const hints = end === null ? {} : { expectedEndMs: t0 + end };
          const before = spanInterval(open, t0 + now, hints);
          const after = spanInterval(open, t0 + now + more, hints);
          assert.ok(before && after && after.countedToMs >= before.countedToMs);
        },
      ),
    );
  });

  it("adds half a second to a start that the CLI cut to whole seconds", () => {
    const cut = span({ gpuSource: "app", startedAtMs: t0, firstAbsentAtMs: t0 + 90_000 });
    const interval = spanInterval(cut, t0 + hour);
    assert.equal(interval?.startMs, t0 + 500);
    assert.equal(interval?.startErrorMs, 500);
  });

  it("is never negative, whatever the clocks do, and the truth lies within its error", () => {
    fc.assert(
      fc.property(spans, fc.integer({ min: -hour, max: 9 * hour }), (list, offset) => {
        for (const one of list) {
          const interval = spanInterval(one, t0 + offset);
          if (interval === undefined) continue;
          assert.ok(interval.countedToMs >= interval.startMs);
          assert.ok(interval.endErrorMs >= 0);
          if (one.firstAbsentAtMs === null || one.finishedAtMs !== null) continue;
          const earliestMs = Math.max(interval.startMs, one.lastSeenAtMs);
          assert.ok(interval.countedToMs - interval.endErrorMs <= earliestMs);
          assert.ok(interval.countedToMs + interval.endErrorMs >= one.firstAbsentAtMs);
        }
      }),
    );
  });
});
