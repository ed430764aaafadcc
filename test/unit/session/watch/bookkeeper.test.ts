import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { usd } from "../../../../src/cost/money.ts";
import type { PriceChange } from "../../../../src/cost/rates/priceChange.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import { Bookkeeper, type BookkeeperParts } from "../../../../src/session/watch/bookkeeper.ts";
import { ModalConnection } from "../../../../src/session/watch/modalConnection.ts";
import type {
  BillingQuery,
  BillingRow,
  ModalControl,
} from "../../../../src/session/modalControl.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { controlThatOnly } from "../controlThatOnly.ts";

const startMs = Date.UTC(2026, 10, 21, 10, 20);
const hourMs = 3_600_000;

function row(change: Partial<BillingRow>): BillingRow {
  return {
    objectId: "ap-1",
    description: "flux",
    environment: "main",
    intervalStartMs: Date.UTC(2026, 10, 21, 8),
    cost: usd(0.43),
    ...change,
  };
}

interface Scene {
  readonly clock: VirtualClock;
  readonly ledger: BookkeeperParts["ledger"] & Awaited<ReturnType<typeof openLedger>>["ledger"];
  readonly denied: string[];
  /** Scopes whose bill was told. */
  readonly billed: string[];
  /** Changes of prices that were told. */
  readonly prices: (readonly PriceChange[])[];
  readonly keepers: Bookkeeper[];
}

async function scene(answers: Partial<ModalControl>, windows = 1): Promise<Scene> {
  const clock = new VirtualClock(startMs);
  const { ledger } = await openLedger(":memory:", { clock });
  const denied: string[] = [];
  const billed: string[] = [];
  const prices: (readonly PriceChange[])[] = [];
  const control = controlThatOnly({
    whoami: () =>
      Promise.resolve({ scope: { workspace: "acme", environment: "main" }, username: "you" }),
    ...answers,
  });
  const keepers = Array.from(
    { length: windows },
    (_, index) =>
      new Bookkeeper({
        connection: new ModalConnection(() => Promise.resolve(control), silentLog),
        ledger,
        clock,
        log: silentLog,
        holder: `window-${index}`,
        pid: process.pid,
        onBill: (scope) => billed.push(scope),
        onPrices: (changes) => prices.push(changes),
        onBillDenied: (message) => denied.push(message),
      }),
  );
  return { clock, ledger, denied, billed, prices, keepers };
}

