import { plural, t } from "../../base/text.ts";
import { hourMs, type BilledRow } from "../../cost/billed/billedRow.ts";
import type { CallRecord } from "../../cost/call.ts";
import { addParts, knownCost, knownPart, type KnownPart } from "../../cost/cost.ts";
import { formatParts } from "../../cost/apportion.ts";
import { approximately, formatClock, formatDuration } from "../../cost/format.ts";
import { gpuLabel } from "../../cost/rates/gpu.ts";
import type { ReconciledHour } from "../../cost/billed/reconcile.ts";
import { msWithin, type PricedSpan } from "../../cost/metered/pricedSpan.ts";
import { bestPart, costOf, type TieredCost } from "../../cost/spending/sessionCost.ts";
import type { Figure } from "../../cost/tiers.ts";
import type { ContainerSpan } from "../../cost/span.ts";
import { gapText, type Gap } from "../gap.ts";
import type { Listing, WindowRecord } from "../ledgerPort.ts";
import { liveApps } from "../liveApp.ts";
import type { StopReceipt } from "../receipt.ts";
import { elsewhereText, type RunsElsewhere } from "../runsElsewhere.ts";

/** While nobody watched. */
export interface AwayRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * From the end of the last other window to the opening of this one; null when another window lives,
 * when there was none before, or when it was a mere reload.
 */
export function awayRange(
  windows: readonly WindowRecord[],
  thisWindow: Pick<WindowRecord, "windowId" | "openedAtMs">,
  isGone: (window: WindowRecord) => boolean,
  shortestMs = 60_000,
): AwayRange | null {
  let fromMs: number | null = null;
  for (const window of windows) {
    if (window.windowId === thisWindow.windowId) continue;
    if (!isGone(window)) return null;
    const goneAtMs = window.closedAtMs ?? window.beatAtMs;
    fromMs = Math.max(fromMs ?? goneAtMs, goneAtMs);
  }
  if (fromMs === null || thisWindow.openedAtMs - fromMs < shortestMs) return null;
  return { fromMs, toMs: thisWindow.openedAtMs };
}

/** How a cost is known: "estimated" is metered, but so seldom looked at, or with so much that nobody told, that it may be well off. */
export type AwayBasis = "billed" | "metered" | "estimated";

export type AwayEnding =
  | { readonly kind: "still-running"; readonly containerCount: number }
  | {
      readonly kind: "stopped";
      readonly by: StopReceipt["by"];
      readonly atMs: number;
      readonly verified: boolean;
    }
  /** Its containers ended by themselves; the app is still deployed. */
  | { readonly kind: "scaled-down"; readonly atMs: number }
  /** Somebody, or Modal, stopped it; no receipt of this machine says so. */
  | { readonly kind: "stopped-elsewhere" }
  /** No fresh listing could be had. */
  | { readonly kind: "not-checked" };

export interface AwayApp {
  readonly name: string;
  /** What was seen of it; null: it was billed, and nobody saw it. */
  readonly seen: {
    /** Time in which at least one container ran. */
    readonly ranMs: number;
    /** "L40S", "H100:2, L4". */
    readonly gpu: string;
  } | null;
  /** At least so much where it is a floor. */
  readonly cost: KnownPart;
  readonly basis: AwayBasis;
  readonly ending: AwayEnding;
}

export interface AwayReport extends AwayRange {
  readonly scope: string;
  /** Show it once: claim this first (Ledger.claimOnce). */
  readonly key: string;
  /** The most expensive first. */
  readonly apps: readonly AwayApp[];
  readonly cost: KnownPart;
  readonly basis: AwayBasis;
  readonly stillRunning: boolean;
  /** What runs now in other environments of the workspace, whoever has it. */
  readonly elsewhere: readonly RunsElsewhere[];
  /** Times of which nothing tells what ran: the cost is at least so much. */
  readonly unknownTimes: readonly Gap[];
}

/** Its range and the receipts are by this machine's clock; what is priced, called and billed is by Modal's. */
export interface AwayInput extends AwayRange {
  readonly scope: string;
  /** By Modal's clock. */
  readonly nowMs: number;
  /** Modal's clock minus this machine's. */
  readonly offsetMs: number;
  /** As for `costOf`: all of the whole UTC hours that the range touches. */
  readonly priced: readonly PricedSpan[];
  readonly calls: readonly CallRecord[];
  readonly billed: readonly BilledRow[];
  /** Receipts since the start of the range. */
  readonly receipts: readonly StopReceipt[];
  /** A fresh look; null: none could be had. */
  readonly listing: Listing | null;
  /** Hours of the range that were billed and that nobody saw (session/unseenBill.ts). */
  readonly unseen: readonly ReconciledHour[];
  /** Times of the range of which nothing tells what ran (session/meter/unknownTimes.ts). */
  readonly unknownTimes: readonly Gap[];
  /** What was seen of the other environments since. */
  readonly elsewhere: readonly RunsElsewhere[];
}

