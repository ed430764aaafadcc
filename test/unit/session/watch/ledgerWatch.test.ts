import assert from "node:assert/strict";
import type { LedgerTrouble } from "../../../../src/session/ledgerPort.ts";
import { LedgerWatch } from "../../../../src/session/watch/ledgerWatch.ts";
import { VirtualClock } from "../../virtualClock.ts";

const full: LedgerTrouble = { message: "The disk is full.", isWritable: false };
const held: LedgerTrouble = { message: "Another process holds it.", isWritable: false };
const hour = 3_600_000;

describe("LedgerWatch", () => {
  it("tells each trouble once an hour, however often it comes and goes, and that it is over", async () => {
    const clock = new VirtualClock(0);
    let trouble: LedgerTrouble | null = null;
    const told: string[] = [];
    const watch = new LedgerWatch({
      ledger: { trouble: () => trouble },
      clock,
      onTrouble: ({ message }) => told.push(message),
      onWell: () => told.push("well"),
    });
    await clock.advance(10_000);
    assert.deepEqual(told, []);
    for (let minute = 0; minute < 50; minute += 1) {
      trouble = minute % 2 === 0 ? full : held;
      await clock.advance(60_000);
    }
    assert.deepEqual(told, [full.message, held.message]);
    await clock.advance(hour);
    assert.deepEqual(told, [full.message, held.message, held.message]);
    trouble = null;
    await clock.advance(10_000);
    assert.deepEqual(told.at(-1), "well");
    watch.dispose();
    assert.equal(clock.pending, 0);
  });
});
