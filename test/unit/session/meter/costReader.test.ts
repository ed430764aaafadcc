import assert from "node:assert/strict";
import { usd } from "../../../../src/cost/money.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import { appHints } from "../../../../src/session/watch/appHints.ts";
import { addNotes } from "../../../../src/session/logs/appNotes.ts";
import { costIn, CostReader, type CostLedger } from "../../../../src/session/meter/costReader.ts";
import type { AppLife, FunctionLife } from "../../../../src/session/meter/containerLife.ts";
import { inWindow } from "../../../../src/session/appWindow.ts";
import { noteTerms } from "../../../../src/session/notedTerms.ts";
import { unknownTerms } from "../../../../src/cost/terms.ts";
import type { Ledger } from "../../../../src/session/ledgerPort.ts";
import { noteDate } from "../../../../src/session/watch/modalTime.ts";
import { appListing, container, logStartMs, ownCall, scope } from "../logSample.ts";
import { sessionApp, sessionSample } from "../sessionSample.ts";
import { receiptSample, stoppedAll } from "../receiptSample.ts";

const second = 1000;
const minute = 60 * second;
const hourMs = 60 * minute;
/** $3.6/h: a second of GPU is $0.001, to all intents and purposes without CPU and memory. */
const rates = rateHistory([], { overrides: { L40S: 3.6, cpu: 0.000001, memory: 0.000001 } });

/** A container that a look showed at the start and 10 s later, and a look half an hour later did not. */
async function sleptThrough(): Promise<Ledger> {
  const { ledger } = await openLedger(":memory:");
  for (const atMs of [logStartMs, logStartMs + 10 * second]) {
    ledger.recordListing(appListing(atMs, { containers: [container()], adapter: "cli" }));
  }
  ledger.recordListing(appListing(logStartMs + 30 * minute, { adapter: "cli" }));
  return ledger;
}

function secondsOf(ledger: CostLedger, reader = new CostReader(ledger)): number {
  const nowMs = logStartMs + 31 * minute;
  const reading = reader.read({ scope, fromMs: logStartMs, nowMs, rates });
  return costIn(reading, null, logStartMs).metered?.containerSeconds ?? 0;
}

function assertNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1, `${actual} s, not ${expected} s`);
}