describe("Bookkeeper", () => {
  it("fetches the rates, and the bill of whole hours, soon after the start", async () => {
    const asked: BillingQuery[] = [];
    const {
      clock,
      ledger,
      billed: told,
    } = await scene({
      rates: () => Promise.resolve({ usdPerHourByKey: new Map([["gpu_hour_cost_l40s", 2.5]]) }),
      billingReport: (query) => {
        asked.push(query);
        return Promise.resolve([row({}), row({ environment: "staging", cost: usd(9) })]);
      },
    });
    await clock.advance(10_000);
    assert.equal(
      ledger.latestRates("acme/main")?.rates.usdPerHourByKey.get("gpu_hour_cost_l40s"),
      2.5,
    );
    assert.deepEqual(
      asked.map(({ endMs, resolution }) => [endMs, resolution]),
      [[Date.UTC(2026, 10, 21, 10), "hour"]],
    );
    const billed = ledger.billed({ scope: "acme/main", fromMs: 0, toMs: startMs });
    assert.deepEqual(
      billed.map(({ cost }) => cost),
      [usd(0.43)],
      "another environment's money is not this scope's",
    );
    assert.deepEqual(told, ["acme/main"]);
  });

  it("tells once, in one window, that Modal has other prices", async () => {
    let l40s = 1.95;
    const { clock, prices } = await scene(
      {
        rates: () =>
          Promise.resolve({
            usdPerHourByKey: new Map([
              ["gpu_hour_cost_l40s", l40s],
              ["gpu_hour_cost_t4", 0.59],
              ["volume_storage_gib_month_cost", l40s],
            ]),
          }),
        billingReport: () => Promise.resolve([]),
      },
      3,
    );
    await clock.advance(30 * hourMs);
    assert.deepEqual(prices, [], "the first prices are no change");
    l40s = 1.75;
    await clock.advance(60 * hourMs);
    assert.deepEqual(prices, [[{ of: "L40S", beforeUsd: 1.95, nowUsd: 1.75 }]]);
  });

  it("asks in one window alone, once an hour", async () => {
    let asked = 0;
    const { clock } = await scene(
      {
        rates: () => Promise.resolve({ usdPerHourByKey: new Map() }),
        billingReport: () => {
          asked += 1;
          return Promise.resolve([]);
        },
      },
      3,
    );
    await clock.advance(10_000);
    assert.equal(asked, 1);
    await clock.advance(hourMs);
    assert.equal(asked, 2);
  });

  it("asks for all of an absence, in pages, and keeps what it has read when one is refused", async () => {
    const asked: string[] = [];
    let refuses = false;
    const hours = (atMs: number): number => (atMs - Date.UTC(2026, 10, 21, 10)) / hourMs;
    const { clock } = await scene({
      rates: () => Promise.resolve({ usdPerHourByKey: new Map() }),
      billingReport: ({ startMs: from, endMs }) => {
        asked.push(`${hours(from)} to ${hours(endMs)}`);
        return refuses && asked.length === 2
          ? Promise.reject(new Failure("rate-limited", "Too many."))
          : Promise.resolve([]);
      },
    });
    await clock.advance(10_000);
    assert.deepEqual(asked.splice(0), ["-48 to 0"], "the first time");
    // A weekend with the lid closed.
    clock.jump(63 * hourMs);
    await clock.advance(60_000);
    assert.deepEqual(asked.splice(0), ["-48 to 63"], "from two days before the last time");
    // Three weeks, and the second page is refused.
    clock.jump(21 * 24 * hourMs);
    refuses = true;
    await clock.advance(60_000);
    assert.deepEqual(asked.splice(0), ["15 to 183", "183 to 351"]);
    refuses = false;
    await clock.advance(hourMs);
    assert.deepEqual(asked.splice(0), ["135 to 303", "303 to 471", "471 to 568"]);
    // A year: no more than this month and all of the last.
    clock.jump(365 * 24 * hourMs);
    await clock.advance(60_000);
    assert.deepEqual([asked.length, asked[0], asked.at(-1)], [9, "7840 to 8008", "9184 to 9328"]);
  });

  it("explains a bill that may not be read once, and leaves it in peace for a day", async () => {
    let asked = 0;
    const { clock, denied, billed, keepers } = await scene({
      rates: () => Promise.resolve({ usdPerHourByKey: new Map() }),
      billingReport: () => {
        asked += 1;
        return Promise.reject(new Failure("permission-denied", "Not on this plan."));
      },
    });
    await clock.advance(10_000);
    await keepers[0]?.firstRound;
    await clock.advance(6 * hourMs);
    assert.equal(asked, 1);
    await clock.advance(20 * hourMs);
    assert.equal(asked, 2, "a plan may change");
    assert.equal(denied.length, 1);
    assert.deepEqual(billed, []);
  });

  it("tries again in the next hour when Modal cannot be reached", async () => {
    let asked = 0;
    const { clock, ledger } = await scene({
      rates: () => Promise.resolve({ usdPerHourByKey: new Map() }),
      billingReport: () => {
        asked += 1;
        return asked === 1
          ? Promise.reject(new Failure("offline", "No network."))
          : Promise.resolve([row({})]);
      },
    });
    await clock.advance(hourMs + 10_000);
    assert.equal(ledger.billed({ scope: "acme/main", fromMs: 0, toMs: startMs }).length, 1);
  });

  it("stops when it is disposed", async () => {
    const { clock, keepers } = await scene({
      rates: () => Promise.resolve({ usdPerHourByKey: new Map() }),
      billingReport: () => Promise.resolve([]),
    });
    keepers[0]?.dispose();
    await clock.advance(5 * hourMs);
    assert.equal(clock.pending, 0);
  });
});
