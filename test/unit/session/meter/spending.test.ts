import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { BudgetAlert } from "../../../../src/cost/spending/budget.ts";
import { usd } from "../../../../src/cost/money.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import { BudgetWatch } from "../../../../src/session/meter/budgetWatch.ts";
import { costIn, CostReader } from "../../../../src/session/meter/costReader.ts";
import type { Ledger } from "../../../../src/session/ledgerPort.ts";
import { Spending, spentBetween, sumOf } from "../../../../src/session/meter/spending.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { appListing, container } from "../logSample.ts";

const scope = "acme/main";
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A Saturday, 18:00 UTC. */
const nowMs = Date.UTC(2026, 10, 21, 18);
const rates = rateHistory([], { overrides: { L40S: 3.6, cpu: 1e-9, memory: 1e-9 } });

interface Scene {
  readonly ledger: Ledger;
  readonly clock: VirtualClock;
  readonly spending: Spending;
  /** Ranges that were worked out from rows. */
  readonly reads: string[];
}

async function scene(timeZone = "UTC"): Promise<Scene> {
  const clock = new VirtualClock(nowMs);
  const { ledger } = await openLedger(":memory:", { clock });
  const reads: string[] = [];
  const spending = new Spending({
    ledger,
    clock,
    timeZone,
    read: (of, fromMs, toMs) => {
      reads.push(new Date(fromMs).toISOString().slice(0, 10));
      return new CostReader(ledger).read({ scope: of, fromMs, nowMs: toMs, rates });
    },
  });
  return { ledger, clock, spending, reads };
}

let containers = 0;

/** A container that ran for some hours at $3.60 an hour. */
function ran(ledger: Ledger, startedAtMs: number, hours: number): void {
  containers += 1;
  const details = container({
    containerId: `ta-${containers}`,
    startedAtMs,
    finishedAtMs: startedAtMs + hours * hourMs,
    gpuSource: "container",
  });
  ledger.recordListing(appListing(startedAtMs + hours * hourMs + 1, { ended: [details] }));
}

