import assert from "node:assert/strict";
import { noteRangeRead, rangesRead } from "../../../../src/session/logs/logsRead.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";

const hour = 3_600_000;

describe("the times of which a log was read", () => {
  it("are joined where they touch, and kept per app", async () => {
    const { ledger } = await openLedger(":memory:");
    const app = { scope: "acme/main", appId: "ap-1" };
    const read = (from: number, to: number): void =>
      noteRangeRead(ledger, app, { fromMs: from * hour, toMs: to * hour });
    read(8, 10);
    read(1, 3);
    read(3, 4);
    read(5, 5.1);
    assert.deepEqual(rangesRead(ledger, app), [
      { fromMs: hour, toMs: 4 * hour },
      { fromMs: 8 * hour, toMs: 10 * hour },
    ]);
    assert.deepEqual(rangesRead(ledger, { ...app, appId: "ap-2" }), []);
  });
});
