import type { MicroUsd } from "../money.ts";

/** One row of Modal's billing report at hourly resolution. */
export interface BilledRow {
  /** The app's id; other objects (volumes, say) are billed too. */
  readonly objectId: string;
  readonly description: string;
  /** A whole hour of UTC. */
  readonly intervalStartMs: number;
  readonly cost: MicroUsd;
}

export const hourMs = 3_600_000;

export function hourOf(atMs: number): number {
  return Math.floor(atMs / hourMs) * hourMs;
}

/**
 * Until when the report is complete: the end of its last hour with a row, and never an hour that had
 * not ended, with some minutes for collection, when the report was fetched. null without rows.
 */
export function billedThroughMs(
  rows: readonly BilledRow[],
  fetchedAtMs: number,
  collectionMs = 900_000,
): number | null {
  let through: number | null = null;
  for (const { intervalStartMs } of rows) {
    const endMs = intervalStartMs + hourMs;
    if (endMs + collectionMs <= fetchedAtMs) through = Math.max(through ?? endMs, endMs);
  }
  return through;
}
