// A window without an editor: what the extension host does to watch, to stop and for the guardian, as a
// process of its own that a test can close, reload or kill. Talks to the test by IPC.
import { randomUUID } from "node:crypto";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { emptyCall } from "../../../src/cost/call.ts";
import * as z from "zod/mini";
import { buildWatching } from "../../../src/app/watching.ts";
import { DisposableStore } from "../../../src/base/disposable.ts";
import { systemClock } from "../../../src/base/systemClock.ts";
import { recordedRates } from "../../../src/session/meter/recordedRates.ts";
import { liveGuardian } from "../../../src/guardian/guardianLease.ts";
import { unreportedIncidents } from "../../../src/guardian/incident/record.ts";
import { pidAlive } from "../../../src/guardian/pidAlive.ts";
import { startGuardian } from "../../../src/guardian/startGuardian.ts";
import type { GuardianStart } from "../../../src/guardian/startGuardian.ts";
import type { GuardianTimings } from "../../../src/guardian/timings.ts";
import { WindowBeat } from "../../../src/guardian/windowBeat.ts";
import { PatientFile } from "../../../src/ledger/patient/patientFile.ts";
import { PatientLedger } from "../../../src/ledger/patient/patientLedger.ts";
import { ThreadWriter } from "../../../src/ledger/patient/threadWriter.ts";
import { createControl } from "../../../src/modal/createControl.ts";
import { sdkLoader } from "../../../src/modal/sdk/loadSdk.ts";
import { liveApps } from "../../../src/session/liveApp.ts";
import type { Listing } from "../../../src/session/ledgerPort.ts";
import { modesOf } from "../../../src/session/mode.ts";
import { appAuthors } from "../../../src/session/appAuthors.ts";
import { ifReadable } from "../../../src/session/ifReadable.ts";
import { takeOverStops } from "../../../src/session/stop/begunStop.ts";
import { planStop } from "../../../src/session/stop/stopPlan.ts";
import { stopApps } from "../../../src/session/stop/stopApps.ts";
import { silentLog } from "../../unit/silentLog.ts";

const options = z.parse(
  z.object({
    bundleFiles: z.array(z.string()),
    writer: z.string(),
    storageFolder: z.string(),
    ledgerFile: z.string(),
    onClose: z.enum(["remind", "stop", "release", "off"]),
    stopAfterMinutes: z.number(),
    environment: z.nullable(z.string()),
    texts: z.nullable(z.object({ language: z.string(), file: z.string() })),
    timings: z.record(z.string(), z.number()),
  }),
  JSON.parse(process.argv[2] ?? "{}"),
);
const timings: Partial<GuardianTimings> = options.timings;

void open();

