import type { DatabaseSync } from "node:sqlite";
import { lacksSharedMemory } from "./sqliteFailure.ts";

/**
 * How commits are made safe. "log": a write-ahead log, which readers need not wait for. "rollback":
 * SQLite's older journal, where the log's shared memory cannot be had; each commit waits for the
 * disk, and readers and writers for each other.
 */
export type Journal = "log" | "rollback";

/** Pages of the log (4 KiB each) after which a commit moves it into the database, where the background did not. */
const checkpointPages = 8000;
/** A log that has grown beyond this shrinks to it when it begins anew; without, it stays as large as it ever was. */
const logSizeLimitBytes = 2 * 1024 * 1024;

/** A write-ahead log cannot have its index on this disk. */
export class NoSharedMemoryError extends Error {}

export interface JournalParts {
  /** Reads the file, and throws where it is none of ours. */
  readonly check: () => void;
  readonly hasSharedMemory: () => boolean;
}

/**
 * Turns the journal on. Throws `NoSharedMemoryError`, or SQLite's errors, a lock's among them.
 *
 * A file without a log gets one only where a log is known to work: the mode is the file's and not the
 * connection's, so a mere try would break what other windows are writing at this moment.
 */
export function useJournal(database: DatabaseSync, journal: Journal, parts: JournalParts): void {
  if (journal === "log") useLog(database, parts);
  else {
    parts.check();
    database.exec("PRAGMA synchronous = FULL");
  }
  database.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
  database.exec(`PRAGMA journal_size_limit = ${logSizeLimitBytes}`);
}

function useLog(database: DatabaseSync, { check, hasSharedMemory }: JournalParts): void {
  try {
    check();
  } catch (error) {
    if (lacksSharedMemory(error)) throw new NoSharedMemoryError();
    throw error;
  }
  if (modeOf(database, "PRAGMA journal_mode") === "delete" && !hasSharedMemory())
    throw new NoSharedMemoryError();
  const mode = modeOf(database, "PRAGMA journal_mode = WAL");
  // Without a log only FULL keeps the file sound after a power loss.
  database.exec(`PRAGMA synchronous = ${mode === "wal" ? "NORMAL" : "FULL"}`);
}

/**
 * Moves the log into the file and ends it, so that the file can be used without shared memory. The
 * connection is for this alone, and should not wait long for a lock: two that do it at once hinder
 * each other until one lets go.
 */
export function endLog(database: DatabaseSync, check: () => void): void {
  // A log can be read without shared memory by one that has the file for itself.
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  check();
  modeOf(database, "PRAGMA journal_mode = DELETE");
}

function modeOf(database: DatabaseSync, pragma: string): unknown {
  return database.prepare(pragma).get()?.["journal_mode"];
}

/** Whether the file has a write-ahead log; taken for granted while it cannot be asked. */
export function hasLog(database: DatabaseSync): boolean {
  try {
    return modeOf(database, "PRAGMA journal_mode") === "wal";
  } catch {
    return true;
  }
}
