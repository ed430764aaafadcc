import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/systemClock.ts";
import { readIncident } from "../../src/guardian/incidentRecord.ts";
import { defaultTimings } from "../../src/guardian/timings.ts";
import { WindowBeat } from "../../src/guardian/windowBeat.ts";
import { openLedger } from "../../src/ledger/openLedger.ts";
import { until } from "../host/until.ts";
import { buildGuardian, GuardianDesk } from "../integration/guardianDesk.ts";
import { silentLog } from "../unit/silentLog.ts";
import { median } from "./figure.ts";
import type { Figure } from "./figure.ts";

const runs = 10;
/** How much faster than in life the guardian ticks here; its lease is shortened alike. */
const faster = 100;
const hourMs = 3_600_000;
const ticksPerHour = hourMs / defaultTimings.tickMs;
const looksPerHour = hourMs / defaultTimings.meterMs;

/**
 * What a process that is always there costs, and how soon it speaks. Linux: reads /proc.
 *
 * Memory and CPU are those of the real bundle, started as the extension starts it. CPU per hour is
 * the measured CPU of a wake-up and of a look at Modal, times their number in an hour: the guardian
 * wakes 100 times faster here, with the same share of lease renewals and checks, so that each
 * wake-up does what it does in life.
 */
export async function bench(): Promise<readonly Figure[]> {
  const bundles = await buildGuardian();
  const watched = await whileWatched(bundles);
  const tickSeconds = median(watched.map(({ tickSeconds }) => tickSeconds));
  const alone = await whileAlone(bundles, tickSeconds);
  const hourly = watched.map((one) => one.startSeconds + ticksPerHour * one.tickSeconds);
  const eager = watched.map(({ eagerMb }) => eagerMb);
  return [
    smaller(
      "guardian memory above a bare process, after 80 min of wake-ups (peer: one that holds Modal's SDK ready)",
      watched.map(({ mb }) => mb),
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

interface Watched {
  readonly mb: number;
  readonly eagerMb: number;
  readonly startSeconds: number;
  readonly tickSeconds: number;
}

async function whileWatched(bundles: readonly string[]): Promise<readonly Watched[]> {
  const results: Watched[] = [];
  for (let run = 0; run < runs; run += 1) {
    const desk = await GuardianDesk.open(bundles, {
      timings: {
        tickMs: defaultTimings.tickMs / faster,
        leaseMs: defaultTimings.leaseMs / faster,
      },
    });
    const bare = await plainNode("");
    const eager = await plainNode(
      `require(${JSON.stringify(bundles[1])}); require("node:sqlite");`,
    );
    try {
      desk.startApp("flux-api");
      await desk.openWindow();
      const pid = await guardianOf(desk);
      const startSeconds = cpuSeconds(pid);
      const from = performance.now();
      await until("it has woken often", () => performance.now() - from > 5_000);
      const ticks = ((performance.now() - from) / defaultTimings.tickMs) * faster;
      results.push({
        mb: residentMb(pid) - residentMb(bare.pid),
        eagerMb: residentMb(eager.pid) - residentMb(bare.pid),
        startSeconds,
        tickSeconds: (cpuSeconds(pid) - startSeconds) / ticks,
      });
    } finally {
      bare.kill("SIGKILL");
      eager.kill("SIGKILL");
      await desk.dispose();
    }
  }
  return results;
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
  const tickMs = 500;
  for (let run = 0; run < runs; run += 1) {
    const desk = await GuardianDesk.open(bundles, {
      timings: { tickMs, graceMs: 300, meterMs: 50 },
    });
    const bare = await plainNode("");
    try {
      desk.startApp("flux-api");
      const window = await desk.openWindow();
      const pid = await guardianOf(desk);
      await desk.close(window);
      await until("it looked once", () => readIncident(desk.ledger)?.reminder.state === "showing");
      const firstSeconds = cpuSeconds(pid);
      const looked = (): number => desk.modal.journal.count({ name: "AppList" });
      const before = looked();
      const from = performance.now();
      await until("it looked often", () => looked() - before >= 50);
      const ticks = (performance.now() - from) / tickMs;
      const spent = cpuSeconds(pid) - firstSeconds - ticks * tickSeconds;
      const lookSeconds = Math.max(0, spent) / (looked() - before);
      results.push({
        mb: residentMb(pid) - residentMb(bare.pid),
        peakMb: residentMb(pid, "VmHWM") - residentMb(bare.pid),
        seconds: firstSeconds + ticksPerHour * tickSeconds + looksPerHour * lookSeconds,
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
      beat.close();
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

const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** User and system time of a process, in seconds, to a hundredth. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
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
