import * as z from "zod/mini";
import type { Ledger, Listing } from "../ledgerPort.ts";
import { listedAlone } from "../sandboxInfo.ts";
import type { LookTime } from "../lookOrder.ts";

/** Within which Modal's clock minus this machine's lies, in milliseconds, as something proved it. */
export interface OffsetBounds {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Off by less, two clocks count as one: instants are told in whole seconds, and answers take time. */
const toleranceMs = 2_000;
/** A listing may show so late what has begun. */
const listedLateMs = 5_000;
/** The newest thing that a look shows is of so long ago. */
const usualAgeMs = 3_000;
/** An estimate that moves by less than this is the same one. */
const sameMs = 1_000;
/** What nothing has confirmed for so long may be over: the clock may have been set meanwhile. */
const validMs = 24 * 3_600_000;
const confirmEveryMs = 3_600_000;

const unbounded: OffsetBounds = {
  leastMs: Number.NEGATIVE_INFINITY,
  mostMs: Number.POSITIVE_INFINITY,
};

/**
 * What a look proves of the clocks: whatever Modal tells of has happened (a start in the future shows a
 * clock that is behind), and what the look before did not show has begun since.
 *
 * @param answeredAtMs when the answer was there, by this machine's clock
 * @param before the look before, if it was by the same clock
 */
export function boundsOfLook(
  listing: Listing,
  answeredAtMs: number,
  before: Listing | undefined,
): OffsetBounds {
  const containers = [...listing.containers, ...listing.ended];
  const instantsMs = [
    ...containers.flatMap((one) => [one.enqueuedAtMs, one.startedAtMs, one.finishedAtMs]),
    ...listing.apps.flatMap((app) => [app.createdAtMs, app.stoppedAtMs]),
  ].filter((atMs) => atMs !== null);
  const leastMs = Math.max(...instantsMs, Number.NEGATIVE_INFINITY) - answeredAtMs;
  if (before === undefined || before.era !== listing.era) return { ...unbounded, leastMs };
  const seen = new Map(before.containers.map((one) => [one.containerId, one]));
  const apps = new Map(before.apps.map((app) => [app.appId, app]));
  // The look before may not have asked for what only the list of the sandboxes shows.
  const alone = listedAlone(listing);
  const since = [
    ...listing.containers.flatMap(({ containerId, enqueuedAtMs, startedAtMs }) => {
      if (alone.has(containerId)) return [];
      const earlier = seen.get(containerId);
      if (earlier === undefined) return enqueuedAtMs ?? startedAtMs ?? [];
      return earlier.startedAtMs === null ? (startedAtMs ?? []) : [];
    }),
    ...listing.ended
      .filter(({ containerId }) => seen.has(containerId))
      .flatMap((one) => one.finishedAtMs ?? []),
    ...listing.apps.flatMap((app) => {
      const earlier = apps.get(app.appId);
      if (earlier === undefined) return app.createdAtMs ?? [];
      return earlier.stoppedAtMs === null ? (app.stoppedAtMs ?? []) : [];
    }),
  ];
  const mostMs = Math.min(...since, Number.POSITIVE_INFINITY) - before.observedAtMs + listedLateMs;
  return { leastMs, mostMs };
}

/**
 * Estimates how far this machine's clock is from Modal's, by what the looks of one window prove, and
 * keeps it in the ledger for all who ask.
 */
export class ModalTime {
  readonly #ledger: Pick<Ledger, "remember" | "recall">;
  #bounds = unbounded;
  /** Of the looks that the bounds are from: a clock that was set back, or another scope, begins anew. */
  #of: string | undefined;

  constructor(ledger: Pick<Ledger, "remember" | "recall">) {
    this.#ledger = ledger;
  }

