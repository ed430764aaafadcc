import { hourMs, isFinal, type BilledRow } from "./billedRow.ts";
import { knownPart, type Cost } from "../cost.ts";
import { microUsd, sumUsd, type MicroUsd } from "../money.ts";
import { metricsWithin, msWithin, overlaps, type PricedSpan } from "../metered/pricedSpan.ts";

export interface BilledCost {
  readonly microUsd: MicroUsd;
}

/**
 * The part of each row that belongs to [fromMs, toMs): by what was metered in the hour, by
 * container time where a rate is unknown, by the clock where nothing was seen. Running totals,
 * rounded, as in costMetrics.ts: so the parts of an hour add up to the row.
 */
export function billedCost(
  rows: readonly BilledRow[],
  all: readonly PricedSpan[],
  fromMs: number,
  toMs: number,
): BilledCost {
  const byApp = Map.groupBy(all, ({ span }) => span.appId);
  const shares = rows.map((row) => {
    const startMs = row.intervalStartMs;
    const endMs = startMs + hourMs;
    const from = Math.max(fromMs, startMs);
    const to = Math.min(toMs, endMs);
    const own = (byApp.get(row.objectId) ?? []).filter((one) => overlaps(one, startMs, endMs));
    const weigh = weighing(own, startMs, endMs);
    const whole = weigh(endMs);
    const until = (atMs: number): number => Math.round((row.cost * weigh(atMs)) / whole);
    return microUsd(until(to) - until(from));
  });
  return { microUsd: sumUsd(shares) };
}

/**
 * The rows that are not final and say more already than was metered in their hour. Until a row is
 * final it is a lower bound, and what was metered stands; where that is not known, or nothing was
 * seen, the row is waited for.
 */
export function exceedingRows(
  rows: readonly BilledRow[],
  all: readonly PricedSpan[],
): readonly BilledRow[] {
  const growing = rows.filter((row) => !isFinal(row));
  if (growing.length === 0) return growing;
  const byApp = Map.groupBy(all, ({ span }) => span.appId);
  return growing.filter((row) => {
    const [startMs, endMs] = [row.intervalStartMs, row.intervalStartMs + hourMs];
    const own = (byApp.get(row.objectId) ?? []).filter((one) => overlaps(one, startMs, endMs));
    const metered = knownPart(own.map((one) => metricsWithin(one, startMs, endMs).total));
    return own.length > 0 && !metered.isFloor && row.cost > metered.microUsd;
  });
}

/** How much of an hour's cost had come up by a moment, in any unit. Positive at the end of the hour. */
function weighing(
  own: readonly PricedSpan[],
  startMs: number,
  endMs: number,
): (atMs: number) => number {
  const money = (atMs: number): Cost[] => own.map((one) => metricsWithin(one, startMs, atMs).total);
  const metered = knownPart(money(endMs));
  if (!metered.isFloor && metered.microUsd > 0) return (atMs) => knownPart(money(atMs)).microUsd;
  const time = (atMs: number): number =>
    own.reduce((sum, one) => sum + msWithin(one, startMs, atMs), 0);
  return time(endMs) > 0 ? time : (atMs) => atMs - startMs;
}
