import assert from "node:assert/strict";
import { assert as check, integer, property } from "fast-check";
import { presenceOf } from "../../../src/guardian/windowPresence.ts";
import type { PresenceInput } from "../../../src/guardian/windowPresence.ts";
import type { WindowRecord } from "../../../src/session/ledgerPort.ts";

const beatMs = 5_000;
const silentMs = 60_000;

function record(windowId: string, change: Partial<WindowRecord> = {}): WindowRecord {
  return { windowId, pid: 1, openedAtMs: 0, beatAtMs: 100_000, closedAtMs: null, ...change };
}

function input(
  windows: readonly WindowRecord[],
  change: Partial<PresenceInput> = {},
): PresenceInput {
  return {
    windows,
    nowMs: 103_000,
    beatMs,
    silentMs,
    awakeSinceMs: 0,
    pidAlive: () => true,
    ...change,
  };
}

describe("presenceOf", () => {
  it("says none when no window was ever seen", () => {
    assert.deepEqual(presenceOf(input([])), { kind: "none" });
  });

  it("counts a window that beats as present, whatever the others did", () => {
    const windows = [record("a"), record("b", { closedAtMs: 102_000 })];
    assert.deepEqual(presenceOf(input(windows)), { kind: "present" });
  });

  it("takes a noted end at its word", () => {
    const presence = presenceOf(input([record("a", { closedAtMs: 102_000 })]));
    assert.deepEqual(presence, {
      kind: "gone",
      sinceMs: 102_000,
      endId: "a@100000",
      unnoted: [],
    });
  });

  it("sees a killed window at once, and dates its end between its last beat and the missing one", () => {
    const presence = presenceOf(input([record("a")], { pidAlive: () => false }));
    assert.deepEqual(presence, {
      kind: "gone",
      sinceMs: 103_000,
      endId: "a@100000",
      unnoted: [{ windowId: "a", goneAtMs: 103_000 }],
    });
    const later = presenceOf(input([record("a")], { pidAlive: () => false, nowMs: 200_000 }));
    assert.ok(later.kind === "gone");
    assert.equal(later.sinceMs, 105_000);
  });

  it("waits for a silent window whose process lives, then counts it as gone", () => {
    const windows = [record("a")];
    assert.equal(presenceOf(input(windows, { nowMs: 159_999 })).kind, "present");
    const gone = presenceOf(input(windows, { nowMs: 160_000 }));
    assert.ok(gone.kind === "gone");
    assert.equal(gone.sinceMs, 160_000);
  });

  it("does not take a machine's sleep for silence", () => {
    const windows = [record("a")];
    const woken = input(windows, { nowMs: 9_000_000, awakeSinceMs: 8_999_000 });
    assert.equal(presenceOf(woken).kind, "present");
  });

  it("reports the end of the window that went last", () => {
    const windows = [
      record("a", { closedAtMs: 101_000 }),
      record("b", { closedAtMs: 102_500, beatAtMs: 99_000 }),
    ];
    const presence = presenceOf(input(windows));
    assert.ok(presence.kind === "gone");
    assert.equal(presence.endId, "b@99000");
  });

  it("gives every looker the same end, before and after the end was noted", () => {
    check(
      property(integer({ min: 0, max: 3_600_000 }), (laterMs) => {
        const first = presenceOf(input([record("a")], { pidAlive: () => false }));
        assert.ok(first.kind === "gone");
        const noted = record("a", { closedAtMs: first.sinceMs });
        const second = presenceOf(input([noted], { nowMs: 103_000 + laterMs }));
        assert.ok(second.kind === "gone");
        assert.equal(second.endId, first.endId);
        assert.equal(second.sinceMs, first.sinceMs);
      }),
    );
  });
});
