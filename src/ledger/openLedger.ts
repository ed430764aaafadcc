import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { t } from "../base/text.ts";
import { delay } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import { Failure } from "../base/failure.ts";
import { systemClock } from "../base/systemClock.ts";
import type { Log } from "../base/log.ts";
import { Connection } from "./connection.ts";
import {
  clearSuspicion,
  copyLogAside,
  generations,
  isSuspect,
  noteSuspicion,
} from "./generation.ts";
import { LogCare } from "./logCare.ts";
import { isComplete, migrate, refuseForeign } from "./tables/migrate.ts";
import { isBusy, isDamage, ledgerFailure } from "./sqliteFailure.ts";
import { SqliteLedger } from "./sqliteLedger.ts";
import { unreadableTables } from "./rowCheck.ts";
import { integrityProblems } from "./thread.ts";
import { walDamage } from "./walHeader.ts";

/** Where the guardian notes a ledger that it had to set aside while no window was open (`remember`). */
export const setAsideKey = "ledger:setAsideByGuardian";

export interface OpenLedgerOptions {
  readonly clock?: Clock;
  /** How long to wait for a lock that another window holds, in milliseconds. */
  readonly busyTimeoutMs?: number;
  readonly log?: Log;
}

export interface OpenedLedger {
  readonly ledger: SqliteLedger;
  /** Its file: that of the newest generation. */
  readonly file: string;
  /** The damaged file that was set aside at this opening, to be told to the person; null: it was sound or new. */
  readonly setAside: string | null;
}

interface Sqlite {
  readonly DatabaseSync: typeof DatabaseSync;
}

const memory = ":memory:";

/** Pages of the log (4 KiB each) after which a commit moves it into the database, where the background did not. */
const checkpointPages = 8000;
/** A log that has grown beyond this shrinks to it when it begins anew; without, it stays as large as it ever was. */
const logSizeLimitBytes = 2 * 1024 * 1024;

/**
 * Opens the ledger at `path` (its folder must exist), creating or migrating it first. Any number of
 * windows may do so at once. ":memory:" gives one that nobody shares.
 *
 * Rejects with `Failure("ledger")` when the runtime has no SQLite, the file was written by a newer
 * version or another program (it is left alone), the disk is read-only or full, or the lock cannot
 * be had. A damaged file is set aside (left as it is, and a new one begun) and named in the result.
 */
export async function openLedger(
  path: string,
  options: OpenLedgerOptions = {},
): Promise<OpenedLedger> {
  const sqlite = await loadSqlite();
  const opener = new Opener(sqlite, path, options);
  try {
    return await opener.open();
  } catch (error) {
    throw ledgerFailure(error, path);
  }
}

export interface ReaderOptions {
  readonly clock?: Clock;
  /** SQLite met broken content. */
  readonly onDamage: () => void;
}

/** No reader waits for a lock: with a write-ahead log there is none, and without one the next question is soon. */
const readerTimeoutMs = 5;

