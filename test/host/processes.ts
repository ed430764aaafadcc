import { spawn } from "node:child_process";
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { until } from "./until.ts";

/** A process of this machine. */
export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

/** Marks every descendant through its environment, because a detached child leaves its group and parent. */
const marker = "MODAL_METER_TEST_OWNER";
const owner = `${process.pid}-${Date.now()}`;

const started = new Set<ChildProcess>();

/** Starts a process in a group of its own, which ends with this process at the latest. */
export function start(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { readonly env: NodeJS.ProcessEnv },
): ChildProcess {
  const child = spawn(command, args, {
    ...options,
    detached: process.platform !== "win32",
    env: { ...options.env, [marker]: owner },
  });
  started.add(child);
  child.once("exit", () => started.delete(child));
  return child;
}

/** The environment that marks a process which something else starts (a browser, Electron). */
export function marked(env: Record<string, string>): Record<string, string> {
  return { ...env, [marker]: owner };
}

/** Sends a signal to the process and its group. A process that is gone already is no error. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}

/** Ends the process as its owner would, then by force. Resolves when it is gone. */
export async function stop(child: ChildProcess, graceMs = 8000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  signalGroup(child, "SIGTERM");
  const force = setTimeout(() => signalGroup(child, "SIGKILL"), graceMs);
  await gone;
  clearTimeout(force);
  signalGroup(child, "SIGKILL");
}

/** Processes that this run started, directly or through others. Linux only (reads /proc); [] elsewhere. */
export function ownProcesses(): readonly RunningProcess[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
        if (!environment.includes(`${marker}=${owner}`)) return [];
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        // A zombie keeps its pid but not its command line.
        return command === "" ? [] : [{ pid, command }];
      } catch {
        return []; // It ended while we looked.
      }
    });
}

export function kill(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone, which is what was wanted.
  }
}

/** Kills what is still alive of this run, including processes that detached themselves. */
export async function killLeftovers(): Promise<readonly RunningProcess[]> {
  const left = ownProcesses();
  for (const { pid } of left) kill(pid);
  await until("processes of this run have ended", () => ownProcesses().length === 0);
  return left;
}

// The last resort: an exit handler may not wait, so it kills.
process.on("exit", () => {
  for (const child of started) signalGroup(child, "SIGKILL");
  for (const { pid } of ownProcesses()) kill(pid);
});
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.once(signal, () => process.exit(code));
}

/** Processes of the extension host, one for each window (two while a reload overlaps). */
export function extensionHosts(): readonly number[] {
  return ownProcesses()
    .filter(({ command }) => command.includes("--type=extensionHost"))
    .map(({ pid }) => pid);
}
