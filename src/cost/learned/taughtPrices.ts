import type { Execution } from "../metered/attribution.ts";
import type { PricedSpan } from "../metered/pricedSpan.ts";
import type { SpanInterval } from "../metered/spanInterval.ts";
import type { HourlyRate } from "../rates/costMetrics.ts";
import { busyMs, standInUsdPerHour } from "./billedHour.ts";
import type { KindLesson, SplitLesson } from "./lessons.ts";

/** A whole number of these is an hour of the bill. */
const stepMs = 15 * 60_000;

/**
 * The prices of a container as the bill has taught them. What it costs more while calls run is the
 * price of the quarter of an hour in which they ran: so what an hour costs depends on the calls of that
 * hour alone, and is the same however much is known of the container's life before and after.
 */
export function taughtPrices(
  prices: PricedSpan["prices"],
  { startMs, countedToMs }: SpanInterval,
  kind: KindLesson,
  executions: readonly Execution[],
): PricedSpan["prices"] {
  type Price = (typeof prices)[number];
  const at = (price: Price, fromMs: number, busyShare: number): Price => ({
    fromMs,
    rate: certain(taughtRate(price.rate, kind, busyShare)),
  });
  const [first, ...others] = prices;
  if (kind.busyUsdPerHour === 0 || countedToMs <= startMs)
    return [at(first, first.fromMs, 0), ...others.map((price) => at(price, price.fromMs, 0))];
  const busyIn = busyBySteps(executions, startMs, countedToMs);
  const shareAt = (atMs: number): number => {
    const sinceMs = stepOf(atMs) * stepMs;
    const ms = Math.min(sinceMs + stepMs, countedToMs) - Math.max(sinceMs, startMs);
    return ms > 0 ? (busyIn.get(stepOf(atMs)) ?? 0) / ms : 0;
  };
  const steps = stepOf(countedToMs - 1) - stepOf(startMs);
  const fromMs = [
    ...others.map((price) => price.fromMs),
    ...Array.from({ length: steps }, (_, index) => (stepOf(startMs) + index + 1) * stepMs),
  ].filter((atMs) => atMs > startMs && atMs < countedToMs);
  // After what is counted it costs what it did of late: that is what it burns now, too.
  const lastMs = Math.max(startMs, countedToMs - stepMs);
  const lateShare = busyMs(executions, lastMs, countedToMs) / (countedToMs - lastMs);
  const priceAt = (atMs: number): Price =>
    prices.findLast((price) => price.fromMs <= atMs) ?? first;
  return [
    at(first, first.fromMs, shareAt(startMs)),
    ...[...new Set(fromMs)]
      .toSorted((a, b) => a - b)
      .map((atMs) => at(priceAt(atMs), atMs, shareAt(atMs))),
    at(priceAt(countedToMs), countedToMs, lateShare),
    ...others
      .filter((price) => price.fromMs > countedToMs)
      .map((price) => at(price, price.fromMs, lateShare)),
  ];
}

function stepOf(atMs: number): number {
  return Math.floor(atMs / stepMs);
}

/** The time of each step in which at least one call runs: the calls are in order. */
function busyBySteps(
  executions: readonly Execution[],
  startMs: number,
  endMs: number,
): ReadonlyMap<number, number> {
  const busy = new Map<number, number>();
  let countedMs = startMs;
  for (const execution of executions) {
    const toMs = Math.min(execution.toMs, endMs);
    let atMs = Math.max(execution.fromMs, countedMs);
    while (atMs < toMs) {
      const step = stepOf(atMs);
      const untilMs = Math.min(toMs, (step + 1) * stepMs);
      busy.set(step, (busy.get(step) ?? 0) + untilMs - atMs);
      atMs = untilMs;
    }
    countedMs = Math.max(countedMs, toMs);
  }
  return busy;
}

/** The bill has shown what an hour costs: what nobody told of the terms widens it no more. */
function certain(rate: HourlyRate): HourlyRate {
  const { gpu, cpu, memory } = rate;
  const usd = (gpu.known ? gpu.usdPerHour : 0) + cpu + memory;
  return { ...rate, least: usd, most: gpu.known ? usd : null, doubts: [] };
}

/**
 * What comes on top is use above the request: of CPU and memory. All of it is dearer where that cannot
 * be (a container without a GPU, or one that costs less than it asks for), and where nobody knows the
 * price of the GPU: then the bill has told it.
 */
function taughtRate(rate: HourlyRate, kind: KindLesson, busyShare: number): HourlyRate {
  const { gpu, cpu, memory } = rate;
  const gpuUsd = gpu.known ? gpu.usdPerHour : standInUsdPerHour;
  if (kind.split !== undefined) return splitRate(rate, gpuUsd, kind.split, busyShare);
  const asked = gpuUsd + cpu + memory;
  const usd = asked * kind.factor + kind.busyUsdPerHour * busyShare;
  const above = (usd - gpuUsd) / (cpu + memory);
  if (gpu.known && gpuUsd > 0 && above >= 1)
    return { ...rate, cpu: cpu * above, memory: memory * above };
  const all = asked > 0 ? usd / asked : 1;
  return {
    ...rate,
    gpu: { known: true, usdPerHour: gpuUsd * all },
    cpu: cpu * all,
    memory: memory * all,
  };
}

function splitRate(
  rate: HourlyRate,
  gpuUsd: number,
  { factor, busyUsdPerHour: busy }: SplitLesson,
  busyShare: number,
): HourlyRate {
  return {
    ...rate,
    gpu: { known: true, usdPerHour: gpuUsd * factor.gpu },
    cpu: rate.cpu * factor.cpu + busy.cpu * busyShare,
    memory: rate.memory * factor.memory + busy.memory * busyShare,
  };
}
