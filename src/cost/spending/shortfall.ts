import { t } from "../../base/text.ts";
import { hourMs, hourOf } from "../billed/billedRow.ts";
import { addBounds, type Bounds } from "../bounds.ts";
import type { CallRecord } from "../call.ts";
import { knownPart } from "../cost.ts";
import { microUsd, sumUsd, zeroUsd, type MicroUsd } from "../money.ts";
import { addends } from "../rates/costMetrics.ts";
import { leastRuns, type LeastRun } from "../reported/sharedContainer.ts";
import { boundsWithin, mayOverlap, metricsWithin, type PricedSpan } from "../metered/pricedSpan.ts";
import { hourKey, type LeftCost } from "./figure.ts";

interface Range {
  /** Start inclusive, end exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * What calls reported beyond what was metered of their app in the same hour: it cost at least what they
 * said. By UTC hours, and put down to the times at which they were at work, so that adjacent ranges add
 * up whichever of them asks; an hour that is on the bill needs no floor.
 *
 * @param observed calls during which a container of their app was observed, each once.
 * @param spans containers of their apps.
 * @param hours keys of the hours that the bill covers (`hourKey`).
 */
export function shortfalls(
  observed: readonly CallRecord[],
  spans: readonly PricedSpan[],
  hours: ReadonlySet<string>,
  range: Range,
): readonly LeftCost[] {
  const spansByApp = Map.groupBy(spans, ({ span }) => span.appId);
  const reporting = observed.filter(({ reportedMicroUsd }) => (reportedMicroUsd ?? 0) > 0);
  return Array.from(
    Map.groupBy(reporting, ({ appId }) => appId),
    ([appId, calls]) => {
      if (appId === null) return [];
      const appSpans = spansByApp.get(appId) ?? [];
      const byHour = Map.groupBy(leastRuns(calls).flatMap(inHours), ({ fromMs }) => hourOf(fromMs));
      return Array.from(byHour, ([hour, runs]) => {
        if (hours.has(hourKey({ objectId: appId, intervalStartMs: hour }))) return [];
        if (hour >= range.toMs || hour + hourMs <= range.fromMs) return [];
        const missing = missingIn(hour, sumUsd(runs.map((run) => run.microUsd)), appSpans);
        return missing === undefined ? [] : [partIn(range, appId, runs, missing)];
      }).flat();
    },
  ).flat();
}

/** The run cut into UTC hours; the parts add up to it. */
function inHours(run: LeastRun): readonly LeastRun[] {
  if (run.fromMs === run.toMs) return [run];
  const parts: LeastRun[] = [];
  let fromMs = run.fromMs;
  let counted = 0;
  while (fromMs < run.toMs) {
    const toMs = Math.min(run.toMs, hourOf(fromMs) + hourMs);
    const until = Math.round(run.microUsd * partBefore(run, toMs));
    parts.push({ fromMs, toMs, microUsd: microUsd(until - counted) });
    counted = until;
    fromMs = toMs;
  }
  return parts;
}

/** Which part of a run lies before an instant; one without a length lies where it begins. */
function partBefore({ fromMs, toMs }: LeastRun, atMs: number): number {
  if (fromMs === toMs) return fromMs < atMs ? 1 : 0;
  return Math.min(1, Math.max(0, (atMs - fromMs) / (toMs - fromMs)));
}

interface Missing {
  readonly microUsd: MicroUsd;
  /** What comes to the bounds of what was metered. */
  readonly bounds: Bounds;
}

/** What an hour of an app cost at least beyond what was metered; undefined: nothing. */
function missingIn(
  hour: number,
  atLeast: MicroUsd,
  spans: readonly PricedSpan[],
): Missing | undefined {
  const within = spans.filter((span) => mayOverlap(span, hour, hour + hourMs));
  let metered = 0;
  for (const span of within) {
    metered += knownPart(addends(metricsWithin(span, hour, hour + hourMs))).microUsd;
    if (metered >= atLeast) return undefined;
  }
  const { low, high } = addBounds(within.map((span) => boundsWithin(span, hour, hour + hourMs)));
  return {
    microUsd: microUsd(atLeast - metered),
    bounds: {
      low: microUsd(Math.max(0, atLeast - low)),
      // More than it can have cost as it was metered: something was not seen.
      high: high === null || high < atLeast ? null : zeroUsd,
    },
  };
}

/** The part of what is missing that lies in the range, by the times of the runs. */
function partIn(
  { fromMs, toMs }: Range,
  appId: string,
  runs: readonly LeastRun[],
  missing: Missing,
): LeftCost {
  const whole = sumUsd(runs.map((run) => run.microUsd));
  const shareBefore = (atMs: number): number =>
    runs.reduce((sum, run) => sum + run.microUsd * partBefore(run, atMs), 0) / whole;
  const [before, until] = [shareBefore(fromMs), shareBefore(toMs)];
  const cut = (amount: MicroUsd): MicroUsd =>
    microUsd(Math.round(amount * until) - Math.round(amount * before));
  const { low, high } = missing.bounds;
  const missingUsd = cut(missing.microUsd);
  const isFloor = missingUsd > 0;
  return {
    appId,
    known: {
      microUsd: missingUsd,
      isFloor,
      whys: isFloor ? [t("Calls reported more than their containers were seen to cost.")] : [],
    },
    bounds: { low: cut(low), high: high === null && isFloor ? null : zeroUsd },
  };
}
