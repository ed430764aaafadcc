import { readFileSync } from "node:fs";

/** Whether a process with this id runs on this machine. One that we may not signal runs too. */
export function pidAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/**
 * A process that has ended, and whose parent has not asked how, still has its id. In a container whose
 * first process never asks, that is so for good. (The state stands after the name, which may itself
 * have spaces and brackets: proc_pid_stat(5).)
 */
function isZombie(pid: number): boolean {
  if (process.platform !== "linux") return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const state = stat.charAt(stat.lastIndexOf(")") + 2);
    return state === "Z" || state === "X";
  } catch {
    return false; // Hidden from us, or /proc is not there.
  }
}
