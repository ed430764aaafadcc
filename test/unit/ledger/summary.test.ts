import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { CallRecord } from "../../../src/cost/call.ts";
import { microUsd } from "../../../src/cost/money.ts";
import type { OpenedLedger } from "../../../src/ledger/openLedger.ts";
import type { SummaryRow } from "../../../src/session/ledgerPort.ts";
import { call, mondayMs, TemporaryLedger } from "./temporaryLedger.ts";

const dayMs = 86_400_000;

describe("summary of the ledger", () => {
  const files = new TemporaryLedger();
  let ledger: OpenedLedger["ledger"];
  before(async () => {
    ledger = await files.ledger();
  });
  after(() => files.dispose());

  it("puts a call on the day of the person's clock", () => {
    const atMs = mondayMs + dayMs - 1;
    ledger.upsertCall(call({ callId: "day", scope: "day", startedAtMs: atMs }));
    const dayAt = (timeZone: string): string | undefined =>
      ledger.summary({
        fromMs: mondayMs - dayMs,
        toMs: mondayMs + 3 * dayMs,
        scope: "day",
        timeZone,
      })[0]?.day;
    assert.equal(dayAt("UTC"), "2026-11-02");
    assert.equal(dayAt("+01:00"), "2026-11-03");
    assert.equal(dayAt("Asia/Kathmandu"), "2026-11-03");
    assert.equal(dayAt("-08:00"), "2026-11-02");
  });

  it("follows summer time", () => {
    const own = { scope: "zone", reportedMicroUsd: microUsd(1) };
    // Both at 23:30 of Berlin's clock, before and after it is set back on 25 October.
    ledger.upsertCall(call({ ...own, callId: "z1", startedAtMs: Date.UTC(2026, 9, 24, 21, 30) }));
    ledger.upsertCall(call({ ...own, callId: "z2", startedAtMs: Date.UTC(2026, 9, 25, 22, 30) }));
    const rows = ledger.summary({
      fromMs: Date.UTC(2026, 9, 1),
      toMs: Date.UTC(2026, 11, 1),
      scope: "zone",
      timeZone: "Europe/Berlin",
    });
    assert.deepEqual(
      rows.map(({ day }) => day),
      ["2026-10-24", "2026-10-25"],
    );
  });

  it("tells calls of unknown cost from calls that cost nothing", () => {
    const own = { scope: "unknown", startedAtMs: mondayMs };
    ledger.upsertCall(call({ ...own, callId: "u1", reportedMicroUsd: microUsd(0) }));
    ledger.upsertCall(call({ ...own, callId: "u2", status: "failed" }));
    const [row] = ledger.summary({ ...day(0), scope: "unknown", timeZone: "UTC" });
    assert.deepEqual([row?.calls, row?.unknownCalls, row?.reportedMicroUsd], [2, 1, 0]);
  });

  it("agrees with counting the calls one by one, for any range, scope and time zone", () => {
    let run = 0;
    fc.assert(
      fc.property(
        fc.array(callArbitrary, { maxLength: 12 }),
        fc.array(
          fc.record({
            fromMs: instantArbitrary,
            toMs: instantArbitrary,
            timeZone: fc.constantFrom(
              "UTC",
              "+01:00",
              "-05:00",
              "+05:45",
              "+12:45",
              "-09:30",
              "+00:07",
            ),
          }),
          { minLength: 4, maxLength: 4 },
        ),
        (drawn, queries) => {
          run += 1;
          const calls = drawn.map((each, index) => ({
            ...each,
            callId: `sum-${run}-${index}`,
            scope: `sum-${run}`,
          }));
          for (const each of calls) ledger.upsertCall(each);
          for (const query of queries) {
            assert.deepEqual(
              ledger.summary({ ...query, scope: `sum-${run}` }),
              counted(calls, query.fromMs, query.toMs, query.timeZone),
            );
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

function day(index: number): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs: mondayMs + index * dayMs, toMs: mondayMs + (index + 1) * dayMs };
}

const instantArbitrary = fc.oneof(
  fc.integer({ min: mondayMs - dayMs, max: mondayMs + 3 * dayMs }),
  fc.integer({ min: -96, max: 288 }).map((quarter) => mondayMs + quarter * 900_000),
);

const callArbitrary: fc.Arbitrary<CallRecord> = fc
  .record({
    startedAtMs: instantArbitrary,
    appName: fc.option(fc.constantFrom("flux-api", "wan2-api"), { nil: null }),
    endpoint: fc.option(fc.constantFrom("flux", "wan2"), { nil: null }),
    reportedMicroUsd: fc.option(fc.integer({ min: 0, max: 9000 }).map(microUsd), { nil: null }),
  })
  .map(call);

/** The slow way. */
function counted(
  calls: readonly CallRecord[],
  fromMs: number,
  toMs: number,
  timeZone: string,
): readonly SummaryRow[] {
  const days = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });
  const rows = new Map<string, SummaryRow>();
  for (const each of calls) {
    if (each.startedAtMs < fromMs || each.startedAtMs >= toMs) continue;
    const localDay = days.format(each.startedAtMs);
    const key = `${localDay} ${each.appName ?? ""} ${each.endpoint ?? ""}`;
    const known = rows.get(key);
    rows.set(key, {
      day: localDay,
      appName: each.appName ?? "",
      endpoint: each.endpoint,
      calls: (known?.calls ?? 0) + 1,
      unknownCalls: (known?.unknownCalls ?? 0) + (each.reportedMicroUsd === null ? 1 : 0),
      reportedMicroUsd: microUsd((known?.reportedMicroUsd ?? 0) + (each.reportedMicroUsd ?? 0)),
    });
  }
  return [...rows.entries()].toSorted(([x], [y]) => (x < y ? -1 : 1)).map(([, row]) => row);
}
