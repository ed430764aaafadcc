import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { usd } from "../../../../src/cost/money.ts";
import type { PriceChange } from "../../../../src/cost/rates/priceChange.ts";
import { gpuRate } from "../../../../src/cost/rates/rates.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import { Bookkeeper, type BookkeeperParts } from "../../../../src/session/watch/bookkeeper.ts";
import { recordedRates } from "../../../../src/session/meter/recordedRates.ts";
import { noteEmptied } from "../../../../src/session/ledgerLoss.ts";
import { noteDate } from "../../../../src/session/watch/modalTime.ts";
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

async function scene(
  answers: Partial<ModalControl>,
  windows = 1,
  environments: readonly string[] = ["main"],
): Promise<Scene> {
  const clock = new VirtualClock(startMs);
  const { ledger } = await openLedger(":memory:", { clock });
  const denied: string[] = [];
  const billed: string[] = [];
  const prices: (readonly PriceChange[])[] = [];
  const controlOf = (index: number): ModalControl =>
    controlThatOnly({
      whoami: () => {
        const environment = environments[index % environments.length] ?? "main";
        return Promise.resolve({ scope: { workspace: "acme", environment }, username: "you" });
      },
      ...answers,
    });
  const keepers = Array.from(
    { length: windows },
    (_, index) =>
      new Bookkeeper({
        connection: new ModalConnection(() => Promise.resolve(controlOf(index)), silentLog),
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
        return Promise.resolve([
          row({}),
          row({ environment: "staging", cost: usd(9) }),
          row({ environment: "", objectId: "egress", cost: usd(0.2) }),
        ]);
      },
    });
    await clock.advance(60_000);
    assert.equal(
      ledger.latestRates("acme/main")?.rates.usdPerHourByKey.get("gpu_hour_cost_l40s"),
      2.5,
    );
    assert.ok(asked.every(({ resolution }) => resolution === "hour"));
    // The CLI asks twice for resources: not while there are more reports to ask for.
    assert.ok(asked.length > 1 && asked.every(({ byResource }) => byResource !== true));
    assert.deepEqual(
      [asked.at(-1)?.startMs, asked[0]?.endMs],
      [Date.UTC(2026, 10, 1), Date.UTC(2026, 10, 21, 10)],
      "from the beginning of the month, as Modal bills it",
    );
    const costs = (scope: string) =>
      ledger.billed({ scope, fromMs: 0, toMs: startMs }).map(({ cost }) => cost);
    assert.deepEqual(costs("acme/main"), [usd(0.43)]);
    assert.deepEqual(costs("acme/staging"), [usd(9)], "under the environment that it names");
    assert.deepEqual(
      costs("acme/"),
      [usd(0.2)],
      "what belongs to none is the workspace's all the same",
    );
    assert.deepEqual(told, ["acme/main"]);
    await clock.advance(4 * 3_600_000);
    assert.equal(asked.at(-1)?.byResource, true, "of the usual one");
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

  it("tells other prices once, also where windows look at several environments of a workspace", async () => {
    let l40s = 1.95;
    const answers = {
      rates: () => Promise.resolve({ usdPerHourByKey: new Map([["gpu_hour_cost_l40s", l40s]]) }),
      billingReport: () => Promise.resolve([]),
    };
    const { clock, prices } = await scene(answers, 3, ["main", "dev", "staging"]);
    await clock.advance(30 * hourMs);
    l40s = 1.75;
    await clock.advance(60 * hourMs);
    assert.equal(prices.length, 1);
    l40s = 1.95;
    await clock.advance(60 * hourMs);
    l40s = 1.75;
    await clock.advance(60 * hourMs);
    assert.deepEqual(
      prices.map(([change]) => change?.nowUsd),
      [1.75, 1.95, 1.75],
      "the same change a second time is told too",
    );
  });

  it("asks for prices again where a clock that was ahead has dated them into the future", async () => {
    let asked = 0;
    const { clock, ledger } = await scene({
      rates: () => {
        asked += 1;
        return Promise.resolve({ usdPerHourByKey: new Map([["gpu_hour_cost_l40s", 1.95]]) });
      },
      billingReport: () => Promise.resolve([]),
    });
    ledger.saveRates("acme/main", { usdPerHourByKey: new Map() }, startMs + 48 * hourMs);
    await clock.advance(60_000);
    assert.equal(asked, 1);
  });

  for (const [name, aheadUsd] of [
    ["the same prices", 1.95],
    ["other prices", 9],
  ] as const)
    it(`takes ${name} that a clock that was ahead has dated into the future for no newer ones, ever`, async () => {
      const told = (usdPerHour: number) => ({
        usdPerHourByKey: new Map([["gpu_hour_cost_l40s", usdPerHour]]),
      });
      const { clock, ledger } = await scene({
        rates: () => Promise.resolve(told(1.8)),
        billingReport: () => Promise.resolve([]),
      });
      noteDate(ledger, "acme/main", 0, { observedAtMs: startMs, era: 0 });
      const aheadMs = startMs + 400 * 24 * hourMs;
      ledger.saveRates("acme/main", told(1.95), startMs - 24 * hourMs);
      ledger.saveRates("acme/main", told(aheadUsd), aheadMs);
      const priceAt = (nowMs: number): string => {
        const rate = gpuRate(recordedRates(ledger, "acme/main", {}, nowMs).now, "L40S");
        return `${rate?.usdPerHour} of ${rate?.asOf}`;
      };
      assert.match(priceAt(startMs), /^1\.95 of 2026-11-2[01]$/, "before it is asked again");
      await clock.advance(60_000);
      for (const nowMs of [clock.nowMs(), aheadMs, aheadMs + hourMs])
        assert.equal(priceAt(nowMs), "1.8 of 2026-11-21");
      assert.deepEqual(
        ledger.rateHistory("acme/main").map(({ sinceMs }) => sinceMs < aheadMs),
        [true, true],
      );
    });

  it("takes out no prices because its own clock is behind, and dates what it asks for by Modal's", async () => {
    const offsetMs = 48 * hourMs;
    for (const isClockKnown of [false, true]) {
      const told = (usdPerHour: number) => ({
        usdPerHourByKey: new Map([["gpu_hour_cost_l40s", usdPerHour]]),
      });
      const { clock, ledger } = await scene({
        rates: () => Promise.resolve(told(1.8)),
        billingReport: () => Promise.resolve([]),
      });
      if (isClockKnown) noteDate(ledger, "acme/main", offsetMs, { observedAtMs: startMs, era: 0 });
      const seenMs = startMs + offsetMs - 24 * hourMs;
      ledger.saveRates("acme/main", told(1.95), seenMs);
      await clock.advance(60_000);
      const since = ledger.rateHistory("acme/main").map(({ sinceMs }) => sinceMs);
      assert.ok(since.includes(seenMs), "what another machine saw stays");
      if (isClockKnown) assert.ok((since.at(-1) ?? 0) >= startMs + offsetMs, "by Modal's clock");
    }
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
    await clock.advance(60_000);
    assert.equal(asked, 3, "this month, a week at a time");
    await clock.advance(hourMs);
    assert.equal(asked, 6, "once more, an hour later: what says the same is final");
    await clock.advance(hourMs);
    assert.equal(asked, 7);
  });

  it("asks from the last settled hour on, in pages, the newest first, and again when one is refused", async () => {
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
    await clock.advance(60_000);
    assert.deepEqual(asked.splice(0), ["-154 to 0", "-322 to -154", "-490 to -322"], "this month");
    await clock.advance(hourMs);
    assert.equal(asked.splice(0).length, 3, "a second time, which settles it");
    await clock.advance(hourMs);
    assert.deepEqual(asked.splice(0), ["-46 to 2"], "then two days");
    // A weekend with the lid closed.
    clock.jump(63 * hourMs);
    await clock.advance(60_000);
    assert.deepEqual(asked.splice(0), ["-1 to 65"], "from the last settled hour");
    await clock.advance(hourMs);
    assert.deepEqual(asked.splice(0), ["0 to 66"], "all of it once more");
    await clock.advance(hourMs);
    assert.deepEqual(asked.splice(0), ["19 to 67"]);
    // Three weeks, and the second page is refused.
    clock.jump(21 * 24 * hourMs);
    refuses = true;
    await clock.advance(60_000);
    assert.deepEqual(asked.splice(0), ["568 to 571", "400 to 568"]);
    refuses = false;
    await clock.advance(hourMs);
    assert.deepEqual(asked.splice(0), ["568 to 572", "400 to 568", "232 to 400", "64 to 232"]);
    // A year: no more than this month and all of the last.
    clock.jump(365 * 24 * hourMs);
    await clock.advance(60_000);
    assert.equal(asked.length, 9);
  });

  it("asks for all of last month again where the ledger was emptied", async () => {
    const asked: number[] = [];
    const { clock, ledger } = await scene({
      rates: () => Promise.resolve({ usdPerHourByKey: new Map() }),
      billingReport: ({ startMs: from }) => {
        asked.push(from);
        return Promise.resolve([]);
      },
    });
    noteEmptied(ledger);
    await clock.advance(5 * 60_000);
    assert.equal(Math.round((startMs - Math.min(...asked)) / (24 * hourMs)), 62);
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
