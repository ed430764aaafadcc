import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { isBusy, isLockFailure, lacksSharedMemory } from "./sqliteFailure.ts";

/*
 * What the disk beside a ledger can do, tried with a new database that nobody else knows of: the
 * ledger's own file must not be changed to find out, as other windows work with it.
 */

type Open = (file: string) => DatabaseSync;

export function hasLocks(ledgerFile: string, open: Open): boolean {
  const error = errorOf(ledgerFile, open, "BEGIN EXCLUSIVE; ROLLBACK");
  return !isBusy(error) && !isLockFailure(error);
}

/** Whether a write-ahead log can have its index there. */
export function hasSharedMemory(ledgerFile: string, open: Open): boolean {
  return !lacksSharedMemory(
    errorOf(ledgerFile, open, "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; ROLLBACK"),
  );
}

/** Why the statements failed; undefined: they did not. */
function errorOf(ledgerFile: string, open: Open, statements: string): unknown {
  const probe = `${ledgerFile}-probe-${randomUUID()}`;
  try {
    const database = open(probe);
    try {
      database.exec(statements);
    } finally {
      database.close();
    }
    return undefined;
  } catch (error) {
    return error;
  } finally {
    for (const end of ["", "-journal", "-wal", "-shm"]) rmSync(probe + end, { force: true });
  }
}