/** The ledger in one file, to be read alone; another part of this process writes to it. Rejects like `openLedger`. */
export async function openReader(file: string, options: ReaderOptions): Promise<SqliteLedger> {
  const { DatabaseSync } = await loadSqlite();
  const open = (timeout: number): DatabaseSync =>
    new DatabaseSync(file, { readOnly: true, timeout });
  try {
    const connection = new Connection(file, open(readerTimeoutMs), {
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
  } catch (error) {
    throw ledgerFailure(error, file);
  }
}

/** A suspicion that proves right is noted for the next opening. */
async function integrityOf(file: string): Promise<readonly string[]> {
  const problems = await integrityProblems(file);
  if (problems.length > 0) noteSuspicion(file);
  return problems;
}

async function loadSqlite(): Promise<Sqlite> {
  try {
    return await import("node:sqlite");
  } catch (error) {
    throw new Failure(
      "ledger",
      t(
        "This editor's runtime has no SQLite, which the cost ledger needs. Update the editor (VS Code 1.101 or later).",
      ),
      { cause: error },
    );
  }
}

class Opener {
  readonly #sqlite: Sqlite;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #busyTimeoutMs: number;
  readonly #log: Log | undefined;

  constructor(sqlite: Sqlite, path: string, options: OpenLedgerOptions) {
    this.#sqlite = sqlite;
    this.#path = path;
    this.#clock = options.clock ?? systemClock;
    this.#busyTimeoutMs = options.busyTimeoutMs ?? 5000;
    this.#log = options.log;
  }

  async open(): Promise<OpenedLedger> {
    if (this.#path === memory) return { ledger: this.#inMemory(), file: memory, setAside: null };
    const { current } = generations(this.#path);
    if (walDamage(current) === undefined && !isSuspect(current)) {
      const database = await this.#connectUnlessDamaged(current);
      if (database !== undefined) return this.#opened(current, database, null);
    }
    return await this.#repair();
  }

  /** Several windows may find the damage at once: one begins a new file, the others find that one. */
  async #repair(): Promise<OpenedLedger> {
    // A database of its own is a lock that the system lets go of, however its holder ends.
    const lock = this.#database(`${this.#path}-repair`);
    try {
      lock.exec("BEGIN EXCLUSIVE");
      const { current, next } = generations(this.#path);
      const damage = walDamage(current);
      const log = damage === "broken-log" ? copyLogAside(current, this.#clock.nowMs()) : null;
      if (damage !== "lost-database") {
        const database = await this.#connectIfWhole(current);
        if (database !== undefined) return this.#opened(current, database, log);
      }
      return this.#opened(next, await this.#connectPatiently(next), current);
    } finally {
      lock.close();
    }
  }

  async #connectIfWhole(file: string): Promise<DatabaseSync | undefined> {
    const database = await this.#connectUnlessDamaged(file);
    if (database === undefined || !isSuspect(file)) return database;
    if ((await integrityProblems(file)).length === 0 && unreadableTables(database).length === 0) {
      clearSuspicion(file);
      return database;
    }
    database.close();
    return undefined;
  }

  async #connectUnlessDamaged(file: string): Promise<DatabaseSync | undefined> {
    try {
      return await this.#connectPatiently(file);
    } catch (error) {
      if (isDamage(error) || error instanceof IncompleteError) return undefined;
      throw error;
    }
  }

  /** Turning on the log needs the file alone for a moment, and SQLite does not wait for that by itself. */
  async #connectPatiently(file: string): Promise<DatabaseSync> {
    const deadlineMs = this.#clock.nowMs() + this.#busyTimeoutMs;
    for (;;) {
      try {
        return this.#connect(file);
      } catch (error) {
        if (!isBusy(error) || this.#clock.nowMs() >= deadlineMs) throw error;
      }
      await delay(this.#clock, 20);
    }
  }

  #connect(file: string): DatabaseSync {
    const database = this.#database(file);
    try {
      refuseForeign(database, file);
      const mode = database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
      // Without a log (some network disks) only FULL keeps the file sound after a power loss.
      database.exec(`PRAGMA synchronous = ${mode === "wal" ? "NORMAL" : "FULL"}`);
      database.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
      database.exec(`PRAGMA journal_size_limit = ${logSizeLimitBytes}`);
      migrate(database, file);
      if (file !== memory && !this.#isComplete(database)) throw new IncompleteError();
      // Fails now, and not at the first cost, where the disk is read-only.
      database.exec("BEGIN IMMEDIATE; ROLLBACK");
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #isComplete(database: DatabaseSync): boolean {
    const fresh = this.#database(memory);
    try {
      migrate(fresh, memory);
      return isComplete(database, fresh);
    } finally {
      fresh.close();
    }
  }

  #opened(file: string, database: DatabaseSync, setAside: string | null): OpenedLedger {
    let current = file;
    let identity = identityOf(file);
    let log = new LogCare(file, this.#clock);
    const connection = new Connection(this.#path, database, {
      onCommit: () => log.committed(),
      onDamage: () => noteSuspicion(current),
    });
    const ledger = new SqliteLedger(connection, {
      openReader: () =>
        new this.#sqlite.DatabaseSync(current, { readOnly: true, timeout: this.#busyTimeoutMs }),
      flush: () => log.flush(),
      checkIntegrity: () => integrityOf(current),
      followSetAside: () => {
        const newest = generations(this.#path).current;
        if (newest === current) return undefined;
        connection.replace(this.#connect(newest));
        current = newest;
        log.dispose();
        log = new LogCare(newest, this.#clock);
        identity = identityOf(newest);
        return newest;
      },
      isThere: () => identityOf(current) === identity,
      log: this.#log,
      dispose: () => log.dispose(),
    });
    return { ledger, file, setAside };
  }

  /** Shared with nobody, so there is no log to flush and nobody to follow. */
  #inMemory(): SqliteLedger {
    const database = this.#connect(memory);
    const connection = new Connection(memory, database, {
      onCommit: () => {},
      onDamage: () => {},
    });
    return new SqliteLedger(connection, {
      openReader: () => {
        const copy = new this.#sqlite.DatabaseSync(memory);
        copy.deserialize(database.serialize());
        return copy;
      },
      flush: () => Promise.resolve(),
      checkIntegrity: () =>
        Promise.resolve(
          connection
            .all("PRAGMA integrity_check")
            .map((row) => String(row["integrity_check"]))
            .filter((text) => text !== "ok"),
        ),
      followSetAside: () => undefined,
      isThere: () => true,
      log: this.#log,
      dispose: () => {},
    });
  }

  #database(file: string): DatabaseSync {
    return new this.#sqlite.DatabaseSync(file, { timeout: this.#busyTimeoutMs });
  }
}

/** The same as long as it is the same file; undefined: there is none. */
function identityOf(file: string): bigint | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
}

/** A file that opens but lacks tables: cut off, or overwritten. */
class IncompleteError extends Error {}
