import type { MicroUsd } from "../money.ts";

/** Micro-dollars under Modal's own keys ("CPU", "memory", "gpu_l40s"). */
export type CostByResource = Readonly<Record<string, MicroUsd>>;

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
  /** Since which report, of those fetched when the row should not grow any more, it says this cost. null: none of them. */
  readonly sameSinceMs: number | null;
  /** What it said when it was final before; null: Modal has not changed a final row. */
  readonly wasMicroUsd: MicroUsd | null;
  /** The cost by what it was paid for; absent: the report did not tell. */
  readonly costByResource?: CostByResource | undefined;
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

/** A report that is fetched so much later and says the same makes a row final. */
const provenMs = hourMs;

/** Whether a report that was fetched then comes after all usual delays of that hour. */
export function isLate(intervalStartMs: number, fetchedAtMs: number): boolean {
  return fetchedAtMs >= intervalStartMs + hourMs + collectionMs;
}

/**
 * Whether the row was fetched when its hour had long ended, and said the same at least an hour later.
 * One that was not is a lower bound, and one that Modal has withdrawn says nothing.
 */
export function isFinal({ cost, fetchedAtMs, sameSinceMs, wasMicroUsd }: BilledRow): boolean {
  const isWithdrawn = cost === 0 && wasMicroUsd !== null;
  return !isWithdrawn && sameSinceMs !== null && fetchedAtMs - sameSinceMs >= provenMs;
}

/** Until when the report is complete: the end of its last hour with a final row. null: there is none. */
export function billedThroughMs(rows: readonly BilledRow[]): number | null {
  return lastEndMs(rows.filter(isFinal));
}

/** Until when the report tells of hours that had long ended when it was fetched, final or not. null: of none. */
export function listedThroughMs(rows: readonly BilledRow[]): number | null {
  return lastEndMs(rows.filter((row) => isLate(row.intervalStartMs, row.fetchedAtMs)));
}

/** Whether it is an app that was billed. All ids that Modal's client prints are two letters, "-" and 22 letters and digits. */
export function isApp({ objectId }: Pick<BilledRow, "objectId">): boolean {
  return objectId.startsWith("ap-");
}

function lastEndMs(rows: readonly BilledRow[]): number | null {
  return rows.length === 0
    ? null
    : Math.max(...rows.map(({ intervalStartMs }) => intervalStartMs + hourMs));
}
