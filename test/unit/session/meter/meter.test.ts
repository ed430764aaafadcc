import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import type { LedgerView } from "../../../../src/session/meter/deriveState.ts";
import type { Ledger, LedgerTrouble } from "../../../../src/session/ledgerPort.ts";
import { Meter, type MeterParts } from "../../../../src/session/meter/meter.ts";
import { unknownAuthorship } from "../../../../src/session/owner.ts";
import type { MeterState } from "../../../../src/session/meter/meterState.ts";
import { TemporaryLedger } from "../../ledger/temporaryLedger.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { appListing, logStartMs } from "../logSample.ts";

const rates = rateHistory([], { overrides: { L40S: 3.6 } });

const runningOne = appListing(logStartMs, {
  containers: [
    {
      containerId: "ta-1",
      appId: "ap-1",
      appName: "flux",
      enqueuedAtMs: logStartMs,
      startedAtMs: logStartMs,
      finishedAtMs: null,
      gpu: { type: "L40S", count: 1 },
      gpuSource: "container",
      cpuCores: null,
      memoryGib: null,
    },
  ],
});

function meterOf(ledger: LedgerView, clock: VirtualClock) {
  const scaledowns: (number | null)[] = [];
  const state = { busy: 0 };
  const poller: MeterParts["poller"] = {
    refreshNow: () => Promise.resolve(runningOne),
    beBusy: () => {
      state.busy += 1;
      return { dispose: () => void (state.busy -= 1) };
    },
    expectChange: () => undefined,
    expectScaledown: (atMs) => void scaledowns.push(atMs),
  };
  const meter = new Meter({
    ledger,
    clock,
    poller,
    scope: () => ({ workspace: "acme", environment: "main" }),
    folder: () => null,
    rates: () => rates,
    settingProblems: () => [],
    authorshipOf: () => unknownAuthorship,
    timeZone: "UTC",
  });
  const shown: MeterState[] = [];
  meter.onChange((next) => shown.push(next));
  return { meter, shown, scaledowns, state };
}

describe("Meter", () => {
  let clock: VirtualClock;
  let ledger: Ledger;
  beforeEach(async () => {
    clock = new VirtualClock(logStartMs);
    ({ ledger } = await openLedger(":memory:", { clock }));
  });

  it("shows what another window has written, within seconds, and is quiet while nothing changes", async () => {
    const files = new TemporaryLedger();
    try {
      const [own, other] = [await files.ledger(), await files.ledger()];
      const { meter, shown } = meterOf(own, clock);
      meter.show();
      await clock.advance(30_000);
      assert.deepEqual(
        shown.map(({ apps }) => apps),
        [[]],
      );
      other.recordListing({ ...runningOne, observedAtMs: clock.nowMs() });
      await clock.advance(2000);
      assert.equal(shown.length, 2);
      assert.equal(shown.at(-1)?.apps[0]?.name, "flux");
      meter.dispose();
    } finally {
      files.dispose();
    }
  });

  it("grows while something runs", async () => {
    ledger.recordListing(runningOne);
    const { meter, shown } = meterOf(ledger, clock);
    meter.show();
    await clock.advance(20_000);
    const amounts = shown.map(({ today }) => today.metered ?? -1);
    assert.equal(amounts.length, 5, "once in five seconds");
    assert.ok(
      amounts.every((amount, index) => index === 0 || amount > (amounts[index - 1] ?? 0)),
      amounts.join(" "),
    );
    // 20 s at $3.6/h, and a little CPU and memory.
    const last = amounts.at(-1) ?? 0;
    assert.ok(last >= 20_000 && last < 20_100, `${last} µ$`);
    meter.dispose();
  });

  it("answers a question of cost as the views do", async () => {
    ledger.recordListing(runningOne);
    const { meter } = meterOf(ledger, clock);
    await clock.advance(10_000);
    const reading = meter.costsSince("acme/main", logStartMs);
    assert.deepEqual([reading.priced.length, reading.nowMs], [1, clock.nowMs()]);
    meter.dispose();
  });

  it("shows what runs while the ledger cannot tell of the past, and no cost", async () => {
    const trouble: { now: LedgerTrouble | null } = { now: null };
    const broken: LedgerView = {
      ...view(ledger),
      trouble: () => trouble.now,
      spans: (query) => {
        if (trouble.now !== null) throw new Failure("ledger", trouble.now.message);
        return ledger.spans(query);
      },
    };
    const { meter, shown } = meterOf(broken, clock);
    trouble.now = { message: "The disk is broken.", isWritable: false };
    ledger.recordListing(runningOne);
    meter.show();
    assert.deepEqual(shown.at(-1)?.ledger, trouble.now);
    assert.equal(shown.at(-1)?.apps.length, 1);
    assert.equal(shown.at(-1)?.today.metered, null, "not known is not $0");
    trouble.now = null;
    ledger.recordListing({ ...runningOne, observedAtMs: runningOne.observedAtMs + 1 });
    await clock.advance(2000);
    assert.equal(shown.at(-1)?.ledger, null);
    assert.notEqual(shown.at(-1)?.today.metered, null);
    meter.dispose();
  });

  it("does not hide a bug behind a state", () => {
    const wrong: LedgerView = {
      ...view(ledger),
      latestListing: () => {
        throw new TypeError("a bug");
      },
    };
    const { meter } = meterOf(wrong, clock);
    assert.throws(() => meter.show(), TypeError);
    meter.dispose();
  });

  it("tells what is under way, and looks fast meanwhile", async () => {
    const { meter, shown, state } = meterOf(ledger, clock);
    await assert.rejects(
      meter.during("stopping", () => {
        assert.equal(shown.at(-1)?.activity, "stopping");
        assert.equal(state.busy, 1);
        return Promise.reject(new Failure("offline", "No network."));
      }),
      { reason: "offline" },
    );
    assert.equal(shown.at(-1)?.activity, "none");
    assert.equal(state.busy, 0);
    meter.dispose();
  });

  it("leaves no timer, and says nothing after it is disposed", async () => {
    ledger.recordListing(runningOne);
    const { meter, shown } = meterOf(ledger, clock);
    meter.show();
    meter.dispose();
    meter.show();
    await clock.advance(60_000);
    assert.equal(clock.pending, 0);
    assert.equal(shown.length, 1);
  });
});

function view(ledger: Ledger): LedgerView {
  return {
    latestListing: (scope) => ledger.latestListing(scope),
    trouble: () => ledger.trouble(),
    openSession: (scope, folder) => ledger.openSession(scope, folder),
    spans: (query) => ledger.spans(query),
    looks: (query) => ledger.looks(query),
    calls: (query) => ledger.calls(query),
    billed: (query) => ledger.billed(query),
    costBasis: (query) => ledger.costBasis(query),
    sessions: (query) => ledger.sessions(query),
    receipts: (query) => ledger.receipts(query),
    recall: (key, shape) => ledger.recall(key, shape),
    changeCounter: () => ledger.changeCounter(),
    costVersion: () => ledger.costVersion(),
  };
}
