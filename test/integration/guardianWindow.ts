// A window without an editor: what the extension host does for the guardian, as a process of its own
// that a test can close, reload or kill. Talks to the test by IPC.
import { randomUUID } from "node:crypto";
import { emptyCall } from "../../src/cost/call.ts";
import * as z from "zod/mini";
import { systemClock } from "../../src/base/systemClock.ts";
import { startGuardian } from "../../src/guardian/startGuardian.ts";
import type { GuardianTimings } from "../../src/guardian/timings.ts";
import { WindowBeat } from "../../src/guardian/windowBeat.ts";
import { openLedger } from "../../src/ledger/openLedger.ts";
import { createControl } from "../../src/modal/createControl.ts";
import { sdkLoader } from "../../src/modal/sdk/loadSdk.ts";
import { liveApps } from "../../src/session/liveApp.ts";
import { Look } from "../../src/session/watch/look.ts";
import { modesOf } from "../../src/session/mode.ts";
import { scopeKey } from "../../src/session/scope.ts";
import { silentLog } from "../unit/silentLog.ts";

const options = z.parse(
  z.object({
    bundleFiles: z.array(z.string()),
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
  const { ledger } = await openLedger(options.ledgerFile);
  const beat = new WindowBeat({
    ledger,
    clock: systemClock,
    log: silentLog,
    windowId,
    pid: process.pid,
    ...(timings.beatMs === undefined ? {} : { beatMs: timings.beatMs }),
  });
  const control = createControl({
    mode: "sdk",
    cli: null,
    loadSdk: sdkLoader(options.bundleFiles[1] ?? ""),
    choice: { profile: null, environment: options.environment },
    processEnv: { ...process.env },
    clock: systemClock,
    log: silentLog,
  });
  const { scope, username } = await control.whoami();
  const connected = { control, scope, scopeKey: scopeKey(scope), username };
  const look = new Look({ ledger, clock: systemClock });
  let rows = 0;

  async function poll(): Promise<void> {
    const listing = await look.take(connected);
    beat.watch(connected.scopeKey);
    rows += 1;
    ledger.upsertCall({
      ...emptyCall({
        callId: `${windowId}-${rows}`,
        scope: connected.scopeKey,
        source: "editor",
        startedAtMs: Date.now(),
        status: "running",
      }),
      endpoint: "flux",
    });
    for (const { appId, name } of listing.apps) startedHere(appId, name);
    const guardian =
      liveApps(listing).length > 0
        ? startGuardian({
            bundleFiles: options.bundleFiles,
            storageFolder: options.storageFolder,
            ledgerFile: options.ledgerFile,
            ledger,
            nowMs: Date.now(),
            timings,
            ...(options.texts === null ? {} : { texts: options.texts }),
            target: {
              scope: connected.scopeKey,
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
              regionMultiplier: null,
              nonPreemptible: false,
            },
          })
        : "not-needed";
    // Only what is told here was written for sure: the test looks for each of these rows.
    process.send?.({ kind: "polled", rows, guardian });
  }

  /** A session that is over: the app is of this machine, and guarded while it costs. */
  function startedHere(appId: string, appName: string): void {
    ledger.upsertSession({
      sessionId: `session-of-${appId}`,
      scope: connected.scopeKey,
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

  async function pollForEver(): Promise<never> {
    for (;;) {
      await poll();
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  process.on("message", (message) => {
    if (message !== "close") return;
    const from = performance.now();
    beat.close();
    const tookMs = performance.now() - from;
    process.send?.({ kind: "closed", tookMs }, () => process.exit(0));
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ kind: "open", windowId });
  await pollForEver();
}
