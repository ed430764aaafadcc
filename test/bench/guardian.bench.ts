import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/systemClock.ts";
import { lastIncident } from "../unit/guardian/lastIncident.ts";
import { defaultTimings } from "../../src/guardian/timings.ts";
import { WindowBeat } from "../../src/guardian/windowBeat.ts";
import { openLedger } from "../../src/ledger/openLedger.ts";
import { until } from "../host/until.ts";
import { buildGuardian, GuardianDesk } from "../integration/guardian/guardianDesk.ts";
import { silentLog } from "../unit/silentLog.ts";
import { median } from "./figure.ts";
import type { Figure } from "./figure.ts";

const runs = 10;
/** How much faster than in life the guardian ticks here; its lease is shortened alike. */
const faster = { forMemory: 400, forCpu: 8 };
const hourMs = 3_600_000;
const ticksPerHour = hourMs / defaultTimings.tickMs;
const aloneTicksPerHour = hourMs / defaultTimings.aloneTickMs;
const looksPerHour = hourMs / defaultTimings.meterMs;

/**
 * What a process that is always there costs, and how soon it speaks. Linux: reads /proc.
 *
 * Memory and CPU are those of the real bundle, started as the extension starts it. CPU per hour is
 * the measured CPU of a wake-up and of a look at Modal, times their number in an hour. The guardian
 * wakes 8 times faster here (a warm processor cache would make much faster ones too cheap), with the
 * same share of lease renewals and checks, so that each wake-up does what it does in life. For its
 * memory it wakes 400 times faster, so that what grows with time is seen.
 */
export async function bench(): Promise<readonly Figure[]> {
  const bundles = await buildGuardian();
  const held = await memoryWhileWatched(bundles);
  const watched = await cpuWhileWatched(bundles);
  const tickSeconds = median(watched.map(({ tickSeconds }) => tickSeconds));
  const alone = await whileAlone(bundles, tickSeconds);
  const hourly = watched.map((one) => one.startSeconds + ticksPerHour * one.tickSeconds);
  const eager = held.map(({ eagerMb }) => eagerMb);
  return [
    smaller(
      "guardian memory above a bare process, after 40 min of wake-ups (peer: one that holds Modal's SDK ready)",
      held.map(({ mb }) => mb),
      eager,
      "MB",
      "<= 30 MB",
    ),
    smaller(
      "guardian memory above a bare process, once it has asked Modal 50 times (peer: as above)",
      alone.map(({ mb }) => mb),
      eager,
      "MB",
      "<= 30 MB",
    ),
    smaller(
      "guardian memory above a bare process, at its highest (peer: as above)",
      alone.map(({ peakMb }) => peakMb),
      eager,
      "MB",
      "<= 30 MB",
    ),
    smaller(
      "guardian CPU per hour, its start included, while a window is open (peer: the limit)",
      hourly,
      [1],
      "s",
      "<= 1 s",
    ),
    smaller(
      "guardian CPU in its first hour alone, its start, Modal's SDK and seven looks included (peer: the limit)",
      alone.map(({ seconds }) => seconds),
      [1],
      "s",
      "<= 1 s",
    ),
    ...(await timeToReminder(bundles)),
    await timeToClose(),
  ];
}

interface Held {
  readonly mb: number;
  readonly eagerMb: number;
}

async function memoryWhileWatched(bundles: readonly string[]): Promise<readonly Held[]> {
  const results: Held[] = [];
  for (let run = 0; run < runs; run += 1) {
    const desk = await watchedDesk(bundles, faster.forMemory);
    const bare = await plainNode("");
    const eager = await plainNode(
      `require(${JSON.stringify(bundles[1])}); require("node:sqlite");`,
    );
    try {
      const pid = await guardianOf(desk);
      const from = performance.now();
      await until("it has woken often", () => performance.now() - from > 6_000);
      results.push({
        mb: residentMb(pid) - residentMb(bare.pid),
        eagerMb: residentMb(eager.pid) - residentMb(bare.pid),
      });
    } finally {
      bare.kill("SIGKILL");
      eager.kill("SIGKILL");
      await desk.dispose();
    }
  }
  return results;
}

interface Watched {
  readonly startSeconds: number;
  readonly tickSeconds: number;
}

async function cpuWhileWatched(bundles: readonly string[]): Promise<readonly Watched[]> {
  const results: Watched[] = [];
  for (let run = 0; run < runs; run += 1) {
    const desk = await watchedDesk(bundles, faster.forCpu);
    try {
      const pid = await guardianOf(desk);
      const started = performance.now();
      // Some eight seconds after its start, V8 tidies up once: that belongs to the start.
      await until("its start is over", () => performance.now() - started > 15_000);
      const startSeconds = cpuSeconds(pid);
      const from = performance.now();
      await until("it has woken often", () => performance.now() - from > 8_000);
      const ticks = ((performance.now() - from) / defaultTimings.tickMs) * faster.forCpu;
      results.push({ startSeconds, tickSeconds: (cpuSeconds(pid) - startSeconds) / ticks });
    } finally {
      await desk.dispose();
    }
  }
  return results;
}

/** A window, an app and a guardian whose wake-ups come so much faster than in life. */
async function watchedDesk(bundles: readonly string[], speed: number): Promise<GuardianDesk> {
  const desk = await GuardianDesk.open(bundles, {
    timings: { tickMs: defaultTimings.tickMs / speed, leaseMs: defaultTimings.leaseMs / speed },
  });
  desk.startApp("flux-api");
  await desk.openWindow();
  return desk;
}

