import assert from "node:assert/strict";
import { emptyCall, type CallRecord } from "../../../../src/cost/call.ts";
import { usd } from "../../../../src/cost/money.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import { CostReader } from "../../../../src/session/meter/costReader.ts";
import {
  costOfSession,
  deriveState,
  type StateInputs,
} from "../../../../src/session/meter/deriveState.ts";
import { unknownAuthorship } from "../../../../src/session/owner.ts";
import type { Listing } from "../../../../src/session/ledgerPort.ts";
import { sessionApp, sessionSample } from "../sessionSample.ts";

const startMs = Date.UTC(2026, 10, 21, 10);
const minuteMs = 60_000;
const folder = "/work";

const rates = rateHistory([], { overrides: { L40S: 3.6, cpu: 0.000001, memory: 0.000001 } });

function listing(observedAtMs: number, change: Partial<Listing> = {}): Listing {
  return {
    scope: "acme/main",
    era: 0,
    observedAtMs,
    adapter: "sdk",
    apps: [
      {
        appId: "ap-1",
        name: "flux",
        state: "deployed",
        containerCount: 1,
        createdAtMs: startMs,
        stoppedAtMs: null,
      },
    ],
    containers: [
      {
        containerId: "ta-1",
        appId: "ap-1",
        appName: "flux",
        enqueuedAtMs: startMs,
        startedAtMs: startMs,
        finishedAtMs: null,
        gpu: { type: "L40S", count: 1 },
        gpuSource: "container",
        cpuCores: null,
        memoryGib: null,
      },
    ],
    ended: [],
    ...change,
  };
}

const session = sessionSample({
  folder,
  startedAtMs: startMs - minuteMs,
  apps: [sessionApp({ appId: "ap-1", name: "flux" })],
});

function call(change: Partial<CallRecord>): CallRecord {
  return {
    ...emptyCall({
      callId: "c-1",
      scope: "acme/main",
      source: "editor",
      startedAtMs: startMs + minuteMs,
      status: "succeeded",
    }),
    sessionId: "s-1",
    appId: "ap-1",
    appName: "flux",
    endpoint: "flux",
    mode: "dev",
    endedAtMs: startMs + minuteMs + 5000,
    reportedMicroUsd: usd(0.0014),
    executionSeconds: 2,
    gpuType: "L40S",
    ...change,
  };
}

function inputs(nowMs: number, change: Partial<StateInputs> = {}): StateInputs {
  return {
    nowMs,
    health: { kind: "ok" },
    scope: { workspace: "acme", environment: "main" },
    activity: "none",
    folder,
    rates,
    settingProblems: [],
    authorship: unknownAuthorship,
    timeZone: "UTC",
    ...change,
  };
}

async function ledgerWith(...listings: readonly Listing[]) {
  const { ledger } = await openLedger(":memory:");
  for (const one of listings) ledger.recordListing(one);
  return ledger;
}

