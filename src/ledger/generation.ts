import { copyFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { format, parse } from "node:path";

/*
 * A damaged ledger is set aside by leaving it where it is and beginning the next generation:
 * ledger.db, ledger-2.db, ledger-3.db. It is not renamed, because another window may have it open:
 * SQLite deletes a log by its name when the last connection closes, and would then delete the log of
 * the new file (https://sqlite.org/howtocorrupt.html, "unlinking or renaming a database file while
 * in use").
 */

function generation(path: string, number: number): string {
  if (number === 1) return path;
  const { dir, name, ext } = parse(path);
  return format({ dir, name: `${name}-${number}`, ext });
}

/** The file in use now, and the one that would follow it. */
export function generations(path: string): { readonly current: string; readonly next: string } {
  let number = 1;
  while (existsSync(generation(path, number + 1))) number += 1;
  return { current: generation(path, number), next: generation(path, number + 1) };
}

/** A note beside a file: damage was found in it while it was in use. The next opening reads it whole. */
export function isSuspect(file: string): boolean {
  return existsSync(`${file}-suspect`);
}

export function noteSuspicion(file: string): void {
  try {
    writeFileSync(`${file}-suspect`, "");
  } catch {
    // A disk that cannot take the note either will be told of by the next write.
  }
}

export function clearSuspicion(file: string): void {
  rmSync(`${file}-suspect`, { force: true });
}

/** Keeps a copy of a broken write-ahead log, which SQLite is about to overwrite. Returns its name. */
export function copyLogAside(file: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  for (let attempt = 1; ; attempt += 1) {
    const aside = `${file}.damaged-${stamp}${attempt === 1 ? "" : `-${attempt}`}-wal`;
    if (existsSync(aside)) continue;
    copyFileSync(`${file}-wal`, aside);
    return aside;
  }
}
