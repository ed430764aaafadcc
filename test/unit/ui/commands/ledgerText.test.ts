import assert from "node:assert/strict";
import { tables } from "../../../../src/ledger/tables/schema.ts";
import { soundLedgerText } from "../../../../src/ui/commands/ledgerText.ts";

describe("what the ledger holds", () => {
  it("is put in words, one and several", () => {
    const rows = (count: number) => soundLedgerText(new Map(tables.map((table) => [table, count])));
    assert.equal(
      rows(1),
      "no damage found; 1 session, 1 call, 1 container, 1 row of the bill, 1 receipt of a stop",
    );
    assert.equal(
      rows(2),
      "no damage found; 2 sessions, 2 calls, 2 containers, 2 rows of the bill, 2 receipts of stops",
    );
  });

  it("is nothing at first", () => {
    assert.equal(soundLedgerText(new Map()), "no damage found; nothing is recorded yet");
  });
});
