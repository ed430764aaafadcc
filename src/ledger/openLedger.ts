import { randomInt } from "node:crypto";
import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { delay } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import { Failure } from "../base/failure.ts";
import { systemClock } from "../base/systemClock.ts";
import type { Log } from "../base/log.ts";
import { Connection } from "./connection.ts";
import { damagedLogNews, passedOverNews, passingOver, setAsideNews } from "./openingNews.ts";
import { countWrite } from "./tables/writeCount.ts";
import { findLoss } from "./findLoss.ts";
import { Tally } from "./tally.ts";
import { hasSharedMemory } from "./diskProbe.ts";
import { fileTrouble } from "./fileTrouble.ts";
import {
  clearSuspicion,
  copyLogAside,
  generations,
  isSuspect,
  laterGeneration,
  noteSuspicion,
} from "./generation.ts";
import { integrityOf } from "./integrity.ts";
import { endLog, NoSharedMemoryError, useJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { LogCare } from "./logCare.ts";
import { isOnSharedDisk } from "./sharedDisk.ts";
import { schemaVersion } from "./tables/schema.ts";
import { create, IncompleteError, isComplete, migrate, refuseForeign } from "./tables/migrate.ts";
import { isBusy, isDamage, lacksSharedMemory, ledgerFailure } from "./sqliteFailure.ts";
import { closeToOthers } from "./ownFiles.ts";
import { loadSqlite, type Sqlite } from "./sqlite.ts";
import { SqliteLedger } from "./sqliteLedger.ts";
import { unreadableTables } from "./rowCheck.ts";
import { integrityProblems } from "./thread.ts";
import { walDamage } from "./walHeader.ts";

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
  /** What a person must know of this opening, a sentence or two each. */
  readonly news: readonly string[];
}

/** Short, because two windows that end the log at once wait for each other. */
const endLogTimeoutMs = 50;

const memory = ":memory:";

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
    const opened = await opener.open();
    if (path !== memory) closeToOthers(path);
    return opened;
  } catch (error) {
    throw opener.failureOf(error);
  }
}

interface Opened {
  readonly ledger: SqliteLedger;
  /** What is told of writes that are lost; empty: none. */
  readonly loss: readonly string[];
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
    if (this.#path === memory) return { ledger: this.#inMemory(), file: memory, news: [] };
    const { current, passedOver } = generations(this.#path);
    if (walDamage(current) === undefined && !isSuspect(current)) {
      const database = await this.#connectUnlessDamaged(current);
      if (database !== undefined) {
        const { ledger, loss } = this.#opened(current, database);
        if (passedOver.every((file) => ledger.wasClaimed(passingOver(file))))
          return { ledger, file: current, news: loss };
        ledger.dispose();
      }
    }
    return await this.#repair();
  }

  /** The error as one whose message says what is wrong, and where. */
  failureOf(error: unknown): unknown {
    if (error instanceof Failure) return error;
    const message = this.#troubleOf(error);
    if (message === undefined) return ledgerFailure(error, this.#path);
    return new Failure("ledger", message, { cause: error });
  }

  #troubleOf(error: unknown): string | undefined {
    const open = (file: string): DatabaseSync => new this.#sqlite.DatabaseSync(file);
    try {
      return fileTrouble(generations(this.#path).current, this.#repairLock, error, open);
    } catch {
      // What it lies in cannot be looked at either.
      return undefined;
    }
  }

  get #repairLock(): string {
    return `${this.#path}-repair`;
  }

  /** Several windows may find the damage at once: one begins a new file, the others find that one. */
  async #repair(): Promise<OpenedLedger> {
    // A database of its own is a lock that the system lets go of, however its holder ends.
    const lock = this.#database(this.#repairLock);
    try {
      lock.exec("BEGIN EXCLUSIVE");
      const { current, next, passedOver } = generations(this.#path);
      const damage = walDamage(current);
      const log = damage === "broken-log" ? copyLogAside(current, this.#clock.nowMs()) : null;
      const whole =
        damage === "lost-database"
          ? undefined
          : await this.#connectIfWhole(current, passedOver.length > 0);
      const file = whole === undefined ? next : current;
      const { ledger, loss } = this.#opened(file, whole ?? (await this.#connectPatiently(next)));
      const nowMs = this.#clock.nowMs();
      const news = passedOver
        .filter((passed) => ledger.claimOnce(passingOver(passed), nowMs))
        .map((passed) => passedOverNews(passed, file));
      if (whole === undefined) news.push(setAsideNews(current));
      else if (log !== null) news.push(damagedLogNews(log));
      news.push(...loss);
      return { ledger, file, news };
    } finally {
      lock.close();
    }
  }

  /** `isDoubted`: a file after it was taken for the newer one, so that this one may have been given up. */
  async #connectIfWhole(file: string, isDoubted: boolean): Promise<DatabaseSync | undefined> {
    const database = await this.#connectUnlessDamaged(file);
    if (database === undefined || !(isDoubted || isSuspect(file))) return database;
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
        // Another window may have turned the log on again: then it is ended once more.
        const mayPass = isBusy(error) || lacksSharedMemory(error);
        if (!mayPass || this.#clock.nowMs() >= deadlineMs) throw error;
      }
      await delay(this.#clock, 10 + randomInt(50));
    }
  }

  #connect(file: string): DatabaseSync {
    if (file !== memory && isOnSharedDisk(file)) return this.#connectWith("rollback", file);
    try {
      return this.#connectWith("log", file);
    } catch (error) {
      if (!(error instanceof NoSharedMemoryError)) throw error;
      return this.#connectWith("rollback", file);
    }
  }

  #endLog(file: string): void {
    const database = new this.#sqlite.DatabaseSync(file, { timeout: endLogTimeoutMs });
    try {
      endLog(database, () => refuseForeign(database, file));
    } finally {
      database.close();
    }
  }

