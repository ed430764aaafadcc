import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import { BriefLives, type BriefLivesSource } from "../../../../src/session/logs/briefLives.ts";
import type { Ledger, Listing } from "../../../../src/session/ledgerPort.ts";
import { gapText } from "../../../../src/session/gap.ts";
import { unknownTimes } from "../../../../src/session/meter/unknownTimes.ts";
import type { AppInfo, LogChunk, ModalControl } from "../../../../src/session/modalControl.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { controlThatOnly } from "../controlThatOnly.ts";
import { appListing, chunk, line, logStartMs, scope } from "../logSample.ts";

const second = 1000;
const minute = 60 * second;

/** A job that began 5 s after one look and ended 40 s later, before the next. */
const job: AppInfo = {
  appId: "ap-1",
  name: "job.py",
  state: "stopped",
  containerCount: 0,
  createdAtMs: logStartMs + 5 * second,
  stoppedAtMs: logStartMs + 45 * second,
};
const service: AppInfo = { ...job, name: "brief", state: "deployed", stoppedAtMs: null };

const main = { functionId: "fu-1", name: "main", gpus: [{ type: "L4", count: 1 }] };

interface Scene {
  readonly ledger: Ledger;
  readonly asked: string[];
  readonly look: (atSeconds: number, some?: Partial<Listing>) => Promise<void>;
}

async function scene(
  entries: readonly LogChunk[],
  some: { readonly answers?: Partial<ModalControl>; readonly windowSeconds?: number } = {},
): Promise<Scene> {
  const clock = new VirtualClock(logStartMs);
  const { ledger } = await openLedger(":memory:", { clock });
  const asked: string[] = [];
  const control = controlThatOnly({
    fetchLogs: (appId, { sinceMs = 0, untilMs = Infinity }) => {
      asked.push(appId);
      return Promise.resolve(
        entries.filter(({ atMs }) => (atMs ?? 0) >= sinceMs && (atMs ?? 0) < untilMs),
      );
    },
    containerDetails: (containerId) =>
      Promise.resolve({
        containerId,
        appId: "ap-1",
        enqueuedAtMs: logStartMs + 6 * second,
        startedAtMs: logStartMs + 20 * second,
        finishedAtMs: logStartMs + 44 * second,
        gpu: null,
        isSandbox: false,
      }),
    appFunctions: () => Promise.resolve([main]),
    functionContainers: () => Promise.resolve([]),
    ...some.answers,
  });
  const source: BriefLivesSource = { control, scopeKey: scope };
  const lives = new BriefLives({
    ledger,
    clock,
    log: silentLog,
    holder: "window-1",
    pid: process.pid,
    rates: () => ratesInForce(),
    windowInFile: () => some.windowSeconds ?? 300,
    onCall: () => {},
  });
  return {
    ledger,
    asked,
    look: async (atSeconds, with_ = {}) => {
      const observedAtMs = logStartMs + atSeconds * second;
      await clock.advance(observedAtMs - clock.nowMs());
      const sinceMs = ledger.latestListing(scope)?.observedAtMs ?? null;
      const listing = appListing(observedAtMs, { apps: [], ...with_ });
      ledger.recordListing(listing);
      await lives.update(source, { ...listing, sinceMs });
    },
  };
}

function spans(ledger: Ledger) {
  return ledger.spans({ scope, fromMs: 0, toMs: logStartMs + 60 * minute });
}

const day = { fromMs: logStartMs - 60 * minute, toMs: logStartMs + 60 * minute };