  /** Learns from a look. A bound that contradicts those before begins anew: a clock was set. */
  add({ leastMs, mostMs }: OffsetBounds, { scope, era, observedAtMs }: Listing): void {
    if (leastMs > mostMs) return;
    const both = {
      leastMs: Math.max(this.#bounds.leastMs, leastMs),
      mostMs: Math.min(this.#bounds.mostMs, mostMs),
    };
    const saved = this.#ledger.recall(keyOf(scope), stored);
    const isOfEra = saved?.era === era;
    const of = `${era} ${scope}`;
    const isAnew = this.#of !== of || both.leastMs > both.mostMs;
    this.#of = of;
    this.#bounds = isAnew ? { leastMs, mostMs } : both;
    const isPossible = isOfEra && isWithin(saved.offsetMs, this.#bounds);
    const isDated = isPossible && saved.isDated;
    const offsetMs = isDated ? saved.offsetMs : offsetWithin(this.#bounds);
    // No bound from above, and none from below that says anything: what is saved stands, if it can.
    const isNews = Number.isFinite(this.#bounds.mostMs) || offsetMs !== 0;
    if (!isNews && (saved === undefined || isPossible)) return;
    const isSame = Math.abs((saved?.offsetMs ?? 0) - offsetMs) < sameMs && saved?.era === era;
    const isConfirmed = offsetMs === 0 || observedAtMs - (saved?.atMs ?? 0) < confirmEveryMs;
    if (isSame && isConfirmed) return;
    this.#ledger.remember(
      keyOf(scope),
      JSON.stringify({ offsetMs, atMs: observedAtMs, isDated, era }),
    );
  }
}

/**
 * Learns from the date in an answer of Modal's, which says more than looks do.
 * @param offsetMs its date minus this machine's time, to about half a second
 * @param time when the answer was there, by this machine's clock
 */
export function noteDate(
  ledger: Pick<Ledger, "remember" | "recall">,
  scope: string,
  offsetMs: number,
  { observedAtMs: nowMs, era }: LookTime,
): void {
  const saved = ledger.recall(keyOf(scope), stored);
  const usedMs = Math.abs(offsetMs) <= toleranceMs ? 0 : offsetMs;
  const isKnown =
    saved?.isDated === true &&
    saved.era === era &&
    Math.abs(saved.offsetMs - usedMs) <= sameMs &&
    nowMs - saved.atMs < confirmEveryMs;
  if (!isKnown)
    ledger.remember(
      keyOf(scope),
      JSON.stringify({ offsetMs: usedMs, atMs: nowMs, isDated: true, era }),
    );
}

/** Modal's clock minus this machine's, in milliseconds; 0: they are in step, or nothing shows that they are not. */
export function modalOffsetMs(
  ledger: Pick<Ledger, "recall">,
  scope: string,
  nowMs: number,
): number {
  return knownOffsetMs(ledger, scope, nowMs) ?? 0;
}

/** The same; null: nothing has compared the two clocks lately. */
export function knownOffsetMs(
  ledger: Pick<Ledger, "recall">,
  scope: string,
  nowMs: number,
): number | null {
  const saved = ledger.recall(keyOf(scope), stored);
  if (saved === undefined || Math.abs(nowMs - saved.atMs) > validMs) return null;
  return saved.offsetMs;
}

const stored = z.object({
  offsetMs: z.number(),
  atMs: z.number(),
  isDated: z.boolean(),
  era: z.number(),
});

function keyOf(scope: string): string {
  return `modal's clock ${scope}`; // not shown: a key of the ledger
}

function offsetWithin({ leastMs, mostMs }: OffsetBounds): number {
  if (leastMs <= toleranceMs && mostMs >= -toleranceMs) return 0;
  if (!Number.isFinite(mostMs)) return Math.round(leastMs);
  if (!Number.isFinite(leastMs)) return Math.round(mostMs);
  // What looks show as the newest is mostly a few seconds old; what bounds it from above may be minutes off.
  return Math.round(leastMs + Math.min((mostMs - leastMs) / 2, usualAgeMs));
}

function isWithin(offsetMs: number, { leastMs, mostMs }: OffsetBounds): boolean {
  return offsetMs >= leastMs - toleranceMs && offsetMs <= mostMs + toleranceMs;
}
