import assert from "node:assert/strict";
import type { SpendLimit } from "../../../../src/cost/spending/modalMonth.ts";
import * as fc from "fast-check";
import type { BudgetAlert } from "../../../../src/cost/spending/budget.ts";
import { hourOf } from "../../../../src/cost/billed/billedRow.ts";
import type { KnownPart } from "../../../../src/cost/cost.ts";
import type { Gpu } from "../../../../src/cost/span.ts";
import { usd, type MicroUsd } from "../../../../src/cost/money.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import { BudgetWatch } from "../../../../src/session/meter/budgetWatch.ts";
import { costIn, CostReader, type AppKnowledge } from "../../../../src/session/meter/costReader.ts";
import { noteBillAsked } from "../../../../src/session/watch/billAsked.ts";
import { unknownTimes } from "../../../../src/session/meter/unknownTimes.ts";
import { noteUnread } from "../../../../src/session/logs/unread.ts";
import { readingKeys } from "../../../../src/session/meter/readingKey.ts";
import type { Ledger } from "../../../../src/session/ledgerPort.ts";
import { Spending, spentBetween, sumOf } from "../../../../src/session/meter/spending.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { call } from "../../ledger/temporaryLedger.ts";
import { appListing, container } from "../logSample.ts";

const workspace = "acme";
const scope = "acme/main";
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A Saturday, 18:00 UTC. */
const nowMs = Date.UTC(2026, 10, 21, 18);
const ratesAt = (usdPerHour: number) =>
  rateHistory([], { overrides: { L40S: usdPerHour, cpu: 1e-9, memory: 1e-9 } });
const rates = ratesAt(3.6);

interface Scene {
  readonly ledger: Ledger;
  readonly clock: VirtualClock;
  readonly spending: Spending;
  /** Ranges that were worked out from rows. */
  readonly reads: string[];
  /** Sets what an L40S costs, USD per hour. */
  readonly price: (usdPerHour: number) => void;
}

