import assert from "node:assert/strict";
import { usd } from "../../../../src/cost/money.ts";
import { unknownTerms } from "../../../../src/cost/terms.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import { inWindow } from "../../../../src/session/appWindow.ts";
import type { Ledger } from "../../../../src/session/ledgerPort.ts";
import { addNotes } from "../../../../src/session/logs/appNotes.ts";
import type { AppKnowledge } from "../../../../src/session/meter/costReader.ts";
import { readingKeys } from "../../../../src/session/meter/readingKey.ts";
import { noteTerms, type NotedContainer } from "../../../../src/session/notedTerms.ts";
import { noteDate } from "../../../../src/session/watch/modalTime.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { appListing, container, ownCall, scope } from "../logSample.ts";
import { receiptSample, stoppedAll } from "../receiptSample.ts";
import { sessionApp, sessionSample } from "../sessionSample.ts";

const hourMs = 3_600_000;
/** A day that is over. */
const fromMs = Date.UTC(2026, 10, 20);
const toMs = fromMs + 24 * hourMs;
const noonMs = fromMs + 12 * hourMs;
const nowMs = toMs + 6 * hourMs;
const app = { scope, appId: "ap-1" };

/** What a reading of the day is made from besides the ledger. */
interface Scene {
  readonly ledger: Ledger;
  ratesKey: string;
  knowledge: AppKnowledge;
}

const ranMs = { startedAtMs: noonMs, finishedAtMs: noonMs + hourMs };
const ended = container({ containerId: "ta-1", gpu: null, gpuSource: "unknown", ...ranMs });
const inWindowOf = (windowSeconds: number, keptWarm: number) =>
  inWindow(sessionApp({ appId: "ap-1", name: "flux" }), { windowSeconds, keptWarm }, 120);
const session = sessionSample({ startedAtMs: noonMs, apps: [inWindowOf(600, 1)] });
const receipt = receiptSample({
  atMs: noonMs,
  ...stoppedAll({ appId: "ap-1", name: "flux" }),
});
const call = ownCall({ startedAtMs: noonMs, endedAtMs: noonMs + 10_000 });
/** It began on the day before, and ran into this one. */
const longCall = ownCall({
  callId: "own-2",
  startedAtMs: fromMs - 3 * hourMs,
  endedAtMs: fromMs + hourMs,
});
const noted: NotedContainer = {
  containerId: "ta-1",
  readyMs: noonMs,
  askedAtMs: noonMs,
  terms: unknownTerms,
};
const row = {
  objectId: "ap-1",
  description: "flux",
  environment: "main",
  cost: usd(1),
  intervalStartMs: noonMs,
};

async function scene(): Promise<Scene> {
  const { ledger } = await openLedger(":memory:", { clock: new VirtualClock(nowMs) });
  ledger.recordListing(appListing(noonMs + hourMs, { ended: [ended] }));
  ledger.upsertSession(session);
  ledger.recordReceipt(receipt);
  ledger.upsertCall(call);
  ledger.upsertCall(longCall);
  ledger.upsertBilled(scope, [row], { atMs: noonMs + hourMs, report: 0 });
  noteTerms(ledger, app, { containers: [noted] });
  return { ledger, ratesKey: "r1", knowledge: {} };
}

function keyOf({ ledger, ratesKey, knowledge: appKnowledge }: Scene): string {
  return readingKeys({ ledger, appKnowledge, ratesKey, scope, nowMs })({ fromMs, toMs });
}

type Change = (of: Scene) => void;

/** Of each field whether it tells something of a container: a new one must be named here. */
const ofContainer: Record<Exclude<keyof NotedContainer, "containerId">, Change | null> = {
  readyMs: null,
  askedAtMs: null,
  terms: noting({ terms: { ...unknownTerms, cores: 2 } }),
  endsByMs: noting({ endsByMs: noonMs + hourMs }),
  gpu: noting({ gpu: { type: "H100", count: 1 } }),
  functionName: noting({ functionName: "web" }),
  isOfEarlierDeploy: noting({ isOfEarlierDeploy: true }),
};

function noting(more: Partial<NotedContainer>): Change {
  return ({ ledger }) => noteTerms(ledger, app, { containers: [{ ...noted, ...more }] });
}

