// The entry of a bundle of its own (dist/keeper.cjs): a small process between a window and its
// `modal` command. Its stdin is a pipe from the window. When that pipe ends, because the window wants
// it or because the window is gone in whatever way (crash, SIGKILL, reload), the command ends as
// Ctrl-C would end it, and by force if it does not hear. Nothing has to be told, so nothing is
// forgotten: a pipe ends with its owner on every system.
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Disposable } from "../../base/disposable.ts";
import { systemClock } from "../../base/systemClock.ts";
import { cannotStartMark, usualGraceMs } from "./keeper.ts";
import { endSoftly } from "./softEnd.ts";

const [command, ...args] = process.argv.slice(2);
if (command === undefined) throw new Error("Usage: keeper <command> <arguments>.");

// The window may be gone: what the command still says is then said to nobody, and that is no error.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
// Of the same process group as this process, which leads it: a signal to the group reaches both.
const child = spawn(command, args, {
  env,
  stdio: ["ignore", "pipe", "pipe"],
  windowsHide: true,
});

let heard = 0;
for (const [from, to] of [
  [child.stdout, process.stdout],
  [child.stderr, process.stderr],
] as const) {
  // Read on in any case: a command whose output nobody takes would wait for ever, and not end.
  from.on("data", (chunk: Uint8Array) => {
    heard += 1;
    if (to.writable) to.write(chunk);
  });
}

let said = "";
let ending: Disposable | undefined;
let isOver = false;

function end(): void {
  if (ending !== undefined || isOver) return;
  const graceMs = Number.parseInt(said, 10);
  ending = endSoftly({
    clock: systemClock,
    send,
    heard: () => heard,
    graceMs: Number.isFinite(graceMs) ? graceMs : usualGraceMs,
  });
}

/** By its own place: a name alone is looked for in the current folder first, which is the workspace. */
function systemProgram(name: string): string {
  return join(process.env["SystemRoot"] ?? String.raw`C:\Windows`, "System32", name);
}

function send(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void {
  if (process.platform === "win32") {
    // No SIGINT reaches a child there. Modal misses its heartbeat within a minute.
    spawnSync(systemProgram("taskkill.exe"), ["/T", "/F", "/PID", String(child.pid)], {
      windowsHide: true,
    });
    return;
  }
  try {
    process.kill(-process.pid, signal);
  } catch {
    child.kill(signal);
  }
}

process.stdin.setEncoding("utf8");
process.stdin.on("data", (text: string) => (said += text));
for (const event of ["end", "close", "error"] as const) process.stdin.on(event, end);
// Its own signals to the group arrive here too, and must not end it before the command.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);

function leave(code: number): void {
  isOver = true;
  ending?.dispose();
  process.exitCode = code;
  process.stdin.destroy();
}

child.on("error", (error: NodeJS.ErrnoException) => {
  process.stderr.write(`${cannotStartMark}${error.code ?? "unknown"}\n`);
  leave(127);
});
child.on("close", (code) => leave(code ?? 1));