async function scene(timeZone = "UTC", known?: AppKnowledge): Promise<Scene> {
  const clock = new VirtualClock(nowMs);
  const { ledger } = await openLedger(":memory:", { clock });
  const reads: string[] = [];
  let inForce = rates;
  const spending = new Spending({
    ledger,
    clock,
    timeZone,
    keys: (of) =>
      readingKeys({
        ledger,
        appKnowledge: known ?? {},
        ratesKey: inForce.key,
        scope: of,
        nowMs: clock.nowMs(),
      }),
    unknownTimes: (of, range) => unknownTimes(ledger, of, range),
    mine: () => new Set(["ap-1"]),
    read: (of, fromMs, toMs) => {
      reads.push(new Date(fromMs).toISOString().slice(0, 10));
      return new CostReader(ledger, known).read({ scope: of, fromMs, nowMs: toMs, rates: inForce });
    },
  });
  return {
    ledger,
    clock,
    spending,
    reads,
    price: (usdPerHour) => void (inForce = ratesAt(usdPerHour)),
  };
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

/** Modal's bill of an hour, final: two reports that come late enough, an hour apart, say the same. */
function billFinal(
  ledger: Ledger,
  of: string,
  intervalStartMs: number,
  cost: MicroUsd,
  objectId = "ap-1",
): void {
  const environment = of.slice(of.indexOf("/") + 1);
  const row = { objectId, description: objectId, environment, cost, intervalStartMs };
  for (const hours of [3, 4])
    ledger.upsertBilled(of, [row], { atMs: intervalStartMs + hours * hourMs, report: 0 });
}

describe("what was spent", () => {
  it("is summed per day of the person's clock; a container over midnight is in both", async () => {
    const { ledger, spending } = await scene();
    ran(ledger, nowMs - dayMs + 5 * hourMs, 2);
    const days = spending.days(workspace, nowMs - 2 * dayMs);
    assert.deepEqual(
      days.map(({ day, spent }) => [day.key, spent.microUsd]),
      [
        ["2026-11-19", 0],
        ["2026-11-20", usd(3.6)],
        ["2026-11-21", usd(3.6)],
      ],
    );
    assert.equal(sumOf(days).spent.microUsd, usd(7.2));
  });

  it("counts what comes later for a day that is long over: a bill, a GPU, a price", async () => {
    const gpus = new Map<string, Gpu>();
    const { ledger, clock, spending, reads, price } = await scene("UTC", {
      appHint: (_scope, { appId }) => ({ setting: gpus.get(appId) }),
    });
    const spent = (): KnownPart | undefined =>
      spending.days(workspace, nowMs - 6 * dayMs)[0]?.spent;
    const startedAtMs = nowMs - 6 * dayMs;
    const details = container({
      containerId: "ta-late",
      gpu: null,
      startedAtMs,
      finishedAtMs: startedAtMs + hourMs,
      gpuSource: "unknown",
    });
    ledger.recordListing(appListing(startedAtMs + hourMs + 1, { ended: [details] }));
    assert.equal(spent()?.isFloor, true, "nobody knows its GPU");
    gpus.set(details.appId, { type: "L40S", count: 1 });
    assert.deepEqual([spent()?.isFloor, spent()?.microUsd], [false, usd(3.6)]);
    price(7.2);
    assert.equal(spent()?.microUsd, usd(7.2));
    billFinal(ledger, scope, startedAtMs, usd(9));
    assert.equal(spent()?.microUsd, usd(9));
    await clock.advance(10 * dayMs);
    assert.equal(spent()?.microUsd, usd(9));
    reads.length = 0;
    assert.equal(spent()?.microUsd, usd(9));
    assert.ok(!reads.includes("2026-11-15"), "and is not worked out again");
  });

  it("is at least what calls reported, and the same figure whatever is asked: days, environments, a session", async () => {
    const { ledger, clock, spending } = await scene();
    const startedAtMs = nowMs - 3 * hourMs;
    ran(ledger, startedAtMs, 0.005);
    ledger.upsertCall(
      call({
        startedAtMs,
        endedAtMs: startedAtMs + 10_000,
        executionSeconds: 10,
        reportedMicroUsd: usd(4),
        status: "succeeded",
      }),
    );
    const { spent, mine } = sumOf(spending.days(workspace, nowMs - 2 * dayMs));
    assert.deepEqual([spent.microUsd, spent.isFloor], [usd(4), true]);
    assert.deepEqual([mine.microUsd, mine.isFloor], [usd(4), true]);
    assert.match(spent.whys.join(), /Calls reported more than their containers were seen to cost/);
    const [main] = spending.parts(workspace, nowMs - 2 * dayMs, 3);
    assert.equal(main?.spent.microUsd, usd(4));
    const reading = new CostReader(ledger).read({
      scope,
      fromMs: startedAtMs,
      nowMs: clock.nowMs(),
      rates,
    });
    const session = costIn(reading, new Set(["ap-1"]), startedAtMs);
    assert.deepEqual([session.figure?.microUsd, session.figure?.isFloor], [usd(4), true]);
    assert.equal(session.bestKnown, usd(4));
    // The bill of that hour says what it was.
    billFinal(ledger, scope, hourOf(startedAtMs), usd(4.5));
    const billed = sumOf(spending.days(workspace, nowMs - 2 * dayMs)).spent;
    assert.deepEqual([billed.microUsd, billed.isFloor], [usd(4.5), false]);
  });

  it("is that of the workspace, with what is mine beside it", async () => {
    const { ledger, spending } = await scene();
    ran(ledger, nowMs - 4 * hourMs, 1);
    const hour = hourOf(nowMs - 5 * hourMs);
    billFinal(ledger, "acme/staging", hour, usd(5), "ap-2");
    billFinal(ledger, "acme/main", hour, usd(2), "ap-other");
    billFinal(ledger, "acme/main", hour, usd(0.5), "vo-1");
    billFinal(ledger, "acme/", hour, usd(0.25), "egress");
    billFinal(ledger, "other/main", hour, usd(100), "ap-3");
    const { spent, mine } = sumOf(spending.days(workspace, nowMs));
    assert.equal(spent.microUsd, usd(3.6 + 5 + 2 + 0.5 + 0.25));
    assert.equal(mine.microUsd, usd(3.6), "others' apps, and what is no app, are not");
    const parts = spending.parts(workspace, nowMs - dayMs, 2);
    assert.deepEqual(
      parts.map(({ environment, spent: part }) => [environment, part.microUsd]),
      [
        ["main", usd(5.6)],
        ["staging", usd(5)],
        [null, usd(0.75)],
      ],
    );
  });

  it("is by environment what it is by day, to the micro-dollar, also where days begin within an hour", async () => {
    const { ledger, spending } = await scene("Asia/Kolkata");
    for (const hours of [1, 7, 20, 44]) ran(ledger, nowMs - hours * hourMs - 1_234_567, 1.37);
    for (const hours of [2, 20, 31]) {
      billFinal(ledger, "acme/staging", hourOf(nowMs - hours * hourMs), usd(1 / 3), "ap-2");
      billFinal(ledger, "acme/main", hourOf(nowMs - hours * hourMs), usd(1 / 7), "vo-1");
    }
    const days = spending.days(workspace, nowMs - 3 * dayMs);
    for (const count of [1, 2, 3]) {
      const parts = spending.parts(workspace, nowMs - 3 * dayMs, count);
      assert.equal(
        parts.reduce((sum, { spent }) => sum + spent.microUsd, 0),
        sumOf(days.slice(-count)).spent.microUsd,
      );
    }
  });

  it("is at least so much where nothing tells what ran, until the bill does", async () => {
    const { ledger, spending } = await scene();
    ran(ledger, nowMs - 2 * hourMs, 1);
    const gap = { fromMs: nowMs - 40 * hourMs, toMs: nowMs - 30 * hourMs, apps: ["flux"] };
    noteUnread(ledger, scope, gap, [gap]);
    const floors = () =>
      spending.days(workspace, nowMs - 3 * dayMs).map(({ spent }) => spent.isFloor);
    assert.deepEqual(floors(), [false, false, true, false]);
    const [, , day] = spending.days(workspace, nowMs - 3 * dayMs);
    assert.deepEqual(day?.spent.whys, [
      "Not known: Fri 20 Nov 02:00 to Fri 20 Nov 12:00 (not read: the logs of flux).",
    ]);
    const asked = { fromMs: 0, throughMs: nowMs, settledThroughMs: nowMs - 35 * hourMs, late: [] };
    noteBillAsked(ledger, workspace, { ...asked, reports: 1 });
    assert.match(
      spending.days(workspace, nowMs - 3 * dayMs)[2]?.spent.whys.join() ?? "",
      /Fri 20 Nov 07:00 to Fri 20 Nov 12:00/,
    );
    noteBillAsked(ledger, workspace, { ...asked, settledThroughMs: nowMs, reports: 2 });
    assert.deepEqual(floors(), [false, false, false, false]);
  });

  it("counts an hour's bill once where a day ends in the middle of an hour", async () => {
    const { ledger, spending } = await scene("Asia/Kolkata");
    // From 17:30 to 19:30 UTC of the day before: midnight there is at 18:30 UTC.
    ran(ledger, nowMs - dayMs - 30 * 60_000, 2);
    billFinal(ledger, scope, nowMs - dayMs, usd(4));
    const days = spending.days(workspace, nowMs - 2 * dayMs);
    assert.equal(sumOf(days).spent.microUsd, usd(1.8 + 4 + 1.8));
  });

  it("works out days that are over only when something that they are made from has changed, all from one reading", async () => {
    const { ledger, spending, reads } = await scene();
    ran(ledger, nowMs - 10 * dayMs, 1);
    const before = sumOf(spending.days(workspace, nowMs - 12 * dayMs));
    reads.length = 0;
    assert.deepEqual(sumOf(spending.days(workspace, nowMs - 12 * dayMs)), before);
    assert.deepEqual(reads, ["2026-11-20"], "today, with the day before it");
    ran(ledger, nowMs - 3 * dayMs, 1);
    reads.length = 0;
    spending.days(workspace, nowMs - 12 * dayMs);
    assert.deepEqual(reads, ["2026-11-09"]);
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
          sumOf(spending.days(workspace, fromMs)).spent.microUsd,
          whole.metered?.known.microUsd ?? 0,
        );
        ledger.dispose();
      }),
      { numRuns: 25 },
    );
  });

  it("says at least, and never nothing, where a rate is unknown", async () => {
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
    const { spent } = sumOf(spending.days(workspace, nowMs));
    assert.deepEqual([spent.isFloor, spent.microUsd >= usd(3.6)], [true, true]);
    assert.match(spent.whys.join(), /Z9000/);
  });

  it("is shared by the clock where a day is cut", () => {
    const part = (amount: number) => ({ microUsd: usd(amount), isFloor: false, whys: [] });
    const day = { key: "2026-11-20", fromMs: nowMs - 42 * hourMs, toMs: nowMs - 18 * hourMs };
    const today = { key: "2026-11-21", fromMs: day.toMs, toMs: day.toMs + dayMs };
    const days = [
      { day, spent: part(24), mine: part(0) },
      { day: today, spent: part(18), mine: part(0) },
    ];
    assert.equal(spentBetween(days, nowMs - 24 * hourMs, nowMs, nowMs), usd(6 + 18));
    assert.equal(spentBetween(days, nowMs - hourMs, nowMs, nowMs), usd(1));
  });
});