describe("BriefLives", () => {
  it("finds a job that began and ended between two looks, with its exact times, reading its log once", async () => {
    const { ledger, asked, look } = await scene([chunk(21, "up\n"), chunk(40, line("0.01"))]);
    await look(0);
    await look(60, { apps: [job] });
    await look(120, { apps: [job] });
    assert.deepEqual(
      spans(ledger).map(({ appName, enqueuedAtMs, finishedAtMs, gpu }) => [
        appName,
        gpu?.type,
        (enqueuedAtMs ?? 0) - logStartMs,
        (finishedAtMs ?? 0) - logStartMs,
      ]),
      [["job.py", "L4", 6 * second, 44 * second]],
    );
    assert.equal(ledger.calls({ scope }).length, 1);
    assert.deepEqual(asked, ["ap-1"]);
    assert.deepEqual(unknownTimes(ledger, scope, day), []);
  });

  it("finds by its calls what printed nothing", async () => {
    const functionContainers = () => Promise.resolve(["ta-7"]);
    const { ledger, look } = await scene([], { answers: { functionContainers } });
    await look(0);
    await look(60, { apps: [job] });
    assert.deepEqual(
      spans(ledger).map(({ containerId }) => containerId),
      ["ta-7"],
    );
    assert.deepEqual(unknownTimes(ledger, scope, day), []);
  });

  it("says of a job of which nothing tells that it ran, not that it cost nothing", async () => {
    const appFunctions = () => Promise.reject(new Failure("unsupported", "Not with this CLI."));
    const { ledger, look } = await scene([], { answers: { appFunctions } });
    await look(0, { adapter: "cli" });
    await look(120, { adapter: "cli", apps: [job] });
    const [gap, ...others] = unknownTimes(ledger, scope, day);
    assert.ok(gap !== undefined && others.length === 0);
    assert.equal(
      gapText(gap, "UTC"),
      "Sat 21 Nov 10:00 to Sat 21 Nov 10:02 (job.py ran; what it cost is not known until it is billed)",
    );
  });

  it("says the same after its log could not be read three times", async () => {
    const fetchLogs = () => Promise.reject(new Failure("offline", "No network."));
    const { ledger, look } = await scene([], { answers: { fetchLogs } });
    await look(0);
    await look(60, { apps: [job] });
    await look(120, { apps: [job] });
    assert.deepEqual(unknownTimes(ledger, scope, day), []);
    await look(180, { apps: [job] });
    assert.deepEqual(
      unknownTimes(ledger, scope, day).map(({ ran }) => ran),
      ["job.py"],
    );
  });

  it("reads what it had no time for at the next look, of many jobs and while it reads already", async () => {
    const { ledger, asked, look } = await scene([]);
    const jobs = Array.from({ length: 12 }, (_, index) => ({ ...job, appId: `ap-${index}` }));
    await look(0);
    const late = { createdAtMs: logStartMs + 60_500, stoppedAtMs: logStartMs + 60_900 };
    const all = [...jobs, { ...job, ...late, appId: "ap-late" }];
    await Promise.all([look(60, { apps: jobs }), look(61, { apps: all })]);
    for (const at of [120, 180, 240]) await look(at, { apps: all });
    assert.deepEqual(new Set(asked), new Set(all.map(({ appId }) => appId)));
    assert.equal(asked.length, new Set(asked).size, "each once");
    ledger.dispose();
  });

  it("does not say that a service ran which was deployed long ago and stopped while nobody looked", async () => {
    const appFunctions = () => Promise.reject(new Failure("unsupported", "Not with this CLI."));
    const { ledger, look } = await scene([], { answers: { appFunctions } });
    await look(0, { adapter: "cli" });
    const createdAtMs = logStartMs - 30 * 24 * 60 * minute;
    await look(120, { adapter: "cli", apps: [{ ...job, createdAtMs }] });
    assert.deepEqual(unknownTimes(ledger, scope, day), []);
  });

  it("says nothing of an app that was deployed and stopped and never called", async () => {
    const { ledger, look } = await scene([]);
    await look(0);
    await look(60, { apps: [job] });
    assert.deepEqual(unknownTimes(ledger, scope, day), []);
    assert.deepEqual(spans(ledger), []);
  });

  it("reads the log of an app with a brief window every five minutes, though nothing changed", async () => {
    const entries = [chunk(400, "up\n"), chunk(402, line("0.0001"), { containerId: "ta-1" })];
    const { ledger, asked, look } = await scene(entries, { windowSeconds: 2 });
    const apps = [{ ...service, createdAtMs: 0 }];
    for (let atSeconds = 0; atSeconds <= 660; atSeconds += 60) await look(atSeconds, { apps });
    assert.equal(asked.length, 3);
    assert.deepEqual(
      spans(ledger).map(({ containerId }) => containerId),
      ["ta-1"],
    );
  });

  it("reads no log on that pace where lives are long", async () => {
    const { asked, look } = await scene([]);
    const apps = [{ ...service, createdAtMs: 0 }];
    for (let atSeconds = 0; atSeconds <= 660; atSeconds += 60) await look(atSeconds, { apps });
    assert.deepEqual(asked, []);
  });

  it("asks again for the end of a container that ran still and was never listed", async () => {
    let isOver = false;
    const containerDetails: ModalControl["containerDetails"] = (containerId) =>
      Promise.resolve({
        containerId,
        appId: "ap-1",
        enqueuedAtMs: logStartMs + 58 * second,
        startedAtMs: logStartMs + 59 * second,
        finishedAtMs: isOver ? logStartMs + 61 * second : null,
        gpu: null,
        isSandbox: false,
      });
    const { ledger, look } = await scene([chunk(59, "up\n")], { answers: { containerDetails } });
    await look(0);
    await look(60, { apps: [{ ...job, state: "ephemeral", stoppedAtMs: null }] });
    assert.deepEqual(spans(ledger), []);
    isOver = true;
    await look(120, { apps: [{ ...job, state: "ephemeral", stoppedAtMs: null }] });
    assert.deepEqual(
      spans(ledger).map(({ finishedAtMs }) => (finishedAtMs ?? 0) - logStartMs),
      [61 * second],
    );
  });
});
