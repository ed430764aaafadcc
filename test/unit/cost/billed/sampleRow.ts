import { hourMs, isLate, type BilledRow } from "../../../../src/cost/billed/billedRow.ts";

/** A row as the ledger has it when each report said the same: final if the last one was fetched late enough. */
export function sampleRow(
  row: Omit<BilledRow, "sameSinceMs" | "wasMicroUsd"> &
    Partial<Pick<BilledRow, "sameSinceMs" | "wasMicroUsd">>,
): BilledRow {
  const isSettled = isLate(row.intervalStartMs, row.fetchedAtMs - hourMs);
  return { sameSinceMs: isSettled ? row.fetchedAtMs - hourMs : null, wasMicroUsd: null, ...row };
}
