import assert from "node:assert/strict";
import { usd } from "../../../../src/cost/money.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import { costIn, CostReader } from "../../../../src/session/meter/costReader.ts";
import {
  forgetLessons,
  learnFromBill,
  recallLessons,
} from "../../../../src/session/meter/lessonBook.ts";
import { Meter } from "../../../../src/session/meter/meter.ts";
import { burnNow } from "../../../../src/session/meter/runningApps.ts";
import { unknownAuthorship } from "../../../../src/session/owner.ts";
import { readingKeys } from "../../../../src/session/meter/readingKey.ts";
import type { Ledger } from "../../../../src/session/ledgerPort.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { appListing, container, logStartMs, scope } from "../logSample.ts";

const minute = 60_000;
const hour = 60 * minute;
const billedHours = 6;
const nowMs = logStartMs + 20 * hour;
/** $3.6/h. */
const rates = rateHistory([], { overrides: { L40S: 3.6, cpu: 1e-9, memory: 1e-9 } });
const ranMinutes = 30;
/** This Modal bills twice the price of what a container asks for: $3.6 for half an hour. */
const billedUsd = 3.6;

/** Looks every five minutes, and a container of half an hour in each hour. The last hour is not on the bill. */
async function workedAndBilled(): Promise<Ledger> {
  const { ledger } = await openLedger(":memory:");
  for (let atMs = logStartMs; atMs < logStartMs + 10 * hour; atMs += 5 * minute)
    ledger.recordListing(appListing(atMs));
  for (let index = 0; index <= billedHours; index += 1) {
    const startedAtMs = logStartMs + index * hour + 5 * minute;
    const finishedAtMs = startedAtMs + ranMinutes * minute;
    const ended = [container({ containerId: `ta-${index}`, startedAtMs, finishedAtMs })];
    ledger.recordListing(appListing(finishedAtMs + 1000, { ended }));
  }
  bill(ledger, 0, billedHours);
  return ledger;
}

/** Two equal reports, late enough, make the rows of these hours final. */
function bill(ledger: Ledger, from: number, to: number): void {
  const rows = Array.from({ length: to - from }, (_, index) => ({
    objectId: "ap-1",
    description: "flux",
    environment: "main",
    intervalStartMs: logStartMs + (from + index) * hour,
    cost: usd(billedUsd),
  }));
  ledger.upsertBilled(scope, rows, { atMs: nowMs - 2 * hour, report: 1 });
  ledger.upsertBilled(scope, rows, { atMs: nowMs - hour, report: 2 });
}

function learn(ledger: Ledger, ratesNow = rates): void {
  const reader = new CostReader(ledger);
  learnFromBill(ledger, scope, {
    nowMs,
    read: (fromMs) => reader.readUntaught({ scope, fromMs, nowMs, rates: ratesNow }),
  });
}

/** Of the hour that is not on the bill. */
function lastHour(ledger: Ledger, ratesNow = rates) {
  const range = { scope, fromMs: logStartMs, nowMs, rates: ratesNow };
  const reading = new CostReader(ledger).read(range);
  const { figure } = costIn(reading, null, logStartMs + billedHours * hour);
  assert.ok(figure);
  return figure;
}

function keyOf(ledger: Ledger): string {
  const keyIn = readingKeys({ ledger, appKnowledge: {}, ratesKey: rates.key, scope, nowMs });
  return keyIn({ fromMs: logStartMs, toMs: nowMs });
}