/**
 * What ran while no window watched, what it cost, and what stopped it; null: it is known that nothing
 * ran, and nothing of mine runs elsewhere.
 */
export function awayReport(input: AwayInput): AwayReport | null {
  const { scope, offsetMs } = input;
  const fromMs = input.fromMs + offsetMs;
  const toMs = input.toMs + offsetMs;
  const priced = input.priced.filter((one) => msWithin(one, fromMs, toMs) > 0);
  const unseen = Map.groupBy(input.unseen, ({ appId }) => appId);
  const { elsewhere } = input;
  const isNews = elsewhere.some(({ whose }) => whose?.mine === true);
  if (priced.length + unseen.size + input.unknownTimes.length === 0 && !isNews) return null;
  const byApp = Map.groupBy(priced, ({ span }) => span.appId);
  const apps = [...byApp].map(([appId, spans]): AwayApp => {
    const tiers = costOf({ ...input, fromMs, toMs, appIds: new Set([appId]) });
    const ends = spans.map(({ interval }) => interval.endMs ?? interval.countedToMs);
    return {
      name: spans[0]?.span.appName ?? appId,
      seen: {
        ranMs: unionMs(spans, fromMs, toMs),
        gpu: [...new Set(spans.map(({ span }) => gpuText(span)))].toSorted().join(", "),
      },
      cost: bestPart(tiers),
      basis: basisOf(tiers),
      ending: endingOf(appId, Math.max(...ends) - offsetMs, input),
    };
  });
  for (const [appId, hours] of unseen) {
    if (byApp.has(appId)) continue;
    apps.push({
      name: hours.at(-1)?.appName ?? appId,
      seen: null,
      cost: knownPart(hours.map(({ billed }) => knownCost(billed))),
      basis: "billed",
      ending: endingOf(
        appId,
        Math.max(...hours.map(({ hourStartMs }) => hourStartMs + hourMs)) - offsetMs,
        input,
      ),
    });
  }
  return {
    fromMs: input.fromMs,
    toMs: input.toMs,
    scope,
    key: `away:${scope}:${input.fromMs}`,
    apps: apps.toSorted((a, b) => b.cost.microUsd - a.cost.microUsd),
    cost: addParts(apps.map(({ cost }) => cost)),
    basis: weakest(apps.map(({ basis }) => basis)),
    unknownTimes: input.unknownTimes,
    elsewhere,
    stillRunning: apps.some(({ ending }) => ending.kind === "still-running"),
  };
}

/** The report as lines: what ran, what it cost, how that is known, what ended it. */
export function awayLines(report: AwayReport, timeZone?: string): readonly string[] {
  const { fromMs, toMs, apps, scope, unknownTimes, elsewhere } = report;
  const clock = (atMs: number): string => formatClock(atMs, timeZone);
  const shown = formatParts(apps.map(({ cost }) => cost.microUsd));
  const away = [clock(fromMs), clock(toMs), formatDuration(toMs - fromMs)] as const;
  const runsNow = elsewhere.map(elsewhereText).join(", ");
  const lines = [
    apps.length === 0
      ? unknownTimes.length > 0
        ? t(
            "While no window was open ({0} to {1}, {2}), it is not known what ran in {3}.",
            ...away,
            scope,
          )
        : t("While no window was open ({0} to {1}, {2}), nothing ran in {3}.", ...away, scope)
      : plural(
          apps.length,
          {
            one: "While no window was open ({1} to {2}, {3}), {0} app ran in {4}: {5}.",
            other: "While no window was open ({1} to {2}, {3}), {0} apps ran in {4}: {5}.",
          },
          ...away,
          scope,
          costText(
            unknownTimes.length === 0 ? report.cost : { ...report.cost, isFloor: true },
            report.basis,
            shown.whole,
          ),
        ),
  ];
  for (const [index, { name, seen, cost, basis, ending }] of apps.entries()) {
    const paid = costText(cost, basis, shown.parts[index] ?? "");
    const end = endingText(ending, clock);
    lines.push(
      seen === null
        ? t("{0} was never seen running, but it is on the bill: {1}; {2}.", name, paid, end)
        : t(
            "{0} ran for {1} ({2}): {3}; {4}.",
            name,
            formatDuration(seen.ranMs),
            seen.gpu,
            paid,
            end,
          ),
    );
  }
  // Of other environments it is known what runs there now, not since when.
  if (runsNow !== "") lines.splice(1, 0, t("Elsewhere, now: {0}.", runsNow));
  for (const gap of unknownTimes)
    lines.push(
      t("Not known: {0}. The bill of that time has not come either.", gapText(gap, timeZone)),
    );
  return lines;
}