  #connectWith(journal: Journal, file: string): DatabaseSync {
    if (journal === "rollback") this.#endLog(file);
    const database = this.#database(file);
    const newest = this.#database(memory);
    try {
      useJournal(database, journal, {
        check: () => refuseForeign(database, file),
        hasSharedMemory: () => hasSharedMemory(file, (probe) => this.#database(probe)),
      });
      create(newest);
      migrate(database, file, newest);
      if (!isComplete(database, newest)) throw new IncompleteError();
      // Fails now, and not at the first cost, where the file cannot be written: beginning alone does not.
      database.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${schemaVersion}; ROLLBACK`);
      return database;
    } catch (error) {
      database.close();
      throw error;
    } finally {
      newest.close();
    }
  }

  #opened(file: string, database: DatabaseSync): Opened {
    let current = file;
    let identity = identityOf(file);
    let log = new LogCare(file, this.#clock);
    let tally = new Tally(file);
    const acknowledged = tally.highest();
    const connection = new Connection(this.#path, database, {
      onCommitting: (committing) => {
        const atMs = this.#clock.nowMs();
        const writes = countWrite(committing, atMs);
        return () => tally.acknowledge(writes, atMs);
      },
      onCommit: (isLasting) => log.committed(isLasting),
      onDamage: () => noteSuspicion(current),
    });
    const ledger = new SqliteLedger(connection, {
      openReader: () =>
        new this.#sqlite.DatabaseSync(current, { readOnly: true, timeout: this.#busyTimeoutMs }),
      flush: () => log.flush(),
      checkIntegrity: () => integrityOf(current),
      followSetAside: () => {
        const newest = laterGeneration(this.#path, current);
        if (newest === undefined) return undefined;
        connection.replace(this.#connect(newest));
        tally.dispose();
        tally = new Tally(newest);
        current = newest;
        log.dispose();
        log = new LogCare(newest, this.#clock);
        identity = identityOf(newest);
        return newest;
      },
      isThere: () => identityOf(current) === identity,
      log: this.#log,
      dispose: () => {
        log.dispose();
        tally.dispose();
      },
    });
    try {
      const loss = findLoss(ledger, connection, acknowledged, this.#clock.nowMs());
      return { ledger, loss: loss === undefined ? [] : [loss] };
    } catch (error) {
      ledger.dispose();
      throw error;
    }
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
  try {
    return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
  } catch {
    return undefined;
  }
}
