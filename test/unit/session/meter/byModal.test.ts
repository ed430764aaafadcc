import assert from "node:assert/strict";
import { callByModal } from "../../../../src/session/meter/byModal.ts";
import { logStartMs, ownCall } from "../logSample.ts";

const minute = 60_000;
const aheadMs = 50 * minute;
/** Ran for a minute, by this machine's clock, which is ahead of Modal's. */
const call = ownCall({ startedAtMs: logStartMs, endedAtMs: logStartMs + minute });
const lineAt = (atMs: number): string => `log/ap-1/ta-1/${Math.floor(atMs / 1000)}/1:2:L40S/0`;

describe("a call by Modal's clock", () => {
  it("is as far off as its own answer said, where nothing else compares the clocks or they were set since", () => {
    const told = { ...call, clockOffsetMs: -aheadMs };
    for (const known of [0, 3 * minute]) {
      const { startedAtMs, endedAtMs } = callByModal(told, known);
      assert.deepEqual(
        [startedAtMs, endedAtMs],
        [logStartMs - aheadMs, logStartMs + minute - aheadMs],
      );
    }
    const nearly = { ...call, clockOffsetMs: 900 };
    assert.equal(callByModal(nearly, 0), nearly, "dates have whole seconds");
  });

  it("ended when its line in the log was written, where it cannot have been under way then", () => {
    const writtenMs = logStartMs + minute - aheadMs;
    const placed = callByModal({ ...call, logLineId: lineAt(writtenMs) }, 0);
    assert.deepEqual([placed.startedAtMs, placed.endedAtMs], [writtenMs - minute, writtenMs]);
    // A large answer comes long after its line.
    const slow = { ...call, logLineId: lineAt(logStartMs + 5000) };
    assert.equal(callByModal(slow, 0), slow);
  });
});
