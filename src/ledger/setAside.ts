import { copyFileSync, existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Failure } from "../base/failure.ts";

/** A note beside the ledger: a window found damage in it while it was in use. */
export function suspectPath(path: string): string {
  return `${path}-suspect`;
}

export function noteSuspicion(path: string): void {
  try {
    writeFileSync(suspectPath(path), "");
  } catch {
    // A disk that cannot take the note either will be told of by the next write.
  }
}

export function clearSuspicion(path: string): void {
  rmSync(suspectPath(path), { force: true });
}

/**
 * Renames a damaged ledger and its -wal and -shm files, so that a new one can begin; nothing is
 * deleted. The three keep matching names, so SQLite's tools read them together. Returns the new
 * name. The log goes first: SQLite would delete a log that it finds without its database.
 */
export function setAside(path: string, nowMs: number): string {
  const aside = freeName(path, nowMs);
  for (const suffix of ["-wal", "-shm", ""]) {
    try {
      if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    } catch (error) {
      throw new Failure(
        "ledger",
        `The cost ledger is damaged and cannot be set aside while other windows use it. Close them and reload this one: ${path}`,
        { cause: error },
      );
    }
  }
  return aside;
}

/** Keeps a copy of a broken write-ahead log, which SQLite is about to overwrite. Returns its name. */
export function copyLogAside(path: string, nowMs: number): string {
  const aside = `${freeName(path, nowMs)}-wal`;
  copyFileSync(`${path}-wal`, aside);
  return aside;
}

function freeName(path: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  for (let attempt = 1; ; attempt += 1) {
    const name = `${path}.damaged-${stamp}${attempt === 1 ? "" : `-${attempt}`}`;
    if (["", "-wal", "-shm"].every((suffix) => !existsSync(name + suffix))) return name;
  }
}
