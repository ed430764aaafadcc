import type { MicroUsd } from "../money.ts";

/** One row of Modal's billing report at hourly resolution. */
export interface BilledRow {
  /** The app's id; other objects (volumes, say) are billed too. */
  readonly objectId: string;
  readonly description: string;
  /** A whole hour of UTC. */
  readonly intervalStartMs: number;
  readonly cost: MicroUsd;
  /** When the report that has this row was fetched. */
  readonly fetchedAtMs: number;
}

export const hourMs = 3_600_000;

export function hourOf(atMs: number): number {
  return Math.floor(atMs / hourMs) * hourMs;
}

/**
 * An hour's row may still grow for so long after the hour: the report is there "within minutes,
 * although there may be collection delays" (modal.com/docs/guide/billing).
 */
const collectionMs = 2 * hourMs;

/** Whether the row was fetched when its hour had long ended. One that was not is a lower bound. */
export function isFinal({ intervalStartMs, fetchedAtMs }: BilledRow): boolean {
  return fetchedAtMs >= intervalStartMs + hourMs + collectionMs;
}

/** Until when the report is complete: the end of its last hour with a final row. null: there is none. */
export function billedThroughMs(rows: readonly BilledRow[]): number | null {
  let through: number | null = null;
  for (const row of rows) {
    const endMs = row.intervalStartMs + hourMs;
    if (isFinal(row)) through = Math.max(through ?? endMs, endMs);
  }
  return through;
}