describe("what was spent", () => {
  it("is told per day of the person's clock; a container over midnight is in both", async () => {
    const { ledger, spending } = await scene();
    ran(ledger, nowMs - dayMs + 5 * hourMs, 2);
    const days = spending.days(scope, nowMs - 2 * dayMs);
    assert.deepEqual(
      days.map(({ day, spent }) => [day.key, spent.microUsd]),
      [
        ["2026-11-19", 0],
        ["2026-11-20", usd(3.6)],
        ["2026-11-21", usd(3.6)],
      ],
    );
    assert.equal(sumOf(days).microUsd, usd(7.2));
  });

  it("does not settle a day of which the bill has not been asked for yet", async () => {
    const { ledger, clock, spending } = await scene();
    const asked = (throughMs: number): void =>
      ledger.remember(`bill-asked:${scope}`, JSON.stringify({ throughMs }));
    asked(nowMs - 8 * dayMs);
    const dayOf = (): number | undefined =>
      spending.days(scope, nowMs - 6 * dayMs)[0]?.spent.microUsd;
    assert.equal(dayOf(), 0, "the laptop was off, and nobody saw anything");
    const hour = { objectId: "ap-1", description: "flux", environment: "main", cost: usd(9) };
    ledger.upsertBilled(scope, [{ ...hour, intervalStartMs: nowMs - 6 * dayMs }], nowMs);
    asked(nowMs);
    await clock.advance(hourMs);
    assert.equal(dayOf(), usd(9));
  });

  it("counts an hour's bill once where a day ends in the middle of an hour", async () => {
    const { ledger, spending } = await scene("Asia/Kolkata");
    // From 17:30 to 19:30 UTC of the day before: midnight there is at 18:30 UTC.
    ran(ledger, nowMs - dayMs - 30 * 60_000, 2);
    const hour = { objectId: "ap-1", description: "flux", environment: "main", cost: usd(4) };
    ledger.upsertBilled(scope, [{ ...hour, intervalStartMs: nowMs - dayMs }], nowMs);
    const days = spending.days(scope, nowMs - 2 * dayMs);
    assert.equal(sumOf(days).microUsd, usd(1.8 + 4 + 1.8));
  });

  it("works out a day once that is long over, the last days every hour, and today every time", async () => {
    const { ledger, clock, spending, reads } = await scene();
    ran(ledger, nowMs - 10 * dayMs, 1);
    const before = sumOf(spending.days(scope, nowMs - 12 * dayMs));
    reads.length = 0;
    assert.deepEqual(sumOf(spending.days(scope, nowMs - 12 * dayMs)), before);
    assert.deepEqual(reads, ["2026-11-21"]);
    await clock.advance(hourMs);
    reads.length = 0;
    spending.days(scope, nowMs - 12 * dayMs);
    assert.deepEqual(reads, ["2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21"]);
  });

  it("adds up to what the whole costs, to the micro-dollar", async () => {
    const runs = fc.array(
      fc.record({
        hour: fc.integer({ min: -200, max: 0 }),
        hours: fc.integer({ min: 1, max: 40 }),
      }),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(runs, async (list) => {
        const { ledger, spending } = await scene();
        for (const { hour, hours } of list) ran(ledger, nowMs + (hour - hours) * hourMs, hours);
        const fromMs = Date.UTC(2026, 10, 1);
        const whole = costIn(
          new CostReader(ledger).read({ scope, fromMs, nowMs, rates }),
          null,
          fromMs,
        );
        assert.equal(
          sumOf(spending.days(scope, fromMs)).microUsd,
          whole.metered?.known.microUsd ?? 0,
        );
        ledger.dispose();
      }),
      { numRuns: 25 },
    );
  });

  it("says at least, and never nothing, where a rate is not known", async () => {
    const { ledger, spending } = await scene();
    ran(ledger, nowMs - 5 * hourMs, 1);
    const odd = container({
      containerId: "ta-odd",
      gpu: { type: "Z9000", count: 1 },
      startedAtMs: nowMs - 4 * hourMs,
      finishedAtMs: nowMs - 3 * hourMs,
      gpuSource: "container",
    });
    ledger.recordListing(appListing(nowMs, { ended: [odd] }));
    const spent = sumOf(spending.days(scope, nowMs));
    assert.deepEqual([spent.isFloor, spent.microUsd >= usd(3.6)], [true, true]);
    assert.match(spent.whys.join(), /Z9000/);
  });

  it("is shared by the clock where a day is cut", () => {
    const part = (amount: number) => ({ microUsd: usd(amount), isFloor: false, whys: [] });
    const day = { key: "2026-11-20", fromMs: nowMs - 42 * hourMs, toMs: nowMs - 18 * hourMs };
    const today = { key: "2026-11-21", fromMs: day.toMs, toMs: day.toMs + dayMs };
    const days = [
      { day, spent: part(24) },
      { day: today, spent: part(18) },
    ];
    assert.equal(spentBetween(days, nowMs - 24 * hourMs, nowMs, nowMs), usd(6 + 18));
    assert.equal(spentBetween(days, nowMs - hourMs, nowMs, nowMs), usd(1));
  });
});

describe("the watch on the budgets", () => {
  async function watched() {
    const { ledger, clock, spending } = await scene();
    const told: BudgetAlert[] = [];
    const watch = () =>
      new BudgetWatch({
        spending,
        ledger,
        clock,
        log: silentLog,
        timeZone: "UTC",
        scope: () => scope,
        budgets: () => [
          { unit: "week", limit: usd(5) },
          { unit: "month", limit: usd(500) },
        ],
        onExceeded: (alert) => told.push(alert),
      });
    return { ledger, clock, told, watches: [watch(), watch()] as const };
  }

  it("tells once, in one window, soon after a budget is used up", async () => {
    const { ledger, clock, told, watches } = await watched();
    ran(ledger, nowMs - 5 * hourMs, 1);
    await clock.advance(60_000);
    assert.deepEqual(told, []);
    ran(ledger, nowMs - 3 * hourMs, 1);
    await clock.advance(2 * hourMs);
    assert.deepEqual(
      told.map(({ message }) => message),
      ["This week has cost ≈ $7.20; the budget is $5.00."],
    );
    for (const watch of watches) watch.dispose();
  });

  it("answers a question that must not wait from its last look", async () => {
    const { ledger, clock, watches } = await watched();
    const [watch] = watches;
    ran(ledger, nowMs - 5 * hourMs, 1);
    assert.equal(watch.recentStandings(scope)[0]?.left, usd(1.4));
    ran(ledger, nowMs - 3 * hourMs, 0.25);
    assert.equal(watch.recentStandings(scope)[0]?.left, usd(1.4));
    await clock.advance(60_000);
    assert.equal(watch.recentStandings(scope)[0]?.left, usd(0.5));
    for (const each of watches) each.dispose();
  });
});
