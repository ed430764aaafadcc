import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { FailureReason } from "../../../../src/base/failure.ts";
import { nextLookDelayMs, type PollSituation } from "../../../../src/session/watch/pollPolicy.ts";

const calm: PollSituation = {
  nowMs: 1_000_000,
  adapter: "sdk",
  focused: true,
  busy: false,
  liveContainers: 0,
  restlessUntilMs: 0,
  dueAtMs: null,
  failures: 0,
  failure: null,
};

function delayOf(change: Partial<PollSituation>, random = 0.5): number {
  return nextLookDelayMs({ ...calm, ...change }, random) ?? Infinity;
}

describe("nextLookDelayMs", () => {
  it("is fast while something is about to change, slow when nothing runs, slower unfocused", () => {
    for (const adapter of ["sdk", "cli"] as const) {
      const fast = delayOf({ adapter, busy: true });
      const running = delayOf({ adapter, liveContainers: 3 });
      const idle = delayOf({ adapter });
      assert.equal(delayOf({ adapter, restlessUntilMs: 1_000_001 }), fast);
      assert.ok(fast < running && running < idle);
      assert.ok(delayOf({ adapter, focused: false, liveContainers: 3 }) > running);
      assert.ok(delayOf({ adapter, focused: false }) > idle);
    }
  });

  it("never asks the CLI more often than every ten seconds", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), fc.boolean(), (due, busy) => {
        const delay = delayOf({ adapter: "cli", dueAtMs: calm.nowMs + due, busy });
        assert.ok(delay >= 10_000);
      }),
    );
  });

  it("looks just after a scaledown that is due", () => {
    assert.equal(delayOf({ liveContainers: 1, dueAtMs: calm.nowMs + 4000 }), 5500);
    assert.equal(delayOf({ liveContainers: 1, dueAtMs: calm.nowMs + 60_000 }), 10_000);
    assert.equal(delayOf({ liveContainers: 1, dueAtMs: calm.nowMs - 60_000 }), 10_000);
  });

  it("backs off with jitter, up to five minutes", () => {
    const delays = [1, 2, 3, 4, 8, 50].map((failures) => delayOf({ failure: "offline", failures }));
    assert.deepEqual(delays, [5000, 10_000, 20_000, 40_000, 300_000, 300_000]);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(30), (random, more) => {
        const delay = delayOf({ failure: "service-error", failures: 1 + more }, random);
        assert.ok(delay >= 3750 && delay <= 375_000);
      }),
    );
    assert.notEqual(
      delayOf({ failure: "offline", failures: 3 }, 0.1),
      delayOf({ failure: "offline", failures: 3 }, 0.9),
    );
    assert.ok(delayOf({ failure: "rate-limited", failures: 1 }, 0) >= 45_000);
  });

  it("does not repeat what only a person can change", () => {
    const reasons: readonly FailureReason[] = [
      "permission-denied",
      "not-authenticated",
      "bad-setting",
      "cli-missing",
    ];
    for (const failure of reasons) assert.equal(delayOf({ failure, failures: 1 }), Infinity);
  });
});