/** @param text the amount, as it is shown beside the others. */
function costText({ microUsd, isFloor, whys }: KnownPart, basis: AwayBasis, text: string): string {
  const [why] = whys;
  if (isFloor && why !== undefined)
    return microUsd === 0 ? t("cost unknown ({0})", why) : t("at least {0} ({1})", text, why);
  if (isFloor) return t("at least {0}", text);
  if (basis === "billed") return t("{0} billed", text);
  return basis === "metered"
    ? approximately(text)
    : t("≈ {0} (estimated: it may be well off)", text);
}

function endingText(ending: AwayEnding, clock: (atMs: number) => string): string {
  if (ending.kind === "still-running")
    return plural(ending.containerCount, {
      one: "it still runs with {0} container",
      other: "it still runs with {0} containers",
    });
  if (ending.kind === "scaled-down")
    return t("scaled down by itself at {0}, still deployed", clock(ending.atMs));
  if (ending.kind === "stopped-elsewhere") return t("stopped, but not from this editor");
  if (ending.kind === "not-checked") return t("whether it still runs could not be checked");
  const by = {
    person: t("stopped by you"),
    expiry: t("stopped at the end of its time box"),
    guardian: t("stopped by the guardian"),
    reminder: t("stopped by you from the reminder"),
    agent: t("stopped by an agent"),
  }[ending.by];
  return ending.verified
    ? t("{0} at {1}", by, clock(ending.atMs))
    : t("{0} at {1} (confirmed only now)", by, clock(ending.atMs));
}

function endingOf(appId: string, lastEndMs: number, input: AwayInput): AwayEnding {
  const { listing, receipts, fromMs } = input;
  if (listing === null) return { kind: "not-checked" };
  const live = liveApps(listing).find((app) => app.appId === appId);
  const receipt = receipts
    .filter(({ atMs, stopped, left }) => {
      const isNamed = [...stopped, ...left].some((app) => app.appId === appId);
      return atMs >= fromMs && isNamed;
    })
    .toSorted((a, b) => b.atMs - a.atMs)[0];
  if (live !== undefined && live.containerCount > 0)
    return { kind: "still-running", containerCount: live.containerCount };
  if (live !== undefined) return { kind: "scaled-down", atMs: lastEndMs };
  if (receipt === undefined) return { kind: "stopped-elsewhere" };
  return {
    kind: "stopped",
    by: receipt.by,
    atMs: receipt.atMs,
    verified:
      receipt.verified !== "unverified" && receipt.stopped.some((app) => app.appId === appId),
  };
}

/** More than a tenth of the amount, and more than a cent, may be wrong: then it is an estimate. */
function basisOf({ bestKnown, bestTier, figure }: TieredCost): AwayBasis {
  if (bestTier === "billed") return "billed";
  const error = figure === null ? 0 : errorOf(figure);
  return error > Math.max(bestKnown / 10, 10_000) ? "estimated" : "metered";
}

/** How far off the figure may be, as far as anybody can say. */
function errorOf({ microUsd, bounds: { low, high } }: Figure): number {
  return Math.max(microUsd - low, (high ?? microUsd) - microUsd);
}

/** A sum is known no better than its weakest part. */
function weakest(parts: readonly AwayBasis[]): AwayBasis {
  if (parts.includes("estimated")) return "estimated";
  return parts.includes("metered") ? "metered" : "billed";
}

function gpuText({ gpu, gpuSource }: ContainerSpan): string {
  return gpu === null && gpuSource === "unknown" ? t("GPU unknown") : gpuLabel(gpu);
}

/** Time covered by at least one of the spans. */
function unionMs(spans: readonly PricedSpan[], fromMs: number, toMs: number): number {
  let coveredToMs = fromMs;
  let sum = 0;
  for (const { interval } of spans.toSorted((a, b) => a.interval.startMs - b.interval.startMs)) {
    const from = Math.max(interval.startMs, coveredToMs);
    const to = Math.min(interval.countedToMs, toMs);
    if (to <= from) continue;
    sum += to - from;
    coveredToMs = to;
  }
  return sum;
}
