import { accessSync, constants } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { t } from "../base/text.ts";
import { hasLocks } from "./diskProbe.ts";
import { statsOf } from "./fileStats.ts";
import { isBusy, isLockFailure } from "./sqliteFailure.ts";

/** What SQLite keeps beside a database, and what this product does. */
const companions = ["", "-wal", "-shm", "-journal", "-suspect", "-tally"];

/**
 * Why a ledger's file cannot be used, where that lies in its surroundings and SQLite's own error
 * points elsewhere; undefined: as far as can be seen, the error is right. `error`: that error.
 */
export function fileTrouble(
  file: string,
  repairLock: string,
  error: unknown,
  open: (file: string) => DatabaseSync,
): string | undefined {
  for (const name of [...companions.map((end) => file + end), repairLock]) {
    const stats = statsOf(name);
    if (stats === undefined) continue;
    if (stats === "none" || !stats.isFile())
      return t("{0} is in the way: the cost ledger needs a file of this name. Move it away.", name);
    if (name === repairLock && stats.size > 0)
      return t(
        "{0} is in the way: the cost ledger needs an empty file of this name. Move it away.",
        name,
      );
    if (!isWritable(name))
      return t(
        "The cost ledger ({0}) cannot be written: its disk is read-only, or it belongs to another user. Make it writable.",
        name,
      );
  }
  if ((isBusy(error) || isLockFailure(error)) && !hasLocks(file, open))
    return t(
      "The disk of the cost ledger ({0}) has no file locks, so windows could damage each other's rows. Keep the editor's data on a local disk, or mount this one with locks.",
      file,
    );
  return undefined;
}

function isWritable(name: string): boolean {
  try {
    accessSync(name, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
