import { t } from "../base/text.ts";
import { Failure } from "../base/failure.ts";

/** Primary result codes of SQLite (https://sqlite.org/rescode.html). */
const wrong = 1;
const busy = 5;
const locked = 6;
const readOnly = 8;
const ioError = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const notADatabase = 26;

/** A row that is written again has a value of another type than its column: it was broken before. */
const constraintDatatype = 3091;

/** The primary SQLite result code of an error, or undefined when it does not come from SQLite. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  if (error.errcode === constraintDatatype) return corrupt;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === busy || code === locked;
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

/** What SQLite said as a `Failure`; anything else unchanged. */
export function ledgerFailure(error: unknown, path: string): unknown {
  const code = sqliteCode(error);
  const message = code === undefined ? undefined : messageOf(code, path);
  return message === undefined ? error : new Failure("ledger", message, { cause: error });
}

function messageOf(code: number, path: string): string | undefined {
  switch (code) {
    case busy:
    case locked:
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
        "The cost ledger ({0}) is damaged. It is checked, and a new one is begun beside it if it must be.",
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
