import { existsSync, statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { delay } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import { Failure } from "../base/failure.ts";
import { systemClock } from "../base/systemClock.ts";
import type { Ledger, LedgerUpkeep } from "../session/ledgerPort.ts";
import { Connection } from "./connection.ts";
import { integrityProblems } from "./integrity.ts";
import { isComplete, migrate, refuseForeign } from "./migrate.ts";
import { clearSuspicion, copyLogAside, noteSuspicion, setAside, suspectPath } from "./setAside.ts";
import { isBusy, isDamage, ledgerFailure } from "./sqliteFailure.ts";
import { SqliteLedger } from "./sqliteLedger.ts";
import { WalFlush } from "./walFlush.ts";
import { walDamage } from "./walHeader.ts";

export interface OpenLedgerOptions {
  readonly clock?: Clock;
  /** How long to wait for a lock that another window holds, in milliseconds. */
  readonly busyTimeoutMs?: number;
}

export interface OpenedLedger {
  readonly ledger: Ledger & LedgerUpkeep;
  /** Where a damaged file was moved at this opening, to be told to the person; null: it was sound or new. */
  readonly setAside: string | null;
}

interface Sqlite {
  readonly DatabaseSync: typeof DatabaseSync;
}

/** Pages of the log (4 KiB each) after which a commit moves it into the database: fewer, longer pauses cost more than they save. */
const checkpointPages = 2000;

/**
 * Opens the ledger at `path` (its folder must exist), creating or migrating it first. Any number of
 * windows may do so at once. ":memory:" gives one that nobody shares.
 *
 * Rejects with `Failure("ledger")` when the runtime has no SQLite, the file was written by a newer
 * version or another program (it is left alone), the disk is read-only or full, or the lock cannot
 * be had. A damaged file is set aside, and named in the result.
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

async function loadSqlite(): Promise<Sqlite> {
  try {
    return await import("node:sqlite");
  } catch (error) {
    throw new Failure(
      "ledger",
      "This editor's runtime has no SQLite, which the cost ledger needs. Update the editor (VS Code 1.101 or later).",
      { cause: error },
    );
  }
}

class Opener {
  readonly #sqlite: Sqlite;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #busyTimeoutMs: number;

  constructor(sqlite: Sqlite, path: string, options: OpenLedgerOptions) {
    this.#sqlite = sqlite;
    this.#path = path;
    this.#clock = options.clock ?? systemClock;
    this.#busyTimeoutMs = options.busyTimeoutMs ?? 5000;
  }

  async open(): Promise<OpenedLedger> {
    if (this.#looksSound()) {
      try {
        return this.#opened(await this.#connectPatiently(), null);
      } catch (error) {
        if (!isDamage(error) && !(error instanceof IncompleteError)) throw error;
      }
    }
    return await this.#repair();
  }

  #looksSound(): boolean {
    if (this.#path === ":memory:") return true;
    return walDamage(this.#path) === undefined && !existsSync(suspectPath(this.#path));
  }

  /** Several windows may find the damage at once: one sets the file aside, the others then find a sound one. */
  async #repair(): Promise<OpenedLedger> {
    // A database of its own is a lock that the system lets go of, however its holder ends.
    const lock = new this.#sqlite.DatabaseSync(`${this.#path}-repair`, {
      timeout: this.#busyTimeoutMs,
    });
    try {
      lock.exec("BEGIN EXCLUSIVE");
      const wal = walDamage(this.#path);
      const logAside = wal === "broken-log" ? copyLogAside(this.#path, this.#clock.nowMs()) : null;
      if (wal !== "lost-database") {
        const database = await this.#connectIfSound();
        if (database !== undefined) return this.#opened(database, logAside);
      }
      const aside = setAside(this.#path, this.#clock.nowMs());
      clearSuspicion(this.#path);
      return this.#opened(await this.#connectPatiently(), aside);
    } finally {
      lock.close();
    }
  }

  async #connectIfSound(): Promise<DatabaseSync | undefined> {
    let database: DatabaseSync;
    try {
      database = await this.#connectPatiently();
    } catch (error) {
      if (isDamage(error) || error instanceof IncompleteError) return undefined;
      throw error;
    }
    if (!existsSync(suspectPath(this.#path))) return database;
    if ((await integrityProblems(this.#path)).length === 0) {
      clearSuspicion(this.#path);
      return database;
    }
    database.close();
    return undefined;
  }

  /** Turning on the log needs the file alone for a moment, and SQLite does not wait for that by itself. */
  async #connectPatiently(): Promise<DatabaseSync> {
    const deadlineMs = this.#clock.nowMs() + this.#busyTimeoutMs;
    for (;;) {
      try {
        return this.#connect();
      } catch (error) {
        if (!isBusy(error) || this.#clock.nowMs() >= deadlineMs) throw error;
      }
      await delay(this.#clock, 20);
    }
  }

  #connect(): DatabaseSync {
    const database = new this.#sqlite.DatabaseSync(this.#path, { timeout: this.#busyTimeoutMs });
    try {
      refuseForeign(database, this.#path);
      const mode = database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
      // Without a log (some network disks) only FULL keeps the file sound after a power loss.
      database.exec(`PRAGMA synchronous = ${mode === "wal" ? "NORMAL" : "FULL"}`);
      database.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
      migrate(database, this.#path);
      if (!isComplete(database)) throw new IncompleteError();
      // Fails now, and not at the first cost, where the disk is read-only.
      database.exec("BEGIN IMMEDIATE; ROLLBACK");
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #opened(database: DatabaseSync, aside: string | null): OpenedLedger {
    const path = this.#path;
    const log = new WalFlush(path);
    let fileId = fileIdOf(path);
    const connection = new Connection(path, database, {
      onCommit: () => void log.request(),
      onDamage: () => noteSuspicion(path),
    });
    const ledger = new SqliteLedger(connection, {
      openReader: () => new this.#sqlite.DatabaseSync(path, { readOnly: true, timeout: 5000 }),
      flush: () => log.request(),
      checkIntegrity: async () => {
        const problems = await integrityProblems(path);
        if (problems.length > 0) noteSuspicion(path);
        return problems;
      },
      followReplacement: () => {
        const nowId = fileIdOf(path);
        if (nowId === fileId || nowId === undefined) return;
        connection.replace(this.#connect());
        fileId = nowId;
      },
    });
    return { ledger, setAside: aside };
  }
}

/** A file that opens but lacks tables: cut off, or overwritten. */
class IncompleteError extends Error {}

/** Identifies the file behind a name; undefined when there is none. */
function fileIdOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
}
