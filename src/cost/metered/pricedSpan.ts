import {
  hourlyRate,
  metricsBetween,
  type CostMetrics,
  type HourlyRate,
} from "../rates/costMetrics.ts";
import type { RateHistory } from "../rates/rates.ts";
import type { ContainerSpan } from "../span.ts";
import { spanInterval, type IntervalHints, type SpanInterval } from "./spanInterval.ts";

/** A span that was billed (it has started), with its interval and its rate. */
export interface PricedSpan {
  readonly span: ContainerSpan;
  readonly interval: SpanInterval;
  readonly rate: HourlyRate;
}

/** What may be known of the end of a span that nobody saw end. */
export type HintsOf = (span: ContainerSpan) => IntervalHints;

/** Prices each span at the rates of its start; pending containers cost nothing and are left out. */
export function priceSpans(
  spans: Iterable<ContainerSpan>,
  rates: Pick<RateHistory, "at">,
  nowMs: number,
  hintsOf: HintsOf = () => ({}),
): readonly PricedSpan[] {
  const priced: PricedSpan[] = [];
  for (const span of spans) {
    const interval = spanInterval(span, nowMs, hintsOf(span));
    if (interval === undefined) continue;
    priced.push({ span, interval, rate: hourlyRate(span, rates.at(interval.startMs)) });
  }
  return priced;
}

/** The cost of the part of the span that lies in [fromMs, toMs). Adjacent ranges add up exactly. */
export function metricsWithin(priced: PricedSpan, fromMs: number, toMs: number): CostMetrics {
  const { startMs, countedToMs } = priced.interval;
  const from = Math.min(Math.max(fromMs, startMs), countedToMs);
  const to = Math.max(from, Math.min(toMs, countedToMs));
  return metricsBetween(priced.rate, startMs, from, to);
}

/** Milliseconds of the span in [fromMs, toMs); never negative. */
export function msWithin({ interval }: PricedSpan, fromMs: number, toMs: number): number {
  const { startMs, countedToMs } = interval;
  return Math.max(0, Math.min(toMs, countedToMs) - Math.max(fromMs, startMs));
}

export function overlaps({ interval }: PricedSpan, fromMs: number, toMs: number): boolean {
  return interval.startMs < toMs && interval.countedToMs > fromMs;
}
