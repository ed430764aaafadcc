import { t } from "../../base/text.ts";
import { those } from "../../base/those.ts";
import { attribute, type Activity, type Segment } from "../metered/attribution.ts";
import { hourMs, hourOf, isFinal, type BilledRow } from "../billed/billedRow.ts";
import {
  billedCost,
  exceedingRows,
  type BilledCost,
  type ExceedingRow,
} from "../billed/billedCost.ts";
import type { CallRecord } from "../call.ts";
import { knownCost, knownPart, unknownCost, type Cost, type KnownPart } from "../cost.ts";
import { addMetrics, addends, type CostMetrics } from "../rates/costMetrics.ts";
import { figureOf, hourKey, reportedFigure, type LeftCost } from "./figure.ts";
import { shortfalls } from "./shortfall.ts";
import { byObservation, costOfUnobserved } from "./unobservedCalls.ts";
import { distinctCalls } from "../reported/distinctCalls.ts";
import { addUsd, microUsd, sumUsd, zeroUsd, type MicroUsd } from "../money.ts";
import {
  boundsWithin,
  mayOverlap,
  metricsWithin,
  msWithin,
  overlaps,
  type PricedSpan,
} from "../metered/pricedSpan.ts";
import { addBounds, withoutBounds, type Bounds } from "../bounds.ts";
import type { Figure, Tier } from "../tiers.ts";

/** Whose cost, and when: a session, a day, everything. */
export interface CostQuestion {
  /** null: all apps. */
  readonly appIds: ReadonlySet<string> | null;
  /** Start inclusive, end exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowMs: number;
  /** All containers, calls and billed rows of the whole UTC hours that the range touches; more does no harm. */
  readonly priced: readonly PricedSpan[];
  readonly calls: readonly CallRecord[];
  readonly billed: readonly BilledRow[];
}

export interface ReportedCost {
  readonly microUsd: MicroUsd;
  /** Calls that said what they cost, and calls that did not (failed, running, no header). */
  readonly calls: number;
  readonly silentCalls: number;
}

export interface MeteredCost {
  readonly metrics: CostMetrics;
  /** What is known of it; a floor while the rate of some container is not known. */
  readonly known: KnownPart;
  /** The same total, by what the containers were doing. */
  readonly byActivity: Readonly<Record<Activity, KnownPart>>;
  readonly containerSeconds: number;
  /** Between what it lies: begins, ends and prices of containers are known within bounds. */
  readonly bounds: Bounds;
  /** What is not known of their prices, and widens the bounds: in sentences. */
  readonly doubts: readonly string[];
}

/** The three tiers of one question. All additive: adjacent ranges add up to the whole, to the micro-dollar. */
export interface TieredCost {
  readonly reported: ReportedCost;
  /** null where no container was observed. */
  readonly metered: MeteredCost | null;
  /** null where the report covers nothing yet. */
  readonly billed: BilledCost | null;
  /** The figure to show: what is billed where the report covers an hour, what is metered elsewhere, what is reported where nothing was observed. */
  readonly best: Cost;
  /** The part of `best` that is known: all of it, or a floor. */
  readonly bestKnown: MicroUsd;
  /** What `best` is mostly known by. */
  readonly bestTier: Tier;
  /** The same as it is shown for one session or day, with the bounds of it; null: nothing is known, or "at least $0.00". */
  readonly figure: Figure | null;
}

/** The figure to show as a part of a sum. */
export function bestPart({ best, bestKnown }: TieredCost): KnownPart {
  return { microUsd: bestKnown, isFloor: !best.known, whys: best.known ? [] : [best.why] };
}

/** What a session (or a day, or all) cost, by each way of knowing. */
export function costOf(question: CostQuestion): TieredCost {
  const { appIds, fromMs, toMs, nowMs } = question;
  const isAsked = (appId: string | null): boolean =>
    appIds === null || (appId !== null && appIds.has(appId));
  const all = those(question.priced, ({ span }) => isAsked(span.appId));
  const calls = those(distinctCalls(question.calls), (call) => isAsked(call.appId));
  const begun = calls.slice(indexAt(calls, fromMs), indexAt(calls, toMs));
  const reported = reportedCost(begun);
  const within = all.filter((priced) => overlaps(priced, fromMs, toMs));
  const metered =
    within.length === 0 ? null : meteredCost(within, () => attribute(all, calls, nowMs), question);
  const asked = question.billed.filter((row) => isAsked(row.objectId));
  const [allFinal, allExceeding] = [asked.filter(isFinal), exceedingRows(asked, all)];
  // Also those beyond the range: a call that goes on into them belongs to the range in which it began.
  const hours = new Set([...allFinal, ...allExceeding.map(({ row }) => row)].map(hourKey));
  const isTouching = ({ intervalStartMs: atMs }: BilledRow): boolean =>
    atMs < toMs && atMs + hourMs > fromMs;
  const rows = allFinal.filter(isTouching);
  const exceeding = allExceeding.filter(({ row }) => isTouching(row));
  const billed = rows.length === 0 ? null : billedCost(rows, all, question);
  // An end may lie in the range although the most likely one does not.
  const possible = all.filter((priced) => mayOverlap(priced, fromMs, toMs));
  const covered = [...rows, ...exceeding.map(({ row }) => row)];
  const rowsByApp = Map.groupBy(covered, (row) => row.objectId);
  const left: LeftCost[] = [
    ...possible.map((one) => uncovered(one, rowsByApp.get(one.span.appId) ?? [], question)),
    ...exceeding.map((one) => growing(one, all, question)),
  ];
  // Each of these belongs to the range in which it began, so that adjacent ranges add up.
  left.push(...costOfUnobserved(byObservation(begun, all).unobserved, hours));
  const inWholeHours = calls
    .slice(0, indexAt(calls, hourOf(toMs - 1) + hourMs))
    .filter(({ startedAtMs, endedAtMs }) => (endedAtMs ?? startedAtMs) >= hourOf(fromMs));
  const { observed } = byObservation(inWholeHours, all);
  left.push(...shortfalls(observed, all, hours, { fromMs, toMs }));
  const isReported = metered === null && billed === null && exceeding.length === 0;
  const best = bestOf(left, billed);
  return {
    reported,
    metered,
    billed,
    ...best,
    bestTier: isReported ? "reported" : best.bestTier,
    figure: isReported ? reportedFigure(reported) : figureOf(left, billed?.microUsd ?? null),
  };
}