describe("what the bill has taught", () => {
  it("moves the figure of an hour without a row, and keeps what it rests on", async () => {
    const ledger = await workedAndBilled();
    assert.equal(lastHour(ledger).microUsd, usd(billedUsd / 2));
    learn(ledger);
    const { microUsd, bounds } = lastHour(ledger);
    assert.ok(Math.abs(microUsd / usd(billedUsd) - 1) < 0.001, `${microUsd} µ$`);
    assert.ok(bounds.low <= usd(billedUsd) && (bounds.high ?? 0) >= usd(billedUsd));
    const [lesson] = recallLessons(ledger, scope).apps;
    assert.deepEqual([lesson?.appName, lesson?.hours, lesson?.oddHours], ["flux", billedHours, 0]);
  });

  it("is in what a container burns, on the screen and in a reminder", async () => {
    const ledger = await workedAndBilled();
    const live = container({ containerId: "ta-live", startedAtMs: nowMs - 10 * minute });
    const listing = appListing(nowMs, { containers: [live] });
    ledger.recordListing(listing);
    const notUsed = () => assert.fail();
    const meter = new Meter({
      ledger,
      clock: new VirtualClock(nowMs),
      poller: {
        refreshNow: notUsed,
        beBusy: notUsed,
        expectChange: notUsed,
        expectScaledown: notUsed,
      },
      scope: () => ({ workspace: "acme", environment: "main" }),
      folder: () => null,
      rates: () => rates,
      settingProblems: () => [],
      authorshipOf: () => unknownAuthorship,
      timeZone: "UTC",
    });
    const burns = (): readonly number[] => {
      const told = burnNow(listing, rates.now, () => "mine", meter.hourlyOf(scope));
      return [meter.state().apps[0]?.microUsdPerHour ?? 0, told.microUsdPerHour];
    };
    assert.deepEqual(burns(), [usd(3.6), usd(3.6)]);
    learn(ledger);
    for (const burn of burns()) assert.ok(Math.abs(burn / usd(7.2) - 1) < 0.001, `${burn} µ$/h`);
    meter.dispose();
  });

  it("changes the key of what a day's cost is made from", async () => {
    const ledger = await workedAndBilled();
    const before = keyOf(ledger);
    learn(ledger);
    assert.notEqual(keyOf(ledger), before);
  });

  it("counts only where the price is made as it was: not on top of a price that was corrected", async () => {
    const ledger = await workedAndBilled();
    learn(ledger);
    const others = { cpu: 1e-9, memory: 1e-9 };
    const corrected = rateHistory([], { overrides: { L40S: 7.2, ...others } });
    assert.equal(lastHour(ledger, corrected).microUsd, usd(billedUsd));
    // Nor on the list price, where the setting is gone.
    const listed = lastHour(ledger, rateHistory([], { overrides: others })).microUsd;
    assert.equal(listed, usd(1.95 / 2));
    const other = lastHour(ledger, rateHistory([], { overrides: { T4: 1, L40S: 3.6, ...others } }));
    assert.ok(Math.abs(other.microUsd / usd(billedUsd) - 1) < 0.001, `${other.microUsd} µ$`);
  });

  it("goes on when Modal's own prices change: what it bills more, it bills more of those", async () => {
    const ledger = await workedAndBilled();
    const version = (sinceMs: number, price: number) => ({
      usdPerHourByKey: new Map([
        ["gpu_hour_cost_l40s", price],
        ["cpu_hour_cost", 1e-9],
        ["mem_gib_hour_cost", 1e-9],
      ]),
      sinceMs,
      fetchedAtMs: sinceMs,
    });
    const before = version(logStartMs, 3.6);
    learn(ledger, rateHistory([before]));
    const changed = rateHistory([before, version(logStartMs + billedHours * hour, 4.5)]);
    const { microUsd } = lastHour(ledger, changed);
    assert.ok(Math.abs(microUsd / usd(billedUsd * 1.25) - 1) < 0.001, `${microUsd} µ$`);
  });

  it("wakes no other window when nothing new was learned", async () => {
    const ledger = await workedAndBilled();
    learn(ledger);
    const before = ledger.changeCounter();
    learn(ledger);
    assert.equal(ledger.changeCounter(), before);
  });

  it("is forgotten on purpose, and hours before teach no more", async () => {
    const ledger = await workedAndBilled();
    learn(ledger);
    forgetLessons(ledger, scope, logStartMs + 8 * hour);
    assert.equal(lastHour(ledger).microUsd, usd(billedUsd / 2));
    learn(ledger);
    assert.equal(lastHour(ledger).microUsd, usd(billedUsd / 2));
  });

  it("teaches only its own scope", async () => {
    const ledger = await workedAndBilled();
    learn(ledger);
    assert.deepEqual(recallLessons(ledger, "acme/staging").apps, []);
  });
});
