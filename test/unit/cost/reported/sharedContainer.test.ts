import assert from "node:assert/strict";
import * as fc from "fast-check";
import { leastRuns } from "../../../../src/cost/reported/sharedContainer.ts";
import { microUsd, sumUsd, zeroUsd } from "../../../../src/cost/money.ts";
import type { CallRecord } from "../../../../src/cost/call.ts";
import { call, t0 } from "../arbitraries.ts";

function leastCostOf(calls: readonly CallRecord[]): number {
  return sumUsd(leastRuns(calls).map((run) => run.microUsd));
}

/** At $3.60 an hour: a thousand micro-dollars per second. */
function run(containerId: string | null, fromSeconds: number, seconds: number | null) {
  const endedAtMs = t0 + (fromSeconds + (seconds ?? 1)) * 1000;
  return call({
    callId: containerId === null ? `own-${fromSeconds}` : `log/ap-1/${containerId}/${fromSeconds}`,
    startedAtMs: t0 + fromSeconds * 1000,
    endedAtMs,
    executionSeconds: seconds,
    reportedMicroUsd: microUsd((seconds ?? 1) * 1000),
  });
}

describe("what calls report together", () => {
  it("is their sum where they ran one after the other, in several containers, or nobody knows in which", () => {
    assert.equal(leastCostOf([run("ta-1", 0, 10), run("ta-1", 10, 10)]), 20_000);
    assert.equal(leastCostOf([run("ta-1", 0, 10), run("ta-2", 0, 10)]), 20_000);
    assert.equal(leastCostOf([run(null, 0, 10), run(null, 1, 10)]), 20_000);
    assert.equal(leastCostOf([]), 0);
  });

  it("counts the time once that calls of one container have in common", () => {
    assert.equal(leastCostOf([run("ta-1", 0, 10), run("ta-1", 5, 10), run("ta-1", 7, 2)]), 15_000);
    assert.equal(leastCostOf([run("ta-1", 0, 10), run("ta-1", 2, null)]), 10_000);
  });

  it("knows where a call of this editor ran by its line in the log", () => {
    const own = [0, 1, 2].map((from) => ({
      ...run(null, from, 10),
      logLineId: `log/ap-1/ta-1/${from}`,
    }));
    assert.equal(leastCostOf(own), 12_000);
  });

  it("is never more than the sum, nor less than the dearest call", () => {
    const calls = fc.array(
      fc
        .tuple(fc.nat(30), fc.integer({ min: 1, max: 20 }), fc.constantFrom("ta-1", "ta-2"))
        .map(([from, seconds, id]) => run(id, from, seconds)),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(calls, (all) => {
        const costs = all.map(({ reportedMicroUsd }) => reportedMicroUsd ?? zeroUsd);
        const least = leastCostOf(all);
        assert.ok(least <= sumUsd(costs));
        assert.ok(least >= Math.max(...costs));
      }),
    );
  });
});
