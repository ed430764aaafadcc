import { chmodSync, readdirSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";

/**
 * Makes the files of a ledger readable by this user alone: its log, its copies and later generations too,
 * and those that an older version left open. What it holds is what was asked, and what it cost. Never throws.
 */
export function closeToOthers(path: string): void {
  const stem = basename(path, extname(path));
  try {
    for (const entry of readdirSync(dirname(path), { withFileTypes: true }))
      if (entry.isFile() && entry.name.startsWith(stem))
        chmodSync(join(dirname(path), entry.name), 0o600);
  } catch {
    // Another user's, or a disk without rights of its own: it is used as it is.
  }
}