interface Alone {
  readonly mb: number;
  readonly peakMb: number;
  readonly seconds: number;
}

async function whileAlone(
  bundles: readonly string[],
  tickSeconds: number,
): Promise<readonly Alone[]> {
  const results: Alone[] = [];
  const aloneTickMs = 1_000;
  for (let run = 0; run < runs; run += 1) {
    const desk = await GuardianDesk.open(bundles, {
      timings: { tickMs: 500, aloneTickMs, graceMs: 300, meterMs: 50 },
    });
    const bare = await plainNode("");
    try {
      desk.startApp("flux-api");
      const window = await desk.openWindow();
      const pid = await guardianOf(desk);
      await desk.close(window);
      await until("it looked once", () => lastIncident(desk.ledger)?.reminder.state === "showing");
      const firstSeconds = cpuSeconds(pid);
      const looked = (): number => desk.modal.journal.count({ name: "AppList" });
      const before = looked();
      const from = performance.now();
      await until("it looked often", () => looked() - before >= 50);
      const ticks = (performance.now() - from) / aloneTickMs;
      const spent = cpuSeconds(pid) - firstSeconds - ticks * tickSeconds;
      const lookSeconds = Math.max(0, spent) / (looked() - before);
      results.push({
        mb: residentMb(pid) - residentMb(bare.pid),
        peakMb: residentMb(pid, "VmHWM") - residentMb(bare.pid),
        seconds: firstSeconds + aloneTicksPerHour * tickSeconds + looksPerHour * lookSeconds,
      });
    } finally {
      bare.kill("SIGKILL");
      await desk.dispose();
    }
  }
  return results;
}

/** With the wake-ups and heartbeats as in life, and a short grace. */
async function timeToReminder(bundles: readonly string[]): Promise<readonly Figure[]> {
  const late: Record<"closed" | "killed", number[]> = { closed: [], killed: [] };
  const graceMs = 1_000;
  for (let run = 0; run < runs; run += 1)
    for (const how of ["closed", "killed"] as const) {
      const desk = await GuardianDesk.open(bundles, { timings: { ...defaultTimings, graceMs } });
      try {
        desk.startApp("flux-api");
        const window = await desk.openWindow();
        await guardianOf(desk);
        await (how === "closed" ? desk.close(window) : desk.kill(window));
        const goneAtMs = systemClock.nowMs();
        await until("the reminder is shown", () => desk.reminders.length > 0, { everyMs: 10 });
        late[how].push((systemClock.nowMs() - goneAtMs - graceMs) / 1000);
      } finally {
        await desk.dispose();
      }
    }
  return (["closed", "killed"] as const).flatMap((how) => [
    smaller(
      `reminder after the grace, window ${how} (peer: the limit)`,
      late[how],
      [5],
      "s",
      "<= 5 s",
    ),
    smaller(
      `reminder after the grace, window ${how}, slowest of ${runs} (peer: the limit)`,
      [Math.max(...late[how])],
      [5],
      "s",
      "<= 5 s",
    ),
  ]);
}

/** What `deactivate` does, while another process writes to the ledger all the time. */
async function timeToClose(): Promise<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "guardian-bench-"));
  const file = join(folder, "ledger.db");
  const { ledger } = await openLedger(file);
  const writer = await plainNode(
    `const { DatabaseSync } = require("node:sqlite");
     const database = new DatabaseSync(${JSON.stringify(file)}, { timeout: 5000 });
     const write = database.prepare("INSERT OR REPLACE INTO memory VALUES ('bench', '1')");
     const again = () => { write.run(); setTimeout(again, 1); };
     again();`,
  );
  const tookMs: number[] = [];
  try {
    for (let run = 0; run < 20 * runs; run += 1) {
      const beat = new WindowBeat({
        ledger,
        clock: systemClock,
        log: silentLog,
        windowId: `bench-${run}`,
        pid: process.pid,
      });
      const from = performance.now();
      beat.dispose();
      tookMs.push(performance.now() - from);
    }
  } finally {
    writer.kill("SIGKILL");
    ledger.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
  const slowest = Math.max(...tookMs);
  return {
    ...smaller(
      `closing a window, slowest of ${tookMs.length}, another process writing (peer: the limit)`,
      [slowest],
      [100],
      "ms",
      "<= 100 ms",
    ),
    runs: tookMs.length,
  };
}

async function guardianOf(desk: GuardianDesk): Promise<number> {
  return until("one guardian runs", () => {
    const [pid, ...more] = desk.guardianPids;
    return more.length === 0 && pid === desk.leasePid ? pid : undefined;
  });
}

/** A process of the same Node that does nothing but `script`, and stays. */
async function plainNode(script: string): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn(
    process.execPath,
    ["-e", `${script}; console.log("ready"); setInterval(() => {}, 1e6)`],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(child.stdout, "data");
  if (child.pid === undefined) throw new Error("No process.");
  return Object.assign(child, { pid: child.pid });
}

/** Resident memory now, or at its highest so far, in 10^6 bytes. */
function residentMb(pid: number, row: "VmRSS" | "VmHWM" = "VmRSS"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return (Number(new RegExp(`^${row}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024) / 1e6;
}

/** CPU time of a process, in seconds, to a nanosecond: the sum of its threads. */
function cpuSeconds(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e9;
}

function smaller(
  name: string,
  ours: readonly number[],
  peer: readonly number[],
  unit: string,
  goal: string,
): Figure {
  const figure = { ours: median(ours), peer: median(peer) };
  return { name, ...figure, ratio: figure.peer / figure.ours, unit, goal, runs };
}
