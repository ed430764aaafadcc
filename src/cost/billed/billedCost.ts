import { hourMs, isFinal, type BilledRow } from "./billedRow.ts";
import { knownPart, type Cost } from "../cost.ts";
import { addends } from "../rates/costMetrics.ts";
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
  {
    fromMs,
    toMs,
    nowMs,
  }: { readonly fromMs: number; readonly toMs: number; readonly nowMs: number },
): BilledCost {
  const byApp = Map.groupBy(all, ({ span }) => span.appId);
  const shares = rows.map((row) => {
    const startMs = row.intervalStartMs;
    // What an hour that still runs has cost, it has cost until now.
    const endMs = nowMs > startMs ? Math.min(startMs + hourMs, nowMs) : startMs + hourMs;
    const from = Math.max(fromMs, startMs);
    const to = Math.min(toMs, endMs);
    const spans = (byApp.get(row.objectId) ?? []).filter((one) => overlaps(one, startMs, endMs));
    const weigh = weighing(spans, startMs, endMs);
    const whole = weigh(endMs);
    const until = (atMs: number): number => Math.round((row.cost * weigh(atMs)) / whole);
    return microUsd(until(Math.max(from, to)) - until(from));
  });
  return { microUsd: sumUsd(shares) };
}

/** A row that is not final, and says more already than what was metered in its hour. */
export interface ExceedingRow {
  readonly row: BilledRow;
  /** Nobody saw the app in the hour, or at what rate: it cost at least what the row says. */
  readonly isFloor: boolean;
}

/** Until a row is final it is a lower bound, and what was metered stands: but for these. */
export function exceedingRows(
  rows: readonly BilledRow[],
  all: readonly PricedSpan[],
): readonly ExceedingRow[] {
  const growing = rows.filter((row) => !isFinal(row) && row.cost > 0);
  if (growing.length === 0) return [];
  const byApp = Map.groupBy(all, ({ span }) => span.appId);
  return growing.flatMap((row) => {
    const [startMs, endMs] = [row.intervalStartMs, row.intervalStartMs + hourMs];
    const spans = (byApp.get(row.objectId) ?? []).filter((one) => overlaps(one, startMs, endMs));
    const metered = knownPart(spans.flatMap((one) => addends(metricsWithin(one, startMs, endMs))));
    const isFloor = spans.length === 0 || metered.isFloor;
    return row.cost > metered.microUsd ? [{ row, isFloor }] : [];
  });
}

/** How much of an hour's cost had come up by a moment, in any unit. Positive at the end of the hour. */
function weighing(
  spans: readonly PricedSpan[],
  startMs: number,
  endMs: number,
): (atMs: number) => number {
  const money = (atMs: number): Cost[] =>
    spans.map((one) => metricsWithin(one, startMs, atMs).total);
  const metered = knownPart(money(endMs));
  if (!metered.isFloor && metered.microUsd > 0) return (atMs) => knownPart(money(atMs)).microUsd;
  const time = (atMs: number): number =>
    spans.reduce((sum, one) => sum + msWithin(one, startMs, atMs), 0);
  return time(endMs) > 0 ? time : (atMs) => atMs - startMs;
}
