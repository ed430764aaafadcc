import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/systemClock.ts";
import { Connection } from "./connection.ts";
import { noteSuspicion } from "./generation.ts";
import { integrityOf } from "./integrity.ts";
import { hasLog } from "./journal.ts";
import { LogCare } from "./logCare.ts";
import { loadSqlite } from "./sqlite.ts";
import { ledgerFailure } from "./sqliteFailure.ts";
import { SqliteLedger } from "./sqliteLedger.ts";
import { isCurrent } from "./tables/migrate.ts";

export interface ReaderOptions {
  readonly clock?: Clock;
  /** SQLite met broken content. */
  readonly onDamage: () => void;
}

/** No reader waits for a lock: with a write-ahead log there is none, and without one the next question is soon. */
const readerTimeoutMs = 5;
/** Without a log a reader has to wait for each commit, which waits for the disk; no longer than a window may stand still. */
const patientReaderTimeoutMs = 40;

/** The ledger in one file, to be read alone; another part of this process writes to it. Rejects with `Failure("ledger")`. */
export async function openReader(file: string, options: ReaderOptions): Promise<SqliteLedger> {
  const { DatabaseSync } = await loadSqlite();
  const open: Open = (timeout) => new DatabaseSync(file, { readOnly: true, timeout });
  try {
    return readerOf(file, open(readerTimeoutMs), open, options);
  } catch (error) {
    throw ledgerFailure(error, file);
  }
}

/**
 * The same for a file that could not be opened for writing (its disk is read-only or full, say);
 * undefined: it cannot be read either, or it is none of this version's.
 */
export async function openUnproven(
  file: string,
  options: ReaderOptions,
): Promise<SqliteLedger | undefined> {
  const { DatabaseSync } = await loadSqlite();
  const open: Open = (timeout) => new DatabaseSync(file, { readOnly: true, timeout });
  try {
    const database = open(readerTimeoutMs);
    if (isCurrent(database)) return readerOf(file, database, open, options);
    database.close();
  } catch {
    // The writer has told why.
  }
  return undefined;
}

type Open = (timeoutMs: number) => DatabaseSync;

function readerOf(
  file: string,
  database: DatabaseSync,
  open: Open,
  options: ReaderOptions,
): SqliteLedger {
  if (!hasLog(database)) database.exec(`PRAGMA busy_timeout = ${patientReaderTimeoutMs}`);
  const connection = new Connection(file, database, {
    onCommit: () => {},
    onDamage: (what) => {
      noteSuspicion(file);
      if (what === "page") options.onDamage();
    },
  });
  const log = new LogCare(file, options.clock ?? systemClock);
  return new SqliteLedger(connection, {
    openReader: () => open(5_000),
    flush: () => log.flush(),
    checkIntegrity: () => integrityOf(file),
    followSetAside: () => undefined,
    isThere: () => true,
    log: undefined,
    dispose: () => log.dispose(),
  });
}