async function open(): Promise<void> {
  const windowId = randomUUID();
  const store = new DisposableStore();
  const blocks = monitorEventLoopDelay({ resolution: 5 });
  const bugs: string[] = [];
  const file = store.add(
    new PatientFile({
      clock: systemClock,
      writer: (events) =>
        new ThreadWriter({
          path: options.ledgerFile,
          program: options.writer,
          clock: systemClock,
          events,
        }),
      onBug: (error) => bugs.push(String(error)),
    }),
  );
  await file.opened(1_500);
  const ledger = new PatientLedger(file, silentLog);
  const beat = store.add(
    new WindowBeat({
      ledger,
      clock: systemClock,
      log: silentLog,
      windowId,
      pid: process.pid,
      ...(timings.beatMs === undefined ? {} : { beatMs: timings.beatMs }),
    }),
  );
  const control = createControl({
    mode: "sdk",
    cli: null,
    loadSdk: sdkLoader(options.bundleFiles[1] ?? ""),
    choice: { profile: null, environment: options.environment },
    processEnv: { ...process.env },
    clock: systemClock,
    log: silentLog,
  });
  const { connection, meter } = buildWatching(store, {
    ledger,
    clock: systemClock,
    log: silentLog,
    windowId,
    pid: process.pid,
    timeZone: "UTC",
    random: Math.random,
    control: async () => control,
    settingProblems: () => [],
    project: {
      currentFolder: () => null,
      factsInFile: () => undefined,
      gpuSetting: () => undefined,
    },
    rates: (scope) => recordedRates(ledger, scope, {}, systemClock.nowMs()),
  });
  const { scope, scopeKey, username } = await connection.open();
  let rows = 0;
  let guardian: GuardianStart["last"];

  async function poll(): Promise<void> {
    const listing = await meter.refreshNow();
    beat.watch(scopeKey);
    ifReadable(() =>
      takeOverStops({ ledger, holder: windowId, pid: process.pid, pidAlive }, listing),
    );
    const told = rows > 0 ? [] : untold();
    rows += 1;
    ledger.upsertCall({
      ...emptyCall({
        callId: `${windowId}-${rows}`,
        scope: scopeKey,
        source: "editor",
        startedAtMs: Date.now(),
        status: "running",
      }),
      endpoint: "flux",
    });
    for (const { appId, name } of listing.apps) startedHere(appId, name);
    const started = liveApps(listing).length > 0 ? await guard(listing) : "not-needed";
    // Only what is told here was written for sure: the test looks for each of these rows.
    const isWritten = await ledger.settled(200);
    process.send?.({
      kind: "polled",
      rows,
      written: isWritten ? rows : 0,
      guardian: started,
      trouble: ledger.trouble()?.message ?? null,
      apps: meter.state().apps.length,
      told,
    });
  }

  /** The scopes whose guardian left something to tell. */
  function untold(): readonly string[] {
    const nowMs = Date.now();
    const livePid = liveGuardian(ledger, nowMs, pidAlive)?.pid ?? null;
    return unreportedIncidents(ledger, { scope: scopeKey, livePid, nowMs }).map((one) => one.scope);
  }

  /** A session that is over: the app is of this machine, and guarded while it costs. */
  function startedHere(appId: string, appName: string): void {
    ledger.upsertSession({
      sessionId: `session-of-${appId}`,
      scope: scopeKey,
      folder: "/project",
      username,
      mode: "dev",
      scaledownSeconds: 120,
      startedAtMs: 0,
      endedAtMs: 0,
      end: "replaced",
      expiresAtMs: null,
      apps: [{ appId, appName, file: "/project/app.py", urls: [] }],
    });
  }

  async function guard(listing: Listing): Promise<string> {
    const started = await startGuardian({
      bundleFiles: options.bundleFiles,
      storageFolder: options.storageFolder,
      ledgerFile: options.ledgerFile,
      ledger,
      nowMs: Date.now(),
      last: guardian,
      timings,
      ...(options.texts === null ? {} : { texts: options.texts }),
      target: {
        scope: scopeKey,
        startedHere: listing.apps.map(({ appId }) => appId),
        trustedFolders: [],
        control: "sdk",
        cli: null,
        profile: null,
        environment: options.environment,
        username,
        onClose: options.onClose,
        stopAfterMinutes: options.stopAfterMinutes,
        productionModes: ["prod"],
        restingMode: modesOf({}).named("dev"),
        rates: {},
      },
    });
    if (started.kind === "started") guardian = { pid: started.pid, startedAtMs: Date.now() };
    return started.kind;
  }

  /** Stop All, as its command does it. */
  async function stopAll(): Promise<void> {
    const listing = await meter.refreshNow();
    const plan = planStop(
      {
        scope,
        listing,
        sessions: ledger.sessions({ scope: scopeKey }),
        folders: [],
        targets: [],
        username,
        authors: await appAuthors(control, liveApps(listing), silentLog),
        productionModes: ["prod"],
      },
      { kind: "all" },
    );
    const refresh = (asked: Parameters<typeof meter.refreshNow>[0]) => meter.refreshNow(asked);
    const receipt = await stopApps(
      { control, refresh, ledger, clock: systemClock, log: silentLog, pid: process.pid },
      plan,
      { receiptId: `stop-${windowId}`, by: "person" },
    );
    process.send?.({ kind: "stopped", verified: receipt.verified, receiptId: receipt.receiptId });
  }

  async function pollForEver(): Promise<never> {
    for (;;) {
      // Without Modal, the next one tries again, as in life.
      await poll().catch((error: unknown) => bugs.push(String(error)));
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  process.on("message", (message) => {
    if (message === "stop") {
      stopAll().catch((error: unknown) => process.send?.({ kind: "bug", text: String(error) }));
      return;
    }
    if (message === "measure") blocks.enable();
    if (message === "measured") {
      blocks.disable();
      process.send?.({ kind: "measured", blockMs: blocks.max / 1e6, bugs });
    }
    if (message !== "close") return;
    const from = performance.now();
    store.dispose();
    const tookMs = performance.now() - from;
    void file.close().then(() => {
      process.send?.({ kind: "closed", tookMs }, () => process.exit(0));
    });
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ kind: "open", windowId });
  await pollForEver();
}
