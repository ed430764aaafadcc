import { plural } from "../../base/text.ts";
import { attribute, type Activity, type Segment } from "../metered/attribution.ts";
import { hourMs, isFinal, type BilledRow } from "../billed/billedRow.ts";
import { billedCost, exceedingRows, type BilledCost } from "../billed/billedCost.ts";
import type { CallRecord } from "../call.ts";
import { addCosts, knownCost, knownPart, unknownCost, type Cost, type KnownPart } from "../cost.ts";
import { addMetrics, type CostMetrics } from "../rates/costMetrics.ts";
import { figureOf, reportedFigure, reportedOutside } from "./figure.ts";
import { distinctCalls } from "../reported/distinctCalls.ts";
import { addUsd, microUsd, sumUsd, zeroUsd, type MicroUsd } from "../money.ts";
import { metricsWithin, msWithin, overlaps, type PricedSpan } from "../metered/pricedSpan.ts";
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
  /** How far off the unseen ends may make it, in micro-dollars. */
  readonly error: MicroUsd;
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
  /** The same as it is shown for one session or day. Unlike the rest it does not add up: its floor is that of the whole. */
  readonly figure: Figure | null;
}

/** What a session (or a day, or all) cost, by each way of knowing. */
export function costOf(question: CostQuestion): TieredCost {
  const { appIds, fromMs, toMs, nowMs } = question;
  const isAsked = (appId: string | null): boolean =>
    appIds === null || (appId !== null && appIds.has(appId));
  const all = question.priced.filter(({ span }) => isAsked(span.appId));
  const calls = distinctCalls(question.calls).filter((call) => isAsked(call.appId));
  const reported = reportedCost(
    calls.filter((call) => call.startedAtMs >= fromMs && call.startedAtMs < toMs),
  );
  const within = all.filter((priced) => overlaps(priced, fromMs, toMs));
  const metered =
    within.length === 0 ? null : meteredCost(within, () => attribute(all, calls, nowMs), question);
  const touching = question.billed.filter(
    (row) =>
      isAsked(row.objectId) && row.intervalStartMs < toMs && row.intervalStartMs + hourMs > fromMs,
  );
  const rows = touching.filter(isFinal);
  const exceeding = exceedingRows(touching, all);
  const billed = rows.length === 0 ? null : billedCost(rows, all, fromMs, toMs);
  if (metered === null && billed === null) {
    const best = reportedOnly(reported);
    const bestKnown = reported.microUsd;
    const figure = reportedFigure(reported);
    return { reported, metered, billed, best, bestKnown, bestTier: "reported", figure };
  }
  const rowsByApp = Map.groupBy([...rows, ...exceeding], (row) => row.objectId);
  const left = within.map((one) => ({
    appId: one.span.appId,
    cost: uncoveredCost(one, rowsByApp.get(one.span.appId) ?? [], question),
  }));
  // Rows that still grow count like what was metered: at least so much.
  for (const row of exceeding)
    left.push({
      appId: row.objectId,
      cost: knownCost(billedCost([row], all, fromMs, toMs).microUsd),
    });
  return {
    reported,
    metered,
    billed,
    ...bestOf(
      left.map(({ cost }) => cost),
      billed,
    ),
    figure: figureOf(left, billed?.microUsd ?? null, reportedOutside(rows, calls, question)),
  };
}

function reportedCost(calls: readonly CallRecord[]): ReportedCost {
  const amounts = calls.flatMap((call) => call.reportedMicroUsd ?? []);
  return {
    microUsd: sumUsd(amounts),
    calls: amounts.length,
    silentCalls: calls.length - amounts.length,
  };
}

function reportedOnly({ microUsd, silentCalls }: ReportedCost): Cost {
  return silentCalls === 0
    ? knownCost(microUsd)
    : unknownCost(
        plural(silentCalls, {
          one: "{0} call reported no cost, and no container was observed meanwhile.",
          other: "{0} calls reported no cost, and no container was observed meanwhile.",
        }),
      );
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
    known: knownPart(metrics.map((one) => one.total)),
    // Seldom asked for, and dear: the status bar asks for the rest every few seconds.
    get byActivity() {
      byActivity ??= costByActivity(within, activities(), fromMs, toMs);
      return byActivity;
    },
    containerSeconds: containerMs / 1000,
    error: meteringError(within, fromMs, toMs),
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
      if (to > from) parts[segment.activity].push(metricsWithin(priced, from, to).total);
    }
  }
  return {
    execution: knownPart(parts.execution),
    coldStart: knownPart(parts.coldStart),
    idle: knownPart(parts.idle),
  };
}

/** Ends that lie outside of the range cannot make it wrong. */
function meteringError(within: readonly PricedSpan[], fromMs: number, toMs: number): MicroUsd {
  let error = 0;
  for (const { interval, rate } of within) {
    const { startMs, countedToMs, endErrorMs, startErrorMs } = interval;
    const usdPerHour = (rate.gpu.known ? rate.gpu.usdPerHour : 0) + rate.cpu + rate.memory;
    const clip = (atMs: number): number => Math.min(Math.max(atMs, fromMs), toMs);
    const counted = clip(countedToMs);
    const end = Math.max(
      clip(countedToMs + endErrorMs) - counted,
      counted - clip(countedToMs - endErrorMs),
    );
    const start = startMs >= fromMs && startMs < toMs ? startErrorMs : 0;
    error += (usdPerHour * (end + start)) / 3.6;
  }
  return microUsd(error);
}

/** @param left what each container cost in the hours that the bill does not cover. */
function bestOf(
  left: readonly Cost[],
  billed: BilledCost | null,
): Pick<TieredCost, "best" | "bestKnown" | "bestTier"> {
  const uncovered = addCosts(left);
  const billedAmount = billed?.microUsd ?? zeroUsd;
  const bestKnown = addUsd(billedAmount, knownPart(left).microUsd);
  if (!uncovered.known) return { best: uncovered, bestKnown, bestTier: "metered" };
  const bestTier = billed !== null && billedAmount >= uncovered.microUsd ? "billed" : "metered";
  return { best: knownCost(bestKnown), bestKnown, bestTier };
}

/** What a span cost in the hours that the report does not cover. A rate that is unknown does no harm in those that it does. */
function uncoveredCost(
  priced: PricedSpan,
  rows: readonly BilledRow[],
  { fromMs, toMs }: CostQuestion,
): Cost {
  let leftMs = msWithin(priced, fromMs, toMs);
  const whole = metricsWithin(priced, fromMs, toMs).total;
  let left = whole.known ? whole.microUsd : zeroUsd;
  for (const { intervalStartMs } of rows) {
    const from = Math.max(fromMs, intervalStartMs);
    const to = Math.min(toMs, intervalStartMs + hourMs);
    leftMs -= msWithin(priced, from, to);
    const part = metricsWithin(priced, from, to).total;
    if (part.known) left = microUsd(left - part.microUsd);
  }
  return whole.known || leftMs > 0 ? (whole.known ? knownCost(left) : whole) : knownCost(zeroUsd);
}
