// A window without an editor, for as long as its parent wants: all that watches, follows and counts, on
// the ledger that a window has, with a real clock, a real thread that writes, and the SDK's own requests.
import { readdirSync, statSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as z from "zod/mini";
import { followLooks } from "../../src/app/looks.ts";
import { buildMoney } from "../../src/app/money.ts";
import { buildWatching } from "../../src/app/watching.ts";
import { DisposableStore } from "../../src/base/disposable.ts";
import { HourlyTexts } from "../../src/base/hourlyTexts.ts";
import type { Log } from "../../src/base/log.ts";
import { systemClock } from "../../src/base/systemClock.ts";
import { emptyCall } from "../../src/cost/call.ts";
import { usd } from "../../src/cost/money.ts";
import { WindowBeat } from "../../src/guardian/windowBeat.ts";
import { PatientFile } from "../../src/ledger/patient/patientFile.ts";
import { PatientLedger } from "../../src/ledger/patient/patientLedger.ts";
import { ThreadWriter } from "../../src/ledger/patient/threadWriter.ts";
import { createControl } from "../../src/modal/createControl.ts";
import { sdkLoader } from "../../src/modal/sdk/loadSdk.ts";
import { recordedRates } from "../../src/session/meter/recordedRates.ts";
import { LedgerWatch } from "../../src/session/watch/ledgerWatch.ts";
import { workedMs } from "../awakeMs.ts";
import { orderSchema, windowOptionsSchema, type Message, type Sample } from "./sample.ts";

const { name, ledgerFile, env } = windowOptionsSchema.parse(JSON.parse(process.argv[2] ?? "{}"));
const program = new URL("../../src/ledger/patient/writerThread.ts", import.meta.url);

setFlagsFromString("--expose-gc");
const collect = z.parse(
  z.custom<() => void>((value) => typeof value === "function"),
  runInNewContext("gc"),
);

const startMs = performance.now();
const tell = (message: Message): void => void process.send?.(message);
let logLines = 0;
let looks = 0;
let longestWorkMs = 0;
let isMeasuring = false;

const hourly = new HourlyTexts();
const note = (level: string, text: string): void => {
  logLines += 1;
  tell({ kind: "log", level, text });
};
/** As a person finds the log: what is wrong is in it once an hour (src/ui/logChannel.ts). */
const noteHourly = (level: string, text: string): void => {
  if (hourly.isDue(text, Date.now())) note(level, text);
};
const log: Log = {
  debug: () => undefined,
  info: (text) => note("info", text),
  warn: (text) => noteHourly("warn", text),
  error: (text, cause) => noteHourly("error", `${text} ${String(cause)}`),
};

const store = new DisposableStore();
const file = store.add(
  new PatientFile({
    clock: systemClock,
    writer: (events) => new ThreadWriter({ path: ledgerFile, program, clock: systemClock, events }),
    onBug: (error) => note("bug", String(error)),
  }),
);
await file.opened(5_000);
const ledger = new PatientLedger(file, log);
const window = {
  ledger,
  clock: systemClock,
  log,
  windowId: name,
  pid: process.pid,
  timeZone: "UTC",
};
const control = createControl({
  mode: "sdk",
  cli: null,
  loadSdk: sdkLoader(() => import("../../src/modal/sdk/entry.ts")),
  choice: { profile: null, environment: null },
  processEnv: env,
  clock: systemClock,
  log,
});
const watching = buildWatching(store, {
  ...window,
  random: Math.random,
  control: () => Promise.resolve(control),
  project: {
    currentFolder: () => "/project",
    factsInFile: () => undefined,
    gpuSetting: () => undefined,
  },
  rates: (scope) => recordedRates(ledger, scope, {}, systemClock.nowMs()),
  settingProblems: () => [],
});
const beat = store.add(new WindowBeat(window));
store.add(
  watching.poller.onSeen(({ listing }) => {
    looks += 1;
    beat.watch(listing.scope);
  }),
);
store.add(watching.meter.onChange((state) => void state.apps.length));
store.add(
  new LedgerWatch({
    ledger,
    clock: systemClock,
    onTrouble: ({ message }) => log.warn(message),
    onWell: () => log.info("The ledger is well again."),
  }),
);
followLooks(store, {
  ...window,
  ...watching,
  folders: () => ["/project"],
  onCall: () => undefined,
  onResumed: () => undefined,
  followers: [],
});
buildMoney(store, {
  ...window,
  ...watching,
  mutesLimits: () => false,
  budgets: () => [{ unit: "month", limit: usd(1_000_000) }],
  onExceeded: () => undefined,
  onBill: () => undefined,
  onPrices: () => undefined,
  onBillDenied: () => undefined,
});
watching.poller.start();
watchTurns();

let cpu = process.cpuUsage();
let cpuAtMs = performance.now();
let calls = 0;
process.on("message", (raw) => {
  const order = orderSchema.parse(raw);
  if (order.kind === "sample") tell({ kind: "sample", sample: sample() });
  if (order.kind === "focus") watching.poller.setFocused(order.isFocused);
  if (order.kind === "call") void call(order.url);
  if (order.kind === "close") void close();
});
process.on("disconnect", () => process.exit(0));
tell({ kind: "open" });

function sample(): Sample {
  const { user, system } = process.cpuUsage(cpu);
  const nowMs = performance.now();
  const cpuPercent = (user + system) / 10 / (nowMs - cpuAtMs);
  const turnMs = longestWorkMs;
  isMeasuring = true;
  const counted = { logLines, looks };
  [logLines, looks] = [0, 0];
  collect();
  collect();
  const { heapUsed, rss } = process.memoryUsage();
  // What it takes to measure is not the window's.
  cpu = process.cpuUsage();
  cpuAtMs = performance.now();
  return {
    minutes: (nowMs - startMs) / 60_000,
    heapMb: heapUsed / 1e6,
    rssMb: rss / 1e6,
    handles: process.getActiveResourcesInfo().filter((kind) => kind !== "Immediate").length,
    files: process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0,
    cpuPercent,
    turnMs,
    ledgerKb: sizeOf(ledgerFile) / 1024,
    walKb: sizeOf(`${ledgerFile}-wal`) / 1024,
    ...counted,
  };
}

/** The thread's own work between two ticks of 5 ms: a turn of the loop that is longer is seen whole. */
function watchTurns(): void {
  let before = workedMs();
  setInterval(() => {
    const now = workedMs();
    longestWorkMs = isMeasuring ? 0 : Math.max(longestWorkMs, now - before);
    isMeasuring = false;
    before = now;
  }, 5);
}

/** A call as the editor makes it: noted before, and its end. */
async function call(url: string): Promise<void> {
  calls += 1;
  const begun = {
    ...emptyCall({
      callId: `${name}-${calls}`,
      scope: "acme/main",
      source: "editor",
      startedAtMs: Date.now(),
      status: "running",
    }),
    endpoint: "flux",
    appName: "flux",
  };
  ledger.upsertCall(begun);
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ prompt: "a red fox", width: 64, height: 64, seed: calls }),
    });
    await answer.arrayBuffer();
    ledger.upsertCall({ ...begun, status: "succeeded", endedAtMs: Date.now() });
  } catch (error) {
    note("call", String(error));
    ledger.upsertCall({ ...begun, status: "failed", endedAtMs: Date.now() });
  }
}

async function close(): Promise<void> {
  store.dispose();
  await file.close();
  process.send?.({ kind: "closed" } satisfies Message, () => process.exit(0));
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
