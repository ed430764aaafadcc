import assert from "node:assert/strict";
import { microUsd } from "../../../src/cost/money.ts";
import { rateHistory } from "../../../src/cost/rates/rates.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import { CostReader } from "../../../src/session/meter/costReader.ts";
import { unknownTimes } from "../../../src/session/meter/unknownTimes.ts";
import { readingKeys } from "../../../src/session/meter/readingKey.ts";
import { Spending, sumOf } from "../../../src/session/meter/spending.ts";
import { Bookkeeper } from "../../../src/session/watch/bookkeeper.ts";
import { ModalConnection } from "../../../src/session/watch/modalConnection.ts";
import { meteredWorld } from "../../meteredWorld.ts";
import { startLocalModal } from "../../sim/localModal.ts";
import { adapterCases, cliOf, KeptLog, testControl } from "../modal/controlAdapters.ts";

const hourMs = 3_600_000;
const workspace = "acme";
/** Early in the month, so that all of it is one report. */
const startMs = Date.UTC(2026, 10, 2, 9, 5);

for (const adapter of adapterCases.filter(({ name }) => name === "sdk" || name === "cli, current"))
  describe(`The bill of a workspace: ${adapter.name}`, () => {
    it("is all of its environments', to the micro-dollar, once two reports have said the same", async function () {
      const cli = adapter.venv === null ? null : cliOf(this, adapter.venv);
      const local = await startLocalModal({
        // Local Modal counts real seconds between reports, and the hour between these is none of them.
        world: { ...meteredWorld, reportLimit: "none" },
        speed: 0,
        startMs,
        environments: ["main", "staging"],
      });
      const { ledger } = await openLedger(":memory:");
      try {
        const functions = [{ name: "f", gpu: { type: "L40S", count: 1 }, scaledownMs: 2 * hourMs }];
        const mine = local.seedApp({ name: "flux", functions }, 1);
        local.seedApp({ name: "elsewhere", environment: "staging", functions }, 2);
        local.advance(6 * hourMs);
        // Nothing is due by itself: the rounds are the test's.
        const clock = {
          nowMs: () => local.clock.nowMs(),
          after: () => ({ dispose: () => undefined }),
        };
        const log = new KeptLog();
        const control = testControl({ mode: adapter.mode, cli, env: local.env, log });
        const keeper = new Bookkeeper({
          connection: new ModalConnection(() => Promise.resolve(control), log),
          ledger,
          clock,
          log,
          holder: "window",
          pid: process.pid,
          onBill: () => undefined,
          onPrices: () => undefined,
          onBillDenied: (message) => assert.fail(message),
        });
        const rates = rateHistory([]);
        const spending = new Spending({
          ledger,
          clock,
          timeZone: "UTC",
          read: (scope, fromMs, nowMs) =>
            new CostReader(ledger).read({ scope, fromMs, nowMs, rates }),
          keys: (scope) =>
            readingKeys({
              ledger,
              appKnowledge: {},
              ratesKey: rates.key,
              scope,
              nowMs: clock.nowMs(),
            }),
          mine: () => new Set([mine.id]),
          unknownTimes: (scope, range) => unknownTimes(ledger, scope, range),
        });
        const spent = () => sumOf(spending.days(workspace, startMs));
        await keeper.round();
        assert.equal(spent().spent.isFloor, true, "one report is a lower bound");
        local.advance(61 * 60_000);
        await keeper.round();
        keeper.dispose();
        const exact = (apps: readonly string[] | null): number =>
          local.workspace.cloud
            .bill({ byAppHour: true })
            .filter(({ appId }) => apps === null || apps.includes(appId))
            .reduce((sum, row) => sum + Math.round(Number(row.usdText) * 1e6), 0);
        const { spent: all, mine: own } = spent();
        assert.deepEqual([all.microUsd, all.isFloor], [microUsd(exact(null)), false]);
        assert.equal(own.microUsd, exact([mine.id]));
        assert.ok(own.microUsd > 0 && own.microUsd < all.microUsd);
      } finally {
        await local.stop();
        ledger.dispose();
      }
    });
  });