describe("CostReader", () => {
  it("ends a container without any other sign by Modal's default window, not in the middle of a closed lid", async () => {
    assertNear(secondsOf(await sleptThrough()), 60);
  });

  it("takes what this machine saw by Modal's clock, where the two differ", async () => {
    // Ten minutes behind: the container is seen "before" its start, and the row of the call too.
    const { ledger } = await openLedger(":memory:");
    const behindMs = 10 * minute;
    for (const atMs of [logStartMs, logStartMs + 5 * minute]) {
      const listing = { containers: [container()], adapter: "cli" } as const;
      ledger.recordListing(appListing(atMs - behindMs, listing));
    }
    ledger.recordListing(appListing(logStartMs + 5.5 * minute - behindMs, { adapter: "cli" }));
    const seconds = (): number => {
      const nowMs = logStartMs + 31 * minute - behindMs;
      const reading = new CostReader(ledger).read({ scope, fromMs: nowMs - hourMs, nowMs, rates });
      return costIn(reading, null, nowMs - hourMs).metered?.containerSeconds ?? 0;
    };
    assert.ok(seconds() < 30, "before anybody knows of the clocks");
    noteDate(ledger, scope, behindMs, { era: 0, observedAtMs: logStartMs });
    assertNear(seconds(), 315);
  });

  it("ends a container a scaledown window after its last call, as the session says", async () => {
    const ledger = await sleptThrough();
    ledger.upsertSession(
      sessionSample({
        startedAtMs: logStartMs - 1000,
        scaledownSeconds: 120,
        apps: [sessionApp({ appId: "ap-1", name: "flux" })],
      }),
    );
    ledger.upsertCall(ownCall({ endedAtMs: logStartMs + 60 * second }));
    assertNear(secondsOf(ledger), 180);
  });

  it("does not take the window of a session that began after the container was last heard of", async () => {
    const ledger = await sleptThrough();
    const session = (sessionId: string, startedAtMs: number, scaledownSeconds: number): void =>
      ledger.upsertSession(
        sessionSample({
          sessionId,
          startedAtMs,
          scaledownSeconds,
          apps: [sessionApp({ appId: "ap-1", name: "flux" })],
        }),
      );
    ledger.upsertCall(ownCall({ endedAtMs: logStartMs + 60 * second }));
    session("later", logStartMs + 29 * minute, 1000);
    assertNear(secondsOf(ledger), 120);
    session("before", logStartMs - 1000, 300);
    assertNear(secondsOf(ledger), 360);
  });

  it("takes the window from the app file where no session tells, and asks for it by name", async () => {
    const ledger = await sleptThrough();
    ledger.upsertCall(ownCall({ endedAtMs: logStartMs + 60 * second }));
    const asked: string[] = [];
    const reader = new CostReader(ledger, {
      lifeInFile: (appName) => {
        asked.push(appName);
        return { scaledownSeconds: 300, warmContainers: 0 };
      },
    });
    assertNear(secondsOf(ledger, reader), 360);
    assert.deepEqual(asked, ["flux"]);
  });

  it("takes the window of the function that the container runs, where the app's functions differ", async () => {
    const ledger = await sleptThrough();
    ledger.upsertCall(ownCall({ endedAtMs: logStartMs + 60 * second }));
    const of = (gpu: string, scaledownSeconds: number): FunctionLife => ({
      gpu: { kind: "one", gpu },
      scaledownSeconds,
      minContainers: 0,
    });
    const life = (functions: Readonly<Record<string, FunctionLife>>): AppLife => ({
      scaledownSeconds: null,
      warmContainers: 0,
      functions: new Map(Object.entries(functions)),
      all: Object.values(functions),
      mayHaveMore: null,
    });
    const seconds = (functions: Readonly<Record<string, FunctionLife>>): number =>
      secondsOf(ledger, new CostReader(ledger, { lifeInFile: () => life(functions) }));
    // By its GPU, an L40S.
    assertNear(seconds({ "Big.*": of("H100", 600), "Small.*": of("L40S", 300) }), 360);
    // Two with this GPU: Modal's default until Modal names the function.
    const two = { "Big.*": of("L40S", 600), "Small.*": of("L40S", 300) };
    assertNear(seconds(two), 120);
    noteTerms(
      ledger,
      { scope, appId: "ap-1" },
      {
        containers: [
          {
            containerId: "ta-1",
            readyMs: logStartMs,
            askedAtMs: logStartMs,
            terms: unknownTerms,
            functionName: "Big.*",
          },
        ],
      },
    );
    assertNear(seconds(two), 660);
  });

  it("ends it by the window that was read of its function, where those of an app differ", async () => {
    const ledger = await sleptThrough();
    const windows = [
      { functionName: "Big.*", seconds: 600 },
      { functionName: "web", seconds: 120 },
    ];
    const app = sessionApp({ appId: "ap-1", name: "flux" });
    const apps = [{ ...app, scaledownSeconds: null, windows }];
    ledger.upsertSession(sessionSample({ scope, startedAtMs: logStartMs - minute, apps }));
    const runs = (functionName: string): void =>
      noteTerms(
        ledger,
        { scope, appId: "ap-1" },
        {
          containers: [
            {
              containerId: "ta-1",
              readyMs: logStartMs,
              askedAtMs: logStartMs,
              terms: unknownTerms,
              functionName,
            },
          ],
        },
      );
    assertNear(secondsOf(ledger), 60);
    runs("Big.*");
    assertNear(secondsOf(ledger), 600);
  });

  it("ends it at a stop, whether a receipt or the listing tells", async () => {
    const byReceipt = await sleptThrough();
    const app = { appId: "ap-1", name: "flux" };
    byReceipt.recordReceipt(
      receiptSample({
        scope,
        atMs: logStartMs + 100 * second,
        by: "guardian",
        ...stoppedAll(app),
      }),
    );
    assertNear(secondsOf(byReceipt), 100);
    const byListing = await sleptThrough();
    addNotes(
      byListing,
      { scope, appId: "ap-1" },
      { endedOnPurposeAtMs: [logStartMs + 200 * second] },
    );
    assertNear(secondsOf(byListing), 200);
  });

  it("does not keep a container alive for a call that ran in another one", async () => {
    const ledger = await sleptThrough();
    const life = { scaledownSeconds: 300, warmContainers: 0 };
    const reader = (): CostReader => new CostReader(ledger, { lifeInFile: () => life });
    ledger.upsertCall(ownCall({ callId: "own-1", endedAtMs: logStartMs + 60 * second }));
    ledger.upsertCall(
      ownCall({
        callId: "own-2",
        startedAtMs: logStartMs + 600 * second,
        endedAtMs: logStartMs + 700 * second,
      }),
    );
    assertNear(secondsOf(ledger, reader()), 1000);
    for (const [callId, containerId] of [
      ["own-1", "ta-1"],
      ["own-2", "ta-2"],
    ] as const) {
      const [call] = ledger.calls({ callId });
      assert.ok(call !== undefined);
      ledger.upsertCall({ ...call, logLineId: `log/ap-1/${containerId}/1/x/0` });
    }
    const reading = reader().read({
      scope,
      fromMs: logStartMs,
      nowMs: logStartMs + 31 * minute,
      rates,
    });
    assert.deepEqual(
      reading.priced.map(({ span, interval }) => [span.containerId, interval.countedToMs]),
      [
        ["ta-1", logStartMs + 360 * second],
        ["ta-2", logStartMs + 1000 * second],
      ],
    );
  });

  it("keeps a container that min_containers keeps, until it is stopped", async () => {
    const ledger = await sleptThrough();
    addNotes(ledger, { scope, appId: "ap-1" }, { endedOnPurposeAtMs: [logStartMs + 20 * minute] });
    const life = { scaledownSeconds: 60, warmContainers: 1 };
    assertNear(secondsOf(ledger, new CostReader(ledger, { lifeInFile: () => life })), 20 * 60);
  });

  it("keeps none of another function, where Modal said that the app keeps some and the file tells which", async () => {
    const ledger = await sleptThrough();
    addNotes(ledger, { scope, appId: "ap-1" }, { endedOnPurposeAtMs: [logStartMs + 20 * minute] });
    const flux = sessionApp({ appId: "ap-1", name: "flux" });
    const apps = [inWindow(flux, { windowSeconds: 60, keptWarm: 1 }, 60)];
    ledger.upsertSession(sessionSample({ startedAtMs: logStartMs, scaledownSeconds: 60, apps }));
    const of = (gpu: string, minContainers: number): FunctionLife => ({
      gpu: { kind: "one", gpu },
      scaledownSeconds: 60,
      minContainers,
    });
    const seconds = (...all: readonly FunctionLife[]): number => {
      const warmContainers = all.reduce((sum, { minContainers = 0 }) => sum + minContainers, 0);
      const life = { scaledownSeconds: 60, warmContainers, all, mayHaveMore: null };
      return secondsOf(ledger, new CostReader(ledger, { lifeInFile: () => life }));
    };
    // By its GPU, an L40S.
    const notKept = seconds(of("H100", 1), of("L40S", 0));
    assert.ok(notKept < 10 * 60, String(notKept));
    assertNear(seconds(of("H100", 0), of("L40S", 1)), 20 * 60);
    // The file knows of none, and Modal does.
    assertNear(seconds(of("H100", 0), of("L40S", 0)), 20 * 60);
  });

  it("counts a container that only the log names, once", async () => {
    const ledger = await sleptThrough();
    const before = secondsOf(ledger);
    const logged = {
      scope,
      appId: "ap-1",
      appName: "flux",
      containerId: "ta-2",
      firstLineMs: logStartMs + 5 * minute,
      lastLineMs: logStartMs + 6 * minute,
    };
    addNotes(ledger, { scope, appId: "ap-1" }, { logged: [logged] });
    assertNear(secondsOf(ledger) - before, 60 + 60);
    // Then Modal tells of it: what it says takes the place of what was inferred.
    const details = container({
      containerId: "ta-2",
      startedAtMs: logStartMs + 5 * minute,
      finishedAtMs: logStartMs + 8 * minute,
      gpuSource: "container",
    });
    ledger.recordListing(appListing(logStartMs + 30 * minute, { ended: [details] }));
    assertNear(secondsOf(ledger) - before, 3 * 60);
  });

  it("leaves out what was logged before the range, though its span is not read any more", async () => {
    const { ledger } = await openLedger(":memory:");
    const lastLineMs = logStartMs - 3 * 60 * minute;
    const details = container({
      startedAtMs: lastLineMs - minute,
      finishedAtMs: lastLineMs + 1,
      gpuSource: "container",
    });
    ledger.recordListing(appListing(logStartMs - 2 * 60 * minute, { ended: [details] }));
    const logged = [
      {
        scope,
        appId: "ap-1",
        appName: "flux",
        containerId: "ta-1",
        firstLineMs: lastLineMs,
        lastLineMs,
      },
    ];
    addNotes(ledger, { scope, appId: "ap-1" }, { logged });
    ledger.recordListing(
      appListing(logStartMs, { containers: [container({ containerId: "ta-5" })] }),
    );
    const reading = new CostReader(ledger).read({
      scope,
      fromMs: logStartMs,
      nowMs: logStartMs + minute,
      rates,
    });
    assert.deepEqual(
      reading.priced.map(({ span }) => span.containerId),
      ["ta-5"],
    );
  });

  it("prices a container that only the guardian's look saw, as its app file says", async () => {
    const { ledger } = await openLedger(":memory:");
    const bare = container({ gpu: null, gpuSource: "unknown" });
    for (const atMs of [logStartMs, logStartMs + 100 * second])
      ledger.recordListing(appListing(atMs, { containers: [bare], adapter: "cli" }));
    const range = { scope, fromMs: logStartMs, nowMs: logStartMs + 100 * second, rates };
    const unknown = costIn(new CostReader(ledger).read(range), null, logStartMs);
    assert.equal(unknown.best.known, false);
    const appHint = appHints({
      inFile: () => ({ gpu: "L40S", cpuCores: 4, memoryGib: 16 }),
      inSettings: () => undefined,
    });
    const reading = new CostReader(ledger, { appHint }).read(range);
    assert.deepEqual(
      reading.priced.map(({ span: { gpu, gpuSource, cpuCores } }) => [
        gpu?.type,
        gpuSource,
        cpuCores,
      ]),
      [["L40S", "deploy-file", 4]],
    );
    const { best } = costIn(reading, null, logStartMs);
    assert.ok(best.known && Math.abs(best.microUsd - 100_000) < 100, "100 s at $3.6/h");
  });

  it("prices each container at the rates of its start", async () => {
    const { ledger } = await openLedger(":memory:");
    const [first, second_] = ["ta-1", "ta-2"].map((containerId, index) =>
      container({
        containerId,
        startedAtMs: logStartMs + index * minute,
        finishedAtMs: logStartMs + index * minute + 10 * second,
        gpuSource: "container",
      }),
    );
    assert.ok(first !== undefined && second_ !== undefined);
    ledger.recordListing(appListing(logStartMs + 2 * minute, { ended: [first, second_] }));
    const told = (sinceMs: number, usdPerHour: number) => ({
      usdPerHourByKey: new Map([["gpu_hour_cost_l40s", usdPerHour]]),
      sinceMs,
      fetchedAtMs: sinceMs,
    });
    const history = rateHistory([told(logStartMs, 3.6), told(logStartMs + minute, 7.2)], {
      overrides: { cpu: 1e-9, memory: 1e-9 },
    });
    const range = { scope, fromMs: logStartMs, nowMs: logStartMs + 3 * minute, rates: history };
    const { metered } = costIn(new CostReader(ledger).read(range), null, logStartMs);
    assert.equal(metered?.known.microUsd, 10_000 + 20_000);
  });

  it("prices each second of a container at the price of that second, where one changes during its life", async () => {
    const { ledger } = await openLedger(":memory:");
    const whole = container({
      containerId: "ta-1",
      startedAtMs: logStartMs,
      finishedAtMs: logStartMs + 60 * second,
      gpuSource: "container",
    });
    ledger.recordListing(appListing(logStartMs + 2 * minute, { ended: [whole] }));
    const told = (sinceMs: number, usdPerHour: number) => ({
      usdPerHourByKey: new Map([["gpu_hour_cost_l40s", usdPerHour]]),
      sinceMs,
      fetchedAtMs: sinceMs,
    });
    const changes = [told(logStartMs, 7.2), told(logStartMs + 20 * second, 3.6)];
    const history = rateHistory(changes, { overrides: { cpu: 1e-9, memory: 1e-9 } });
    const range = { scope, fromMs: logStartMs, nowMs: logStartMs + 3 * minute, rates: history };
    const { metered } = costIn(new CostReader(ledger).read(range), null, logStartMs);
    assert.equal(metered?.known.microUsd, 20 * 2000 + 40 * 1000);
  });

  it("counts an app that only its log names, at the GPU that its file says", async () => {
    const { ledger } = await openLedger(":memory:");
    const seen = { containerId: "ta-9", scope, appId: "ap-1", appName: "flux" };
    addNotes(
      ledger,
      { scope, appId: "ap-1" },
      {
        logged: [{ ...seen, firstLineMs: logStartMs, lastLineMs: logStartMs + 40 * second }],
      },
    );
    const costWith = (known: ConstructorParameters<typeof CostReader>[1]) =>
      costIn(
        new CostReader(ledger, known).read({
          scope,
          fromMs: logStartMs,
          nowMs: logStartMs + 31 * minute,
          rates,
        }),
        null,
        logStartMs,
      );
    const unknown = costWith({});
    assert.deepEqual([unknown.best.known, unknown.metered?.containerSeconds], [false, 100]);
    const appHint = () => ({ deployFile: { gpu: { type: "L40S", count: 1 } } });
    const { best } = costWith({ appHint });
    assert.ok(best.known && Math.abs(best.microUsd - 100_000) < 100, JSON.stringify(best));
  });

  it("counts a container from its boot, as Modal tells how long it and others of its app loaded", async () => {
    const { ledger } = await openLedger(":memory:");
    const [first, second_] = ["ta-1", "ta-2"].map((containerId, index) =>
      container({
        containerId,
        enqueuedAtMs: logStartMs + index * 10 * minute,
        startedAtMs: logStartMs + index * 10 * minute + 2 * minute,
        finishedAtMs: logStartMs + index * 10 * minute + 3 * minute,
      }),
    );
    assert.ok(first !== undefined && second_ !== undefined);
    ledger.recordListing(appListing(logStartMs + 20 * minute, { ended: [first, second_] }));
    assertNear(secondsOf(ledger), 2 * (180 - 3));
    const [readyMs, startupMs] = [logStartMs + 2 * minute, 45_000];
    const startups = [{ containerId: "ta-1", appName: "flux", readyMs, startupMs }];
    addNotes(ledger, { scope, appId: "ap-1" }, { startups });
    assertNear(secondsOf(ledger), 2 * (60 + 45));
  });

  it("takes the start that Modal tells for the boot where containers loaded for longer than there was before it", async () => {
    const { ledger } = await openLedger(":memory:");
    const own = container({
      enqueuedAtMs: logStartMs,
      startedAtMs: logStartMs + 10_000,
      finishedAtMs: logStartMs + 3 * minute,
    });
    ledger.recordListing(appListing(logStartMs + 20 * minute, { ended: [own] }));
    assertNear(secondsOf(ledger), 180 - 3);
    const [readyMs, startupMs] = [logStartMs + 10_000, 60_000];
    const startups = [{ containerId: "ta-1", appName: "flux", readyMs, startupMs }];
    addNotes(ledger, { scope, appId: "ap-1" }, { startups });
    assertNear(secondsOf(ledger), 180 - 10);
  });

  it("reads the ledger again only when it has changed, and prices anew when the rates have", async () => {
    const ledger = await sleptThrough();
    let reads = 0;
    const counted: CostLedger = {
      spans: (query) => {
        reads += 1;
        return ledger.spans(query);
      },
      looks: (query) => ledger.looks(query),
      calls: (query) => ledger.calls(query),
      billed: (query) => ledger.billed(query),
      sessions: (query) => ledger.sessions(query),
      receipts: (query) => ledger.receipts(query),
      recall: (key, shape) => ledger.recall(key, shape),
      costVersion: () => ledger.costVersion(),
    };
    const reader = new CostReader(counted);
    const range = { scope, fromMs: logStartMs, nowMs: logStartMs + 31 * minute };
    const first = reader.read({ ...range, rates });
    const later = reader.read({ ...range, nowMs: range.nowMs + 5000, rates });
    const dearer = reader.read({ ...range, rates: rateHistory([], { overrides: { L40S: 7.2 } }) });
    assert.equal(reads, 1);
    const amount = (reading: typeof first): number =>
      costIn(reading, null, logStartMs).metered?.known.microUsd ?? 0;
    assert.equal(amount(first), amount(later));
    assert.ok(amount(dearer) > 1.9 * amount(first));
    ledger.beatWindow({ windowId: "w", pid: 1, openedAtMs: 1, beatAtMs: 2, closedAtMs: null });
    ledger.acquireLease("poll", "w", 1, logStartMs, 60_000);
    assert.equal(amount(reader.read({ ...range, rates })), amount(first));
    assert.equal(reads, 1, "heartbeats and leases are no reason to read");
    ledger.upsertCall(ownCall({ reportedMicroUsd: usd(0.01) }));
    assert.equal(reader.read({ ...range, rates }).calls.length, 1);
    assert.equal(reads, 2);
  });
});
