import assert from "node:assert/strict";
import type { Clock } from "../../../src/base/clock.ts";
import { systemClock } from "../../../src/base/systemClock.ts";
import { billedThroughMs } from "../../../src/cost/billed/billedRow.ts";
import { emptyCall, type CallRecord } from "../../../src/cost/call.ts";
import { costLine } from "../../../src/cost/reported/logLine.ts";
import { hourlyRate, metricsBetween } from "../../../src/cost/rates/costMetrics.ts";
import { microUsd } from "../../../src/cost/money.ts";
import { rateHistory } from "../../../src/cost/rates/rates.ts";
import { reconcile } from "../../../src/cost/billed/reconcile.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import { appsOfFile } from "../../../src/lens/read/appFiles.ts";
import { factsOf } from "../../../src/lens/read/facts.ts";
import { appHints } from "../../../src/session/watch/appHints.ts";
import { Bookkeeper } from "../../../src/session/watch/bookkeeper.ts";
import { ModalConnection } from "../../../src/session/watch/modalConnection.ts";
import { costIn, CostReader, type CostReading } from "../../../src/session/meter/costReader.ts";
import type { Ledger, LedgerUpkeep, Listing } from "../../../src/session/ledgerPort.ts";
import { LogFollower } from "../../../src/session/logs/logFollower.ts";
import { Look } from "../../../src/session/watch/look.ts";
import { LookBack } from "../../../src/session/logs/lookBack.ts";
import type { ModalControl } from "../../../src/session/modalControl.ts";
import { nextLookDelayMs } from "../../../src/session/watch/pollPolicy.ts";
import type { App, Input } from "../../sim/model/entities.ts";
import { meteredWorld } from "../../meteredWorld.ts";
import type { World } from "../../sim/worlds/world.ts";
import { startLocalModal, type LocalModal } from "../../sim/localModal.ts";
import { cliOf, KeptLog, testControl } from "../modal/controlAdapters.ts";
import { sessionApp, sessionSample } from "../../unit/session/sessionSample.ts";

const second = 1000;
const minute = 60 * second;
const startMs = Date.UTC(2026, 10, 21, 9, 5);
const scope = "acme/main";
/** Hours pass in no time here, and the limit of reports is one of real seconds. */
const world: World = { ...meteredWorld, reportLimit: "none" };
const rates = rateHistory([]);

/** The app as its file says it, and as Local Modal runs it. */
const source = `
import modal
app = modal.App("flux")

@app.function(gpu="L40S", cpu=(2.0, 8.0), memory=16 * 1024, scaledown_window=120)
def flux(): ...
`;
const spec = {
  name: "flux",
  gpu: { type: "L40S", count: 1 },
  milliCpu: 2000,
  memoryMib: 16_384,
  usedMilliCpu: 1500,
  usedMemoryMib: 8000,
  scaledownMs: 120 * second,
  coldStartMs: 40 * second,
  queueMs: 3 * second,
};

/** One machine with the product on it, in Local Modal's time: a second of looks passes in no time. */
class Desk {
  readonly local: LocalModal;
  readonly ledger: Ledger & LedgerUpkeep;
  readonly control: ModalControl;
  readonly app: App;
  readonly clock: Clock;
  readonly #look: Look;
  readonly #back: LookBack;
  readonly #follower: LogFollower;
  readonly #log = new KeptLog();
  readonly #hint: ReturnType<typeof appHints>;
  #calls = 0;

