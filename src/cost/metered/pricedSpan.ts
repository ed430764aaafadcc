import {
  addMetrics,
  hourlyRate,
  metricsBetween,
  type CostMetrics,
  type HourlyRate,
} from "../rates/costMetrics.ts";
import type { RateHistory } from "../rates/rates.ts";
import type { ContainerSpan } from "../span.ts";
import type { Bounds } from "../bounds.ts";
import { microUsd } from "../money.ts";
import { spanInterval, type IntervalHints, type SpanInterval } from "./spanInterval.ts";

/** What the container costs per hour from an instant on. */
interface Price {
  readonly fromMs: number;
  readonly rate: HourlyRate;
}

/** A span with the interval that it is billed for, and its prices. */
export interface PricedSpan {
  readonly span: ContainerSpan;
  readonly interval: SpanInterval;
  /** In order; the first holds from the beginning. */
  readonly prices: readonly [Price, ...Price[]];
  /** So much more or less than its prices it may cost, as a share: of what the bill has taught. */
  readonly slack?: number;
}

/** What else may be known of when a span began and ended. */
export type HintsOf = (span: ContainerSpan) => IntervalHints;

/** The prices in force, and when they changed. */
export type PriceHistory = Pick<RateHistory, "at" | "changedAtMs">;

/** Prices each span at the rates that were in force while it ran. */
export function priceSpans(
  spans: Iterable<ContainerSpan>,
  rates: PriceHistory,
  nowMs: number,
  hintsOf: HintsOf = () => ({}),
): readonly PricedSpan[] {
  return Array.from(spans, (span) => pricedAt(span, rates, nowMs, hintsOf));
}

/** One span, as far as it has run until now. */
export function pricedAt(
  span: ContainerSpan,
  rates: PriceHistory,
  nowMs: number,
  hintsOf: HintsOf,
): PricedSpan {
  return priced(span, spanInterval(span, nowMs, hintsOf(span)), rates);
}

/** Whether its interval, and so its cost, is the same at any later moment. */
export function isOver({ finishedAtMs, firstAbsentAtMs }: ContainerSpan): boolean {
  return finishedAtMs !== null || firstAbsentAtMs !== null;
}

export function priced(
  span: ContainerSpan,
  interval: SpanInterval,
  rates: PriceHistory,
): PricedSpan {
  const { earliestStartMs: fromMs, latestEndMs: toMs } = interval;
  const priceFrom = (atMs: number): Price => ({
    fromMs: atMs,
    rate: hourlyRate(span, rates.at(atMs)),
  });
  const changes = rates.changedAtMs.filter((atMs) => atMs > fromMs && atMs < toMs);
  return { span, interval, prices: [priceFrom(fromMs), ...changes.map(priceFrom)] };
}

/** The cost of the part of the span that lies in [fromMs, toMs). Adjacent ranges add up exactly. */
export function metricsWithin(
  { interval, prices }: PricedSpan,
  fromMs: number,
  toMs: number,
): CostMetrics {
  const { startMs, countedToMs } = interval;
  const from = Math.min(Math.max(fromMs, startMs), countedToMs);
  const to = Math.max(from, Math.min(toMs, countedToMs));
  const [{ rate }] = prices;
  if (prices.length === 1) return metricsBetween(rate, startMs, from, to);
  const parts = prices.flatMap((price, index) => {
    const sinceMs = index === 0 ? startMs : Math.max(startMs, price.fromMs);
    const untilMs = prices[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    const [begin, end] = [Math.max(from, sinceMs), Math.min(to, untilMs)];
    return end > begin ? [metricsBetween(price.rate, sinceMs, begin, end)] : [];
  });
  return parts.length === 0 ? metricsBetween(rate, startMs, from, from) : addMetrics(parts);
}

/** The least and the most that the part of the span in [fromMs, toMs) may have cost. Adjacent ranges add up, but for rounding. */
export function boundsWithin(
  { interval, prices, slack = 0 }: PricedSpan,
  fromMs: number,
  toMs: number,
): Bounds {
  const { earliestStartMs, latestStartMs, earliestEndMs, latestEndMs } = interval;
  let [low, high, isKnown] = [0, 0, true];
  for (const [index, { fromMs: sinceMs, rate }] of prices.entries()) {
    const untilMs = prices[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    const ms = (startMs: number, endMs: number): number =>
      Math.max(0, Math.min(toMs, endMs, untilMs) - Math.max(fromMs, startMs, sinceMs));
    low += (ms(latestStartMs, earliestEndMs) * rate.least) / 3.6;
    const mostMs = ms(earliestStartMs, latestEndMs);
    high += (mostMs * (rate.most ?? 0)) / 3.6;
    if (mostMs > 0 && rate.most === null) isKnown = false;
  }
  return { low: microUsd(low * (1 - slack)), high: isKnown ? microUsd(high * (1 + slack)) : null };
}

/** The span as far as it can have run until now. */
export function endedBy(priced: PricedSpan, nowMs: number): PricedSpan {
  const { interval } = priced;
  if (interval.latestEndMs <= nowMs) return priced;
  return {
    ...priced,
    interval: { ...interval, latestEndMs: Math.max(interval.countedToMs, nowMs) },
  };
}

/** Milliseconds of the span in [fromMs, toMs); never negative. */
export function msWithin({ interval }: PricedSpan, fromMs: number, toMs: number): number {
  const { startMs, countedToMs } = interval;
  return Math.max(0, Math.min(toMs, countedToMs) - Math.max(fromMs, startMs));
}

export function overlaps({ interval }: PricedSpan, fromMs: number, toMs: number): boolean {
  return interval.startMs < toMs && interval.countedToMs > fromMs;
}

/** Whether the span may have cost something in the range, as far as its bounds are known. */
export function mayOverlap({ interval }: PricedSpan, fromMs: number, toMs: number): boolean {
  return interval.earliestStartMs < toMs && interval.latestEndMs > fromMs;
}
