import { costOfUsd, larger, microUsdOf, usdText, type CostRange, type ExactCost } from "./money.ts";
import { trueCost } from "./sums.ts";
import type { World } from "./world.ts";

// Modal's billing report: a row per object and hour, which lags, grows and is sometimes corrected.

export const hourMs = 3_600_000;

export interface BillRow {
  readonly objectId: string;
  readonly description: string;
  readonly environment: string;
  readonly hourMs: number;
  /** Dollars, as Modal writes them. */
  readonly costUsd: string;
}

export function hourOf(atMs: number): number {
  return Math.floor(atMs / hourMs) * hourMs;
}

function hoursIn(fromMs: number, toMs: number): number[] {
  const hours: number[] = [];
  for (let hour = hourOf(fromMs); hour < toMs; hour += hourMs) hours.push(hour);
  return hours;
}

function costOfHour(world: World, appId: string, hour: number, fetchedMs: number): ExactCost {
  const window = { from: hour, to: Math.min(hour + hourMs, fetchedMs - world.billing.lagMs) };
  let cost = 0n;
  for (const container of world.containers)
    if (
      container.appId === appId &&
      container.finishedMs > hour &&
      container.enqueuedMs < window.to
    )
      cost += trueCost(world, container, window);
  for (const correction of world.billing.corrections)
    if (correction.appId === appId && correction.hourMs === hour && correction.fromMs <= fetchedMs)
      cost = (cost * BigInt(correction.percent)) / 100n;
  return cost;
}

/** The report that Modal gives at `fetchedMs` for the hours from `fromMs` until `toMs`. */
export function reportAt(world: World, fetchedMs: number, fromMs: number, toMs: number): BillRow[] {
  const until = Math.min(toMs, fetchedMs);
  const ofApps = hoursIn(fromMs, until).flatMap((hour) =>
    world.apps.flatMap((app) => {
      const cost = costOfHour(world, app.id, hour, fetchedMs);
      return cost === 0n
        ? []
        : [
            {
              objectId: app.id,
              description: app.name,
              environment: app.environment,
              hourMs: hour,
              costUsd: usdText(cost),
            },
          ];
    }),
  );
  const ofNoApp = world.billing.storage
    .filter((row) => row.hourMs >= fromMs && row.hourMs + hourMs + world.billing.lagMs <= until)
    .map(({ objectId, description, environment, hourMs: hour, costUsd }) => ({
      objectId,
      description,
      environment,
      hourMs: hour,
      costUsd,
    }));
  return [...ofApps, ...ofNoApp];
}

export interface Fetch {
  readonly atMs: number;
  readonly rows: readonly BillRow[];
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * What the reports tell of an object's hour. "final": it says the same as one that was fetched at
 * least an hour before and at least two hours after the hour's end. "growing": it may still grow, so
 * that it is a lower bound; nothing has confirmed it yet. "changed": it was final, and Modal has
 * changed it since.
 */
export type HourKnown =
  | { readonly kind: "none" }
  | { readonly kind: "final" | "growing" | "changed"; readonly cost: ExactCost };

const collectionMs = 2 * hourMs;
const provenMs = hourMs;

export function hourKnown(fetches: readonly Fetch[], objectId: string, hour: number): HourKnown {
  const told = fetches
    .filter(({ fromMs, toMs }) => fromMs <= hour && hour < toMs)
    .flatMap(({ atMs, rows }) =>
      rows
        .filter((row) => row.objectId === objectId && row.hourMs === hour)
        .map(({ costUsd }) => ({ atMs, cost: costOfUsd(costUsd) })),
    )
    .toSorted((a, b) => a.atMs - b.atMs);
  const latest = told.at(-1);
  if (!latest) return { kind: "none" };
  const { atMs, cost } = latest;
  const late = told.filter((one) => one.atMs >= hour + hourMs + collectionMs);
  const isConfirmed = late.some((one) =>
    late.some((other) => other.atMs - one.atMs >= provenMs && isSame(other.cost, one.cost)),
  );
  if (!isConfirmed) return { kind: "growing", cost };
  const before = late.slice(late.findLastIndex((one) => !isSame(one.cost, cost)) + 1);
  const isProven = before.some((one) => atMs - one.atMs >= provenMs);
  return { kind: isProven ? "final" : "changed", cost };
}

/** Nobody keeps more digits than micro-dollars. */
function isSame(a: ExactCost, b: ExactCost): boolean {
  return Math.round(microUsdOf(a)) === Math.round(microUsdOf(b));
}

/** What an hour cost, given its row and what can be known of its containers. */
export function hourRange(row: HourKnown, metered: CostRange): CostRange {
  switch (row.kind) {
    case "none":
      return metered;
    case "final":
      return { low: row.cost, high: row.cost };
    case "growing":
      return { low: larger(metered.low, row.cost), high: larger(metered.high, row.cost) };
    default:
      return {
        low: metered.low < row.cost ? metered.low : row.cost,
        high: larger(metered.high, row.cost),
      };
  }
}