  constructor(local: LocalModal, ledger: Ledger & LedgerUpkeep, control: ModalControl) {
    this.local = local;
    this.ledger = ledger;
    this.control = control;
    const clock: Clock = {
      nowMs: () => local.clock.nowMs(),
      after: (delayMs, callback) => systemClock.after(delayMs, callback),
    };
    this.clock = clock;
    // This file alone: the modal package itself is not in the folder.
    const files = { text: (file: string) => (file === "/w/app.py" ? source : undefined) };
    const [found] = appsOfFile("/w/app.py", "/w", files, new Map());
    assert.ok(found);
    const facts = factsOf(found.app);
    this.#hint = appHints({
      inFile: (name) => (name === "flux" ? facts : undefined),
      inSettings: () => undefined,
    });
    const own = {
      ledger,
      clock,
      log: this.#log,
      holder: "window",
      pid: process.pid,
      rates: () => rates.now,
      appHint: this.#hint,
      onCall: () => undefined,
    };
    this.#look = new Look(own);
    this.#back = new LookBack(own);
    this.#follower = new LogFollower(own);
    local.sync();
    this.app = local.workspace.cloud.deploy({ name: "flux", functions: [spec] });
    ledger.upsertSession(
      sessionSample({
        scope,
        startedAtMs: startMs,
        apps: [sessionApp({ appId: this.app.id, name: "flux" })],
      }),
    );
  }

  async look(follow: boolean): Promise<Listing> {
    const connected = { control: this.control, scopeKey: scope };
    const listing = await this.#look.take(connected);
    if (follow) this.#follower.update(connected, listing);
    await this.#back.update(connected, listing);
    return listing;
  }

  /** Looks at the pace of a focused window until then. */
  async watch(untilMs: number): Promise<void> {
    for (let listing = await this.look(true); ;) {
      const waitMs = nextLookDelayMs(
        {
          nowMs: this.clock.nowMs(),
          adapter: listing.adapter,
          focused: true,
          busy: false,
          liveContainers: listing.containers.length,
          restlessUntilMs: 0,
          dueAtMs: null,
          failures: 0,
          failure: null,
        },
        0.5,
      );
      if (waitMs === null || this.clock.nowMs() + waitMs > untilMs) break;
      this.local.advance(waitMs);
      listing = await this.look(true);
    }
    this.local.advance(untilMs - this.clock.nowMs());
  }

  /** A call, whose app writes its cost into its log; of this editor's, or of a teammate's. */
  call(by: "editor" | "teammate", durationMs: number): void {
    this.local.sync();
    this.#calls += 1;
    const callId = `own-${this.#calls}`;
    const startedAtMs = this.clock.nowMs();
    const row = (change: Partial<CallRecord>): void => {
      if (by === "editor") this.ledger.upsertCall({ ...this.#row(callId, startedAtMs), ...change });
    };
    row({});
    const { cloud } = this.local.workspace;
    const settled = (input: Input): void => {
      const executionSeconds = durationMs / second;
      const rate = hourlyRate({ ...asResources, cpuCores: 0 }, rates.now);
      const { gpu } = metricsBetween(rate, 0, 0, durationMs);
      const reportedMicroUsd = gpu.known ? gpu.microUsd : microUsd(0);
      const claimed = { microUsd: reportedMicroUsd, executionSeconds, gpuType: "L40S" };
      cloud.log(this.app.id, { input, text: `${costLine(claimed)}\n` });
      row({
        status: "succeeded",
        endedAtMs: cloud.nowMs,
        reportedMicroUsd,
        executionSeconds,
        gpuType: "L40S",
      });
    };
    cloud.request({ appId: this.app.id, functionName: "flux", durationMs, onSettled: settled });
  }

  reading(): CostReading {
    const reader = new CostReader(this.ledger);
    return reader.read({ scope, fromMs: startMs, nowMs: this.clock.nowMs(), rates });
  }

  /** Metered against Local Modal's exact bill, as a fraction of it. */
  drift(): number {
    this.local.sync();
    const exactUsd = this.local.workspace.cloud.bill().reduce((sum, { usd }) => sum + usd, 0);
    const { metered, bestTier } = costIn(this.reading(), new Set([this.app.id]), startMs);
    assert.equal(bestTier, "metered");
    assert.ok(metered !== null && !metered.known.isFloor);
    assert.ok(exactUsd > 0.05, `a bill of $${exactUsd} proves little`);
    return metered.known.microUsd / 1e6 / exactUsd - 1;
  }

  /** The bill comes, and is laid beside what was metered. */
  async reconciled() {
    const bookkeeper = new Bookkeeper({
      connection: new ModalConnection(async () => this.control, this.#log),
      ledger: this.ledger,
      clock: this.clock,
      log: this.#log,
      holder: "window",
      pid: process.pid,
      onBill: () => undefined,
      onPrices: () => undefined,
      onBillDenied: (message) => assert.fail(message),
    });
    await bookkeeper.round();
    // What a report an hour later says as well is final.
    this.local.advance(61 * minute);
    await bookkeeper.round();
    bookkeeper.dispose();
    const reading = this.reading();
    const throughMs = billedThroughMs(reading.billed);
    return reconcile({ ...reading, fromMs: startMs - 3_600_000, throughMs });
  }

  async end(): Promise<void> {
    this.#follower.dispose();
    this.#back.dispose();
    await this.local.stop();
    this.ledger.dispose();
  }

  #row(callId: string, startedAtMs: number): CallRecord {
    return {
      ...emptyCall({ callId, scope, source: "editor", startedAtMs, status: "running" }),
      sessionId: "s-1",
      appId: this.app.id,
      appName: "flux",
      endpoint: "flux",
      mode: "dev",
    };
  }
}

const asResources = {
  appName: "flux",
  gpu: { type: "L40S", count: 1 },
  gpuSource: "container",
  cpuCores: null,
  memoryGib: null,
} as const;

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const untilMs = Date.now() + 20_000; !isSo();) {
    if (Date.now() > untilMs) assert.fail(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("What a session is said to cost", () => {
  it("is Modal's exact bill within 1 % with the SDK, a sleeping laptop included", async () => {
    const local = await startLocalModal({ world, speed: 0, startMs });
    const { ledger } = await openLedger(":memory:");
    const desk = new Desk(local, ledger, testControl({ mode: "sdk", cli: null, env: local.env }));
    try {
      desk.call("editor", 20 * second);
      await desk.watch(startMs + 6 * minute);
      desk.call("teammate", 45 * second);
      await desk.watch(startMs + 12 * minute);
      await until("the teammate's call is read from the log", () =>
        ledger.calls({ scope }).some(({ source: from }) => from === "log"),
      );
      // The laptop sleeps for half an hour; two containers come and go, and one is there at the end.
      for (const waitMs of [3 * minute, 10 * minute, 16 * minute]) {
        local.advance(waitMs);
        desk.call("teammate", 30 * second);
      }
      local.advance(minute);
      await desk.watch(startMs + 60 * minute);
      const calls = ledger.calls({ scope });
      assert.deepEqual(
        calls.map(({ source: from, executionSeconds }) => [from, executionSeconds]).toReversed(),
        [
          ["editor", 20],
          ["log", 45],
          ["log", 30],
          ["log", 30],
          ["log", 30],
        ],
        "the editor's own call is not counted again from its log line",
      );
      const drift = desk.drift();
      assert.ok(Math.abs(drift) <= 0.01, `metered is off by ${(drift * 100).toFixed(4)} %`);
      local.advance(200 * minute);
      const { billed, drift: billedDrift, unseen, unbilled } = await desk.reconciled();
      assert.ok(billed > 50_000, `billed ${billed} µ$`);
      assert.ok(Math.abs(billedDrift ?? 1) <= 0.01, `drift ${billedDrift}`);
      assert.deepEqual([unseen, unbilled], [0, 0]);
      const after = costIn(desk.reading(), null, startMs);
      assert.equal(after.bestTier, "billed");
    } finally {
      await desk.end();
    }
  });

  it("is within 5 % with the CLI, which tells neither ends nor GPUs", async function () {
    const cli = cliOf(this, "current");
    const local = await startLocalModal({ world, speed: 0, startMs });
    const { ledger } = await openLedger(":memory:");
    const desk = new Desk(local, ledger, testControl({ mode: "cli", cli, env: local.env }));
    try {
      desk.call("editor", 20 * second);
      // The container is up from 0:03 to 3:03: 40 s of start, 20 s of work, 120 s idle.
      for (const waitMs of [30 * second, 120 * second, 30 * second, 30 * second]) {
        local.advance(waitMs);
        await desk.look(false);
      }
      // The laptop sleeps; a teammate's container comes and goes.
      local.advance(3 * minute);
      desk.call("teammate", 60 * second);
      local.advance(12 * minute);
      const listing = await desk.look(false);
      assert.equal(listing.adapter, "cli");
      assert.equal(ledger.calls({ scope }).length, 2);
      assert.deepEqual(
        desk.reading().priced.map(({ span: { gpuSource } }) => gpuSource),
        ["app", "app"],
        "one container was seen, and one is known from the log alone; Modal tells the app's GPU",
      );
      const drift = desk.drift();
      assert.ok(Math.abs(drift) <= 0.05, `metered is off by ${(drift * 100).toFixed(3)} %`);
      local.advance(200 * minute);
      const { billed, drift: billedDrift, unseen } = await desk.reconciled();
      assert.ok(billed > 50_000, `billed ${billed} µ$`);
      assert.ok(Math.abs(billedDrift ?? 1) <= 0.05, `drift ${billedDrift}`);
      assert.equal(unseen, 0);
    } finally {
      await desk.end();
    }
  });
});
