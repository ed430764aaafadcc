import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { WindowRecord } from "../session/ledgerPort.ts";

/*
 * A window that wants a guardian leaves an empty file with its process id as its name. The guardian
 * looks there when the ledger, which knows the windows' heartbeats, cannot be read or written.
 */

/** Never throws: on a disk that takes no file, the ledger's heartbeats are all there is. */
export function signWindow(folder: string, pid: number): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, String(pid)), "", { mode: 0o600 });
  } catch {
    // See above.
  }
}

/** The windows that have signed and whose process lives, as windows that may watch anything. */
export function signedWindows(
  folder: string,
  nowMs: number,
  pidAlive: (pid: number) => boolean,
): readonly WindowRecord[] {
  return pidsIn(folder).flatMap((pid) => {
    if (pidAlive(pid))
      return [
        { windowId: `pid-${pid}`, pid, openedAtMs: nowMs, beatAtMs: nowMs, closedAtMs: null },
      ];
    rmSync(join(folder, String(pid)), { force: true });
    return [];
  });
}

function pidsIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isSafeInteger);
  } catch {
    return [];
  }
}
