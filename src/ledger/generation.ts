import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { format, parse } from "node:path";
import { statsOf } from "./fileStats.ts";

/*
 * A damaged ledger is set aside by leaving it where it is and beginning the next generation:
 * ledger.db, ledger-2.db, ledger-3.db. It is not renamed, because another window may have it open:
 * SQLite deletes a log by its name when the last connection closes, and would then delete the log of
 * the new file (https://sqlite.org/howtocorrupt.html, "unlinking or renaming a database file while
 * in use").
 */

/** With what each SQLite file begins (https://sqlite.org/fileformat2.html#the_database_header). */
const magic = "SQLite format 3\0"; // not shown: bytes of a file

export interface Generations {
  /** The file in use now: the newest that is a database, or is about to become one. */
  readonly current: string;
  /** The file that would follow. */
  readonly next: string;
  /** Newer files that are no databases: somebody else's, or damaged from their first byte on. */
  readonly passedOver: readonly string[];
}

export function generations(path: string): Generations {
  const files = [path];
  for (;;) {
    const next = generation(path, files.length + 1);
    if (!existsSync(next)) break;
    files.push(next);
  }
  const at = files.findLastIndex(isDatabase);
  const current = (at < 0 ? files.at(-1) : files[at]) ?? path;
  const passedOver = at < 0 ? [] : files.slice(at + 1);
  return { current, next: generation(path, files.length + 1), passedOver };
}

/** The file to which other windows have gone over from `file`; undefined: none. Nobody ever goes back. */
export function laterGeneration(path: string, file: string): string | undefined {
  const { current, passedOver } = generations(path);
  return current === file || passedOver.includes(file) ? undefined : current;
}

function generation(path: string, number: number): string {
  if (number === 1) return path;
  const { dir, name, ext } = parse(path);
  return format({ dir, name: `${name}-${number}`, ext });
}

/** An empty file is one that a window is just creating. */
function isDatabase(path: string): boolean {
  const stats = statsOf(path);
  if (stats === undefined || stats === "none" || !stats.isFile()) return false;
  if (stats.size === 0) return true;
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(magic.length);
    readSync(file, head);
    return head.toString("latin1") === magic;
  } finally {
    closeSync(file);
  }
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