const changes: Record<string, Change> = {
  "the rates": (of) => void (of.ratesKey = "r2"),
  "the file's GPU": (of) =>
    void (of.knowledge = { appHint: () => ({ setting: { type: "L40S", count: 1 } }) }),
  "the file's windows": (of) =>
    void (of.knowledge = { lifeInFile: () => ({ scaledownSeconds: 60, warmContainers: 0 }) }),
  "another container": ({ ledger }) =>
    ledger.recordListing(
      appListing(noonMs + hourMs, { ended: [ended, { ...ended, containerId: "ta-2" }] }),
    ),
  "a container's GPU": ({ ledger }) =>
    ledger.recordListing(
      appListing(noonMs + hourMs, {
        ended: [{ ...ended, gpu: { type: "L40S", count: 1 }, gpuSource: "container" }],
      }),
    ),
  "another call": ({ ledger }) => ledger.upsertCall({ ...call, callId: "own-3" }),
  "a call's cost": ({ ledger }) => ledger.upsertCall({ ...call, reportedMicroUsd: usd(0.01) }),
  "a call's app": ({ ledger }) => ledger.upsertCall({ ...call, appId: "ap-2" }),
  "a call's status": ({ ledger }) => ledger.upsertCall({ ...call, status: "failed" }),
  "the end of a call that runs into it": ({ ledger }) =>
    ledger.upsertCall({ ...longCall, endedAtMs: fromMs + 5 * hourMs }),
  "a call that runs into it": ({ ledger }) =>
    ledger.upsertCall({ ...longCall, callId: "own-4", endedAtMs: null, status: "running" }),
  "the bill": ({ ledger }) =>
    ledger.upsertBilled(scope, [{ ...row, cost: usd(2) }], { atMs: noonMs + hourMs, report: 0 }),
  "what a stop stopped": ({ ledger }) =>
    ledger.recordReceipt({ ...receipt, stopped: [{ appId: "ap-2", name: "flux" }] }),
  "that nothing is kept warm": ({ ledger }) =>
    ledger.upsertSession({ ...session, apps: [inWindowOf(600, 0)] }),
  "an app's window": ({ ledger }) =>
    ledger.upsertSession({ ...session, apps: [inWindowOf(300, 1)] }),
  "a session's window": ({ ledger }) => ledger.upsertSession({ ...session, scaledownSeconds: 240 }),
  "when a session began": ({ ledger }) =>
    ledger.upsertSession({ ...session, startedAtMs: noonMs + 1 }),
  "an end on purpose": ({ ledger }) => addNotes(ledger, app, { endedOnPurposeAtMs: [noonMs] }),
  "how long a start took": ({ ledger }) =>
    addNotes(ledger, app, {
      startups: [{ containerId: "ta-1", appName: "flux", readyMs: noonMs, startupMs: 9000 }],
    }),
  "what a log tells": ({ ledger }) =>
    addNotes(ledger, app, {
      logged: [
        { ...app, containerId: "ta-9", appName: "flux", firstLineMs: noonMs, lastLineMs: noonMs },
      ],
    }),
  "what the bill has taught": ({ ledger }) =>
    ledger.remember(
      `learned ${scope}`,
      JSON.stringify({ sinceMs: 0, begin: "ready", possible: ["ready"], apps: [] }),
    ),
  "Modal's clock": ({ ledger }) => noteDate(ledger, scope, 60_000, { observedAtMs: nowMs, era: 0 }),
  "an app's functions": ({ ledger }) =>
    noteTerms(ledger, app, { functions: [{ functionId: "fu-1", terms: unknownTerms }] }),
};

describe("the key of a reading", () => {
  it("stays the same while nothing that it is made from changes", async () => {
    const of = await scene();
    const before = keyOf(of);
    of.ledger.upsertCall(ownCall({ callId: "own-5", startedAtMs: toMs + 4 * hourMs }));
    assert.equal(keyOf(of), before);
  });

  for (const [what, change] of [...Object.entries(changes), ...Object.entries(ofContainer)]) {
    if (change === null) continue;
    it(`is another one after a change of: ${what}`, async () => {
      const of = await scene();
      const before = keyOf(of);
      change(of);
      assert.notEqual(keyOf(of), before);
    });
  }
});
