import { isFinal, isLate } from "../../cost/billed/billedRow.ts";
import { zeroUsd } from "../../cost/money.ts";
import type { BillingRow, Fetched, SavedBillingRow } from "../../session/modalControl.ts";
import { wholeMs } from "./column.ts";

/**
 * A row as it stands after one more report. The later report counts: by its number, and of one number
 * the one that was fetched later, the dearer, the greater text. A clock that was wrong once cannot pin it.
 */
export function mergeBilled(
  saved: SavedBillingRow | undefined,
  row: BillingRow,
  fetched: Fetched,
): SavedBillingRow {
  const fetchedAtMs = wholeMs(fetched.atMs);
  const intervalStartMs = wholeMs(row.intervalStartMs);
  const { costByResource: costs, ...sum } = row;
  const split = (of = costs) => (of === undefined ? {} : { costByResource: of });
  const next = { ...sum, ...split(), intervalStartMs, fetchedAtMs, report: fetched.report };
  const settlesMs = isLate(row.intervalStartMs, fetchedAtMs) ? fetchedAtMs : null;
  if (saved === undefined) return { ...next, sameSinceMs: settlesMs, wasMicroUsd: null };
  if (!isLater(next, saved)) return saved;
  const isSame = next.cost === saved.cost;
  // A clock that went back tells nothing of how long ago the last report was.
  const keepsSince = isSame && fetchedAtMs >= saved.fetchedAtMs;
  const wasMicroUsd = !isSame && isFinal(saved) ? saved.cost : saved.wasMicroUsd;
  return {
    ...next,
    // A report that does not split the same amount takes nothing back.
    ...split(costs ?? (isSame ? saved.costByResource : undefined)),
    sameSinceMs: keepsSince ? (saved.sameSinceMs ?? settlesMs) : settlesMs,
    wasMicroUsd: wasMicroUsd === next.cost ? null : wasMicroUsd,
  };
}

/**
 * A row as it stands after a whole report of its hour that does not have it. undefined: it is gone; one
 * that was final stays, at $0, so that it can be told.
 */
export function withdrawn(saved: SavedBillingRow, fetched: Fetched): SavedBillingRow | undefined {
  const none = { ...saved, cost: zeroUsd, costByResource: undefined };
  const next = mergeBilled(saved, none, fetched);
  return next === saved || next.wasMicroUsd !== null ? next : undefined;
}

function isLater(
  next: Pick<SavedBillingRow, "report" | "fetchedAtMs" | "cost" | "description">,
  saved: SavedBillingRow,
): boolean {
  const order =
    next.report - saved.report || next.fetchedAtMs - saved.fetchedAtMs || next.cost - saved.cost;
  return order > 0 || (order === 0 && next.description > saved.description);
}
