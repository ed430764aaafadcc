import { t } from "../base/text.ts";
import { Failure } from "../base/failure.ts";

/** Primary result codes of SQLite (https://sqlite.org/rescode.html). */
const wrong = 1;
const permission = 3;
const busy = 5;
const locked = 6;
const readOnly = 8;
const ioError = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const protocol = 15;
const notADatabase = 26;

/** A row that is written again has a value of another type than its column: it was broken before. */
const constraintDatatype = 3091;

/** Extended codes of a lock that the system cannot give, and of the log's index that it cannot map. */
const lockErrors: ReadonlySet<number> = new Set([2058, 2314, 3594, 3850]);
const mapErrors: ReadonlySet<number> = new Set([5130, 5386]);

/** The primary SQLite result code of an error, or undefined when it does not come from SQLite. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  if (error.errcode === constraintDatatype) return corrupt;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

function hasCode(error: unknown, codes: ReadonlySet<number>): boolean {
  if (!(error instanceof Error) || !("errcode" in error)) return false;
  return typeof error.errcode === "number" && codes.has(error.errcode);
}

export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === busy || code === locked || code === protocol;
}

/** The file system refuses a lock, and not because another one has it. */
export function isLockFailure(error: unknown): boolean {
  return sqliteCode(error) === permission || hasCode(error, lockErrors);
}

/** The write-ahead log's index cannot be shared as memory on this file system. */
export function lacksSharedMemory(error: unknown): boolean {
  return hasCode(error, mapErrors);
}

export function isFull(error: unknown): boolean {
  return sqliteCode(error) === full;
}

/**
 * The file's content is broken, as opposed to its disk, its rights or its neighbours. Our statements
 * are right for the schema, so one that fails as wrong speaks of a schema that is not ours any more.
 */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === corrupt || code === notADatabase || code === wrong;
}

/** What the system said of a file, as SQLite would say it; undefined: it is no such error. */
function systemCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return undefined;
  if (error.code === "EROFS") return readOnly;
  if (error.code === "ENOSPC" || error.code === "EDQUOT") return full;
  return error.code === "EIO" ? ioError : cannotOpen;
}

/** What SQLite, or the system, said as a `Failure`; anything else unchanged. */
export function ledgerFailure(error: unknown, path: string): unknown {
  const code = sqliteCode(error) ?? systemCode(error);
  const message = code === undefined ? undefined : messageOf(code, path);
  return message === undefined ? error : new Failure("ledger", message, { cause: error });
}

function messageOf(code: number, path: string): string | undefined {
  switch (code) {
    case busy:
    case locked:
    case protocol:
      return t("Another process holds the cost ledger ({0}).", path);
    case readOnly:
      return t(
        "The cost ledger ({0}) cannot be written: its disk is read-only, or it belongs to another user. Make it writable.",
        path,
      );
    case ioError:
      return t("The disk reports an error for the cost ledger ({0}). Check the disk.", path);
    case corrupt:
    case notADatabase:
    case wrong:
      return t(
        "The cost ledger ({0}) is damaged. It is being checked, and is replaced by a new one if necessary.",
        path,
      );
    case full:
      return t(
        "The disk is full, so the cost ledger ({0}) cannot be written. Free some space.",
        path,
      );
    case cannotOpen:
      return t(
        "The cost ledger ({0}) cannot be opened. Check that its folder exists and that you may write there.",
        path,
      );
    default:
      return undefined;
  }
}
