import { costOver, larger, rangeSum, type CostRange, type ExactCost } from "./money.ts";
import type { Instants, KnownLife } from "./observed.ts";
import { rateAt, type Hardware, type PriceLevel } from "./prices.ts";
import type { ContainerOfWorld, World } from "./world.ts";

/** The window `[from, to)` of time that a sum is over. */
export type Window = Instants;

function levelAt(prices: readonly PriceLevel[], atMs: number): number {
  return (prices.findLast(({ fromMs }) => fromMs <= atMs) ?? prices[0])?.percent ?? 100;
}

/** The cost of hardware over a time, each millisecond at the price that was in force. */
function costBetween(
  hardware: Hardware,
  prices: readonly PriceLevel[],
  { from, to }: Window,
): ExactCost {
  if (to <= from) return 0n;
  const changes = prices.map(({ fromMs }) => fromMs).filter((atMs) => atMs > from && atMs < to);
  const cuts = [from, ...changes, to];
  return cuts.slice(1).reduce((cost, until, index) => {
    const since = cuts[index] ?? from;
    return cost + costOver(rateAt(hardware, levelAt(prices, since)), until - since);
  }, 0n);
}

function within(window: Window, fromMs: number, toMs: number): Window {
  return { from: Math.max(fromMs, window.from), to: Math.min(toMs, window.to) };
}

/** From when on the container is billed in this world. */
function billedFrom(world: World, { enqueuedMs, readyMs, finishedMs }: ContainerOfWorld): number {
  const ready = readyMs ?? finishedMs;
  return ready - Math.round(((ready - enqueuedMs) * world.billing.bootPercent) / 100);
}

/** What Modal charges for the container in the window: the truth. */
export function trueCost(world: World, container: ContainerOfWorld, window: Window): ExactCost {
  const paid = within(window, billedFrom(world, container), container.finishedMs);
  const asked = costBetween(container.hardware, world.prices, paid);
  return (asked * BigInt(100 + container.usedAbovePercent)) / 100n;
}

/** The lowest and the highest that prices may have been, given when they were asked for. */
export interface PricesKnown {
  readonly low: readonly PriceLevel[];
  readonly high: readonly PriceLevel[];
}

/**
 * Between two answers that differ, nobody knows when the price changed; before the first and after
 * the last one, and without any, what was told (or the printed table) stands, or what was in force.
 */
export function pricesKnown(world: World, askedAtMs: readonly number[]): PricesKnown {
  const asked = askedAtMs.toSorted((a, b) => a - b);
  const bounds = [0, ...asked];
  const pieces = bounds.map((fromMs, index) => {
    const toMs = bounds[index + 1] ?? Number.POSITIVE_INFINITY;
    const inForce = world.prices.filter((level) => level.fromMs > fromMs && level.fromMs < toMs);
    const told = [index === 0 ? asked[0] : fromMs, bounds[index + 1]].flatMap((atMs) =>
      atMs === undefined ? [] : [levelAt(world.prices, atMs)],
    );
    const percents = [
      levelAt(world.prices, fromMs),
      ...inForce.map(({ percent }) => percent),
      ...(asked.length === 0 ? [100] : told),
    ];
    return { fromMs, least: Math.min(...percents), most: Math.max(...percents) };
  });
  return {
    low: pieces.map(({ fromMs, least }) => ({ fromMs, percent: least })),
    high: pieces.map(({ fromMs, most }) => ({ fromMs, percent: most })),
  };
}

/** What one can know of the cost who saw only the looks: exact where the two are equal. */
function knownCost(prices: PricesKnown, life: KnownLife, window: Window): CostRange {
  const sure = within(window, life.begin.to, life.end.from);
  const possible = within(window, life.begin.from, life.end.to);
  // Of a GPU that nobody told, cores and memory alone are known.
  const low = costBetween(life.least, prices.low, sure);
  return { low, high: larger(low, costBetween(life.most, prices.high, possible)) };
}

export function knownSum(
  prices: PricesKnown,
  lives: readonly KnownLife[],
  window: Window,
): CostRange {
  return rangeSum(lives.map((life) => knownCost(prices, life, window)));
}

export function ofApps(lives: readonly KnownLife[], appIds: readonly string[]): KnownLife[] {
  return lives.filter(({ container }) => appIds.includes(container.appId));
}
