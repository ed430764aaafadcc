import type { WorkspaceRates } from "../../session/modalControl.ts";
import { wholeMs } from "./column.ts";

export interface SavedRates {
  readonly rates: WorkspaceRates;
  /** First fetched just so. */
  readonly sinceMs: number;
  readonly fetchedAtMs: number;
}

/**
 * The rates of a scope, oldest first, as they stand with those of one more instant. Some that are written
 * late stand between others: those were in force again when they were seen last.
 *
 * @param areNewest see `SaveRatesOptions`
 */
export function mergeRates(
  saved: readonly SavedRates[],
  rates: WorkspaceRates,
  atMs: number,
  areNewest: boolean,
): readonly SavedRates[] {
  const next = { rates, sinceMs: wholeMs(atMs), fetchedAtMs: wholeMs(atMs) };
  const all = (areNewest ? saved.flatMap((one) => seenBy(one, next.sinceMs)) : saved)
    // Others of the same instant are replaced, and may have been the only change.
    .filter((one) => one.sinceMs !== next.sinceMs || one.fetchedAtMs !== next.fetchedAtMs);
  const at = all.findLastIndex(({ sinceMs }) => sinceMs <= next.sinceMs);
  const before = all[at];
  if (before === undefined) return [next, ...all];
  const fetchedAtMs = Math.max(before.fetchedAtMs, next.fetchedAtMs);
  const joined = areSame(before, next) ? [{ ...before, fetchedAtMs }] : around(before, next);
  return all.toSpliced(at, 1, ...joined);
}

/** What is left of a row where nothing can have been seen later than this. */
function seenBy(row: SavedRates, atMs: number): readonly SavedRates[] {
  if (row.sinceMs > atMs) return [];
  return [row.fetchedAtMs > atMs ? { ...row, fetchedAtMs: row.sinceMs } : row];
}

function around(before: SavedRates, next: SavedRates): readonly SavedRates[] {
  const { sinceMs, fetchedAtMs } = before;
  const earlier = sinceMs < next.sinceMs ? [before] : [];
  if (fetchedAtMs <= next.sinceMs) return [...earlier, next];
  return [
    ...earlier.map((row) => ({ ...row, fetchedAtMs: sinceMs })),
    next,
    { ...before, sinceMs: fetchedAtMs },
  ];
}

function areSame(a: SavedRates, b: SavedRates): boolean {
  return ratesJson(a.rates) === ratesJson(b.rates);
}

/** The same text for the same rates, whatever order they were told in. */
export function ratesJson({ usdPerHourByKey }: WorkspaceRates): string {
  const keys = [...usdPerHourByKey].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(keys));
}
