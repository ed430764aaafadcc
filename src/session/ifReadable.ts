import { failureOf } from "../base/failure.ts";

/** What is read from the ledger; undefined: it cannot be read now. What is not known is not nothing. */
export function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (failureOf(error)?.reason === "ledger") return undefined;
    throw error;
  }
}