describe("deriveState", () => {
  it("says whose each app is, and leaves a teammate's out of today's cost", async () => {
    const nowMs = startMs + 10 * minuteMs;
    const ledger = await ledgerWith(listing(nowMs - 1000));
    const whose = (deployedBy: string) =>
      deriveState(
        ledger,
        inputs(nowMs, {
          authorship: { username: "you", authors: new Map([["ap-1", { deployedBy, version: 1 }]]) },
        }),
      );
    const theirs = whose("teammate");
    assert.deepEqual([theirs.apps[0]?.owner, theirs.today.metered], ["someone-else", null]);
    const mine = whose("you");
    assert.equal(mine.apps[0]?.owner, "mine");
    assert.ok((mine.today.metered ?? 0) > 500_000);
    ledger.upsertSession(session);
    assert.equal(whose("you").apps[0]?.owner, "started-here");
  });

  it("meters the session from the seconds of its containers, not from the headers", async () => {
    const nowMs = startMs + 10 * minuteMs;
    const ledger = await ledgerWith(listing(nowMs - 1000));
    ledger.upsertSession(session);
    ledger.upsertCall(call({}));
    const state = deriveState(ledger, inputs(nowMs));
    assert.equal(state.session?.cost.reported, usd(0.0014));
    const metered = state.session?.cost.metered ?? 0;
    assert.ok(Math.abs(metered - 600_000) < 2000, `10 min at $3.6/h is $0.60, not ${metered} µ$`);
    assert.equal(state.session?.cost.billed, null);
    assert.equal(state.apps[0]?.gpu, "L40S");
  });

  it("tells what a session has cost that is over, until the end of its containers", async () => {
    const endMs = startMs + 10 * minuteMs;
    const ended = listing(startMs).containers.map((one) => ({ ...one, finishedAtMs: endMs }));
    const ledger = await ledgerWith(
      listing(startMs),
      listing(endMs + 1000, { apps: [], containers: [], ended }),
    );
    ledger.upsertSession({ ...session, endedAtMs: endMs, end: "stopped" });
    ledger.upsertCall(call({}));
    const cost = costOfSession(
      new CostReader(ledger).read({
        scope: session.scope,
        fromMs: session.startedAtMs,
        nowMs: endMs + 60 * minuteMs,
        rates,
      }),
      session,
    );
    assert.equal(cost.reported, usd(0.0014));
    const metered = cost.metered ?? 0;
    assert.ok(Math.abs(metered - 600_000) < 2000, `10 min at $3.6/h is $0.60, not ${metered} µ$`);
  });

  it("knows until when the app stays warm: last activity and the scaledown window", async () => {
    const nowMs = startMs + 2 * minuteMs;
    const ledger = await ledgerWith(listing(nowMs));
    ledger.upsertSession(session);
    ledger.upsertCall(call({}));
    const [app] = deriveState(ledger, inputs(nowMs)).apps;
    assert.equal(app?.warmUntilMs, startMs + minuteMs + 5000 + 120_000);
  });

  it("does not claim an end of the tail while a call runs, or when it is over and the container is not", async () => {
    const nowMs = startMs + 2 * minuteMs;
    const busy = await ledgerWith(listing(nowMs));
    busy.upsertSession(session);
    busy.upsertCall(call({ status: "running", endedAtMs: null, reportedMicroUsd: null }));
    assert.equal(deriveState(busy, inputs(nowMs)).apps[0]?.warmUntilMs, null);
    const laterMs = startMs + 60 * minuteMs;
    const kept = await ledgerWith(listing(laterMs));
    kept.upsertSession(session);
    kept.upsertCall(call({}));
    assert.equal(deriveState(kept, inputs(laterMs)).apps[0]?.warmUntilMs, null);
  });

  it("keeps another folder's session out of this one", async () => {
    const ledger = await ledgerWith(listing(startMs));
    ledger.upsertSession(session);
    assert.equal(deriveState(ledger, inputs(startMs, { folder: "/elsewhere" })).session, null);
    assert.equal(deriveState(ledger, inputs(startMs, { folder: null })).session, null);
  });

  it("shows nothing of another workspace", async () => {
    const ledger = await ledgerWith(listing(startMs));
    ledger.upsertSession(session);
    const other = inputs(startMs, { scope: { workspace: "acme", environment: "staging" } });
    const state = deriveState(ledger, other);
    assert.deepEqual([state.apps, state.session, state.observedAtMs], [[], null, null]);
  });

  it("says nothing of money before it knows whose it is", async () => {
    const ledger = await ledgerWith(listing(startMs));
    const state = deriveState(ledger, inputs(startMs, { scope: null }));
    assert.deepEqual(
      [state.apps, state.session, state.today.metered, state.today.reported],
      [[], null, null, null],
    );
  });

  it("counts today's cost from local midnight", async () => {
    const nowMs = startMs + 10 * minuteMs;
    const ledger = await ledgerWith(listing(nowMs));
    const eastern = deriveState(ledger, inputs(nowMs, { timeZone: "Pacific/Kiritimati" }));
    const western = deriveState(ledger, inputs(nowMs, { timeZone: "UTC" }));
    // 10:00 UTC is midnight at UTC+14: the container started with the day there.
    assert.equal(eastern.today.metered, western.today.metered);
    const before = deriveState(
      await ledgerWith(
        listing(nowMs, {
          containers: listing(nowMs).containers.map((one) => ({
            ...one,
            startedAtMs: startMs - 5 * minuteMs,
          })),
        }),
      ),
      inputs(nowMs, { timeZone: "Pacific/Kiritimati" }),
    );
    assert.ok((before.today.metered ?? 0) < 605_000, "five minutes of it were yesterday");
  });
});