/** The first of the calls, which are in order, that began then or later. */
function indexAt(calls: readonly CallRecord[], atMs: number): number {
  let [low, high] = [0, calls.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((calls[middle]?.startedAtMs ?? Infinity) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function reportedCost(calls: readonly CallRecord[]): ReportedCost {
  const amounts = calls.flatMap((call) => call.reportedMicroUsd ?? []);
  return {
    microUsd: sumUsd(amounts),
    calls: amounts.length,
    silentCalls: calls.length - amounts.length,
  };
}

function meteredCost(
  within: readonly PricedSpan[],
  activities: () => ReadonlyMap<PricedSpan, readonly Segment[]>,
  { fromMs, toMs }: CostQuestion,
): MeteredCost {
  const metrics = within.map((priced) => metricsWithin(priced, fromMs, toMs));
  const containerMs = within.reduce((sum, priced) => sum + msWithin(priced, fromMs, toMs), 0);
  let byActivity: MeteredCost["byActivity"] | undefined;
  return {
    metrics: addMetrics(metrics),
    known: knownPart(metrics.flatMap(addends)),
    // Seldom asked for, and dear: the status bar asks for the rest every few seconds.
    get byActivity() {
      byActivity ??= costByActivity(within, activities(), fromMs, toMs);
      return byActivity;
    },
    containerSeconds: containerMs / 1000,
    bounds: addBounds(within.map((priced) => boundsWithin(priced, fromMs, toMs))),
    get doubts() {
      return [...new Set(within.flatMap(({ prices: [{ rate }] }) => rate.doubts))];
    },
  };
}

function costByActivity(
  within: readonly PricedSpan[],
  activities: ReadonlyMap<PricedSpan, readonly Segment[]>,
  fromMs: number,
  toMs: number,
): MeteredCost["byActivity"] {
  const parts: Record<Activity, Cost[]> = { execution: [], coldStart: [], idle: [] };
  for (const priced of within) {
    for (const segment of activities.get(priced) ?? []) {
      const from = Math.max(segment.fromMs, fromMs);
      const to = Math.min(segment.toMs, toMs);
      if (to > from) parts[segment.activity].push(...addends(metricsWithin(priced, from, to)));
    }
  }
  return {
    execution: knownPart(parts.execution),
    coldStart: knownPart(parts.coldStart),
    idle: knownPart(parts.idle),
  };
}

/** @param left what is not on the bill. */
function bestOf(
  left: readonly LeftCost[],
  billed: BilledCost | null,
): Pick<TieredCost, "best" | "bestKnown" | "bestTier"> {
  const uncoveredUsd = sumUsd(left.map(({ known }) => known.microUsd));
  const billedUsd = billed?.microUsd ?? zeroUsd;
  const bestKnown = addUsd(billedUsd, uncoveredUsd);
  const why = left.find(({ known }) => known.isFloor)?.known.whys[0];
  if (why !== undefined) return { best: unknownCost(why), bestKnown, bestTier: "metered" };
  const bestTier = billed !== null && billedUsd >= uncoveredUsd ? "billed" : "metered";
  return { best: knownCost(bestKnown), bestKnown, bestTier };
}

/** What a span cost in the hours that the report does not cover. A rate that is unknown does no harm in those that it does. */
function uncovered(
  priced: PricedSpan,
  rows: readonly BilledRow[],
  { fromMs, toMs }: CostQuestion,
): LeftCost {
  const whole = knownPart(addends(metricsWithin(priced, fromMs, toMs)));
  let leftMs = msWithin(priced, fromMs, toMs);
  let left = whole.microUsd;
  const covered: Bounds[] = [];
  for (const { intervalStartMs } of rows) {
    const from = Math.max(fromMs, intervalStartMs);
    const to = Math.min(toMs, intervalStartMs + hourMs);
    leftMs -= msWithin(priced, from, to);
    left = microUsd(left - knownPart(addends(metricsWithin(priced, from, to))).microUsd);
    covered.push(boundsWithin(priced, from, to));
  }
  const isFloor = whole.isFloor && leftMs > 0;
  return {
    appId: priced.span.appId,
    known: { microUsd: left, isFloor, whys: isFloor ? whole.whys : [] },
    bounds: withoutBounds(boundsWithin(priced, fromMs, toMs), covered),
  };
}

/** A row that still grows counts like what was metered: at least so much. */
function growing(
  { row, isFloor }: ExceedingRow,
  all: readonly PricedSpan[],
  question: CostQuestion,
): LeftCost {
  const { microUsd: low } = billedCost([row], all, question);
  const whys = isFloor ? [t("An hour's bill is not final yet.")] : [];
  return {
    appId: row.objectId,
    known: { microUsd: low, isFloor, whys },
    bounds: { low, high: null },
  };
}