describe("the watch on the budgets", () => {
  async function watched() {
    const { ledger, clock, spending } = await scene();
    const told: BudgetAlert[] = [];
    const limits: SpendLimit[] = [];
    const watch = () =>
      new BudgetWatch({
        spending,
        ledger,
        clock,
        log: silentLog,
        timeZone: "UTC",
        workspace: () => workspace,
        budgets: () => [
          { unit: "week", limit: usd(5) },
          { unit: "month", limit: usd(500) },
        ],
        limits: () => limits,
        onExceeded: (alert) => told.push(alert),
      });
    return { ledger, clock, told, limits, watches: [watch(), watch()] as const };
  }

  it("tells of Modal's own limits in one notice, in one window, once for each threshold", async () => {
    const { clock, told, limits, watches } = await watched();
    limits.push({ environment: "main", used: usd(40), limit: usd(100) });
    await clock.advance(60_000);
    assert.deepEqual([...told], []);
    limits.splice(0, 1, { environment: "main", used: usd(76), limit: usd(100) });
    limits.push({ environment: "dev", used: usd(9.2), limit: usd(10) });
    await clock.advance(600_000);
    const heard = (): readonly string[] => told.map(({ message, mutes }) => `${message} ${mutes}`);
    assert.equal(heard().length, 1);
    assert.match(
      heard()[0] ?? "",
      /^dev has used \$9\.20 of the \$10\.00 .*\(92 %\).*Also: main 76 %\. limits$/,
    );
    limits.splice(0, 1, { environment: "main", used: usd(100), limit: usd(100) });
    await clock.advance(600_000);
    assert.equal(heard().length, 2);
    assert.match(
      heard()[1] ?? "",
      /^main has used \$100\.00 .*Modal starts nothing there any more\. limits$/,
    );
    for (const one of watches) one.dispose();
  });

  it("tells once, in one window, soon after a budget is used up", async () => {
    const { ledger, clock, told, watches } = await watched();
    ran(ledger, nowMs - 5 * hourMs, 1);
    await clock.advance(60_000);
    assert.deepEqual(told, []);
    ran(ledger, nowMs - 3 * hourMs, 1);
    await clock.advance(2 * hourMs);
    assert.deepEqual(
      told.map(({ message }) => message),
      [
        "This week the workspace has cost ≈ $7.20, ≈ $7.20 of it known to be yours; the budget is $5.00.",
      ],
    );
    for (const watch of watches) watch.dispose();
  });

  it("answers a question that must not wait from its last look", async () => {
    const { ledger, clock, watches } = await watched();
    const [watch] = watches;
    ran(ledger, nowMs - 5 * hourMs, 1);
    assert.equal(watch.recentStandings(workspace)[0]?.left, usd(1.4));
    ran(ledger, nowMs - 3 * hourMs, 0.25);
    assert.equal(watch.recentStandings(workspace)[0]?.left, usd(1.4));
    await clock.advance(60_000);
    assert.equal(watch.recentStandings(workspace)[0]?.left, usd(0.5));
    for (const each of watches) each.dispose();
  });
});
