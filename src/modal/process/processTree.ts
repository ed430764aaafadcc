import type { Disposable } from "../../base/disposable.ts";

/** As much of a child process as is needed to end it. */
export interface Child {
  readonly pid?: number | undefined;
  kill(signal: NodeJS.Signals): boolean;
}

const running = new Set<Child>();
let exitHook = false;

/**
 * Ends a child and what it started: it is the leader of its own process group (except on Windows),
 * so `uv run modal` dies as a whole. False when it was gone already.
 */
export function killTree(child: Child, signal: NodeJS.Signals): boolean {
  if (child.pid === undefined) return false;
  if (process.platform === "win32") return child.kill(signal);
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return child.kill(signal);
  }
}

/** Remembers a child until disposed, so that it does not outlive this process. */
export function trackChild(child: Child): Disposable {
  if (!exitHook) {
    exitHook = true;
    process.once("exit", () => {
      for (const left of running) killTree(left, "SIGKILL");
    });
  }
  running.add(child);
  return { dispose: () => void running.delete(child) };
}
