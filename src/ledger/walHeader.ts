import { closeSync, openSync, readSync } from "node:fs";
import { sizeOf } from "./fileStats.ts";

/** The two magic numbers of a write-ahead log (https://sqlite.org/fileformat2.html#walformat). */
const magics: readonly number[] = [0x37_7f_06_82, 0x37_7f_06_83];

/**
 * What lies beside a database that SQLite would silently drop: a write-ahead log whose header is
 * broken, or one whose database is gone. Looks at the log first: a sound database never shrinks to
 * nothing, so another window that is just creating both cannot be mistaken for damage.
 */
export function walDamage(databasePath: string): "broken-log" | "lost-database" | undefined {
  const header = headerOf(`${databasePath}-wal`);
  if (header === undefined) return undefined;
  if (sizeOf(databasePath) === 0) return "lost-database";
  return header.length === 4 && magics.includes(header.readUInt32BE(0)) ? undefined : "broken-log";
}

/** The first bytes of the log; undefined when there is none or it is empty. */
function headerOf(path: string): Buffer | undefined {
  if (sizeOf(path) === 0) return undefined;
  const file = openSync(path, "r");
  try {
    const header = Buffer.alloc(4);
    return header.subarray(0, readSync(file, header));
  } finally {
    closeSync(file);
  }
}
