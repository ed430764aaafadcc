import assert from "node:assert/strict";
import { hourMs, isFinal } from "../../../../src/cost/billed/billedRow.ts";
import { usd, type MicroUsd } from "../../../../src/cost/money.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import type { SavedBillingRow } from "../../../../src/session/modalControl.ts";

const hour = Date.UTC(2026, 10, 21, 8);
const range = { fromMs: hour, toMs: hour + hourMs };

/** How many hours after the hour's begin it was fetched, and what it said of it; null: nothing. */
type Report = readonly [hours: number, cost: MicroUsd | null];

/** An hour's row after some reports. */
async function after(...reports: readonly Report[]): Promise<SavedBillingRow | undefined> {
  const { ledger } = await openLedger(":memory:");
  const row = { objectId: "ap-1", description: "flux", environment: "main", intervalStartMs: hour };
  for (const [index, [hours, cost]] of reports.entries()) {
    const fetched = { atMs: hour + hours * hourMs, report: index + 1 };
    ledger.upsertBilled("acme/main", cost === null ? [] : [{ ...row, cost }], fetched, range);
  }
  return ledger.billed({ scope: "acme/main", ...range })[0];
}

async function finalAfter(...reports: readonly Report[]): Promise<boolean> {
  const row = await after(...reports);
  return row !== undefined && isFinal(row);
}

describe("a row of the bill", () => {
  it("is final when two late reports, an hour apart, say the same", async () => {
    assert.equal(await finalAfter([30, usd(1)]), false, "one alone");
    assert.equal(await finalAfter([3, usd(1)], [3.9, usd(1)]), false, "too soon after it");
    assert.equal(await finalAfter([3, usd(1)], [4, usd(1)]), true);
    assert.equal(await finalAfter([2.9, usd(1)], [4, usd(1)]), false, "the first was no late one");
    assert.equal(await finalAfter([3, usd(1)], [3.5, usd(1)], [4, usd(1)]), true);
    assert.equal(await finalAfter([3, usd(1)], [4, usd(2)]), false, "it grew");
    assert.equal(await finalAfter([3, usd(1)], [4, usd(2)], [5, usd(2)]), true);
  });

  it("that Modal changes later takes the new amount, and keeps what it was", async () => {
    const changed = await after([3, usd(1)], [4, usd(1)], [30, usd(1.5)]);
    assert.deepEqual([changed?.cost, changed?.wasMicroUsd], [usd(1.5), usd(1)]);
    const back = await after([3, usd(1)], [4, usd(1)], [30, usd(1.5)], [31, usd(1)]);
    assert.deepEqual([back?.cost, back?.wasMicroUsd], [usd(1), null]);
    const grown = await after([1, usd(1)], [2, usd(1.5)]);
    assert.equal(grown?.wasMicroUsd, null, "it was not final");
  });

  it("that Modal withdraws is gone; if it was final, that is reported, and says nothing of the hour", async () => {
    assert.equal(await after([3, usd(1)], [4, null]), undefined);
    const gone = await after([3, usd(1)], [4, usd(1)], [5, null], [6, null], [7, null]);
    assert.deepEqual([gone?.cost, gone?.wasMicroUsd], [0, usd(1)]);
    assert.ok(gone !== undefined && !isFinal(gone));
  });

  it("keeps what it was paid for until it says another amount", async () => {
    const { ledger } = await openLedger(":memory:");
    const row = {
      objectId: "ap-1",
      description: "flux",
      environment: "main",
      intervalStartMs: hour,
    };
    const costByResource = { CPU: usd(0.25), H100: usd(0.75) };
    const reports = [
      [{ ...row, cost: usd(1), costByResource }],
      [{ ...row, cost: usd(1) }],
      [{ ...row, cost: usd(2) }],
      [
        { ...row, cost: usd(2), costByResource },
        { ...row, cost: usd(1), costByResource },
      ],
      [
        { ...row, cost: usd(2), costByResource },
        { ...row, cost: usd(2) },
      ],
    ];
    const kept = reports.map((rows, index) => {
      ledger.upsertBilled("acme/main", rows, { atMs: hour + index, report: index }, range);
      return ledger.billed({ scope: "acme/main", ...range })[0]?.costByResource;
    });
    const twice = { CPU: usd(0.5), H100: usd(1.5) };
    assert.deepEqual(kept, [costByResource, costByResource, undefined, twice, undefined]);
  });

  it("is not pinned by a clock that was a day ahead once", async () => {
    const growing = [1, usd(1)] as const;
    const row = await after([25.5, usd(0.5)], growing, [2, usd(2)]);
    assert.equal(row?.cost, usd(2));
    assert.equal(await finalAfter([27, usd(2)], [3, usd(2)], [3.5, usd(2)]), false);
    assert.equal(await finalAfter([27, usd(2)], [3, usd(2)], [4, usd(2)]), true);
  });
});
