import { hourMs, hourOf, type BilledRow } from "../billed/billedRow.ts";
import type { CallRecord } from "../call.ts";
import { knownPart, type Cost } from "../cost.ts";
import { addUsd, microUsd, sumUsd, zeroUsd, type MicroUsd } from "../money.ts";
import type { Figure } from "../tiers.ts";

/** The figure where no container was observed and nothing is billed; null: nothing was reported either. */
export function reportedFigure(reported: {
  readonly microUsd: MicroUsd;
  readonly calls: number;
  readonly silentCalls: number;
}): Figure | null {
  const { microUsd: amount, calls, silentCalls } = reported;
  return calls === 0 ? null : { microUsd: amount, tier: "reported", isFloor: silentCalls > 0 };
}

/**
 * The one amount that stands for a cost.
 *
 * @param left what each container cost in the hours that the bill does not cover.
 * @param reported what each app's calls reported in those hours: it cost at least that.
 */
export function figureOf(
  left: readonly { readonly appId: string; readonly cost: Cost }[],
  billed: MicroUsd | null,
  reported: ReadonlyMap<string | null, MicroUsd>,
): Figure | null {
  const byApp = Map.groupBy(left, ({ appId }) => appId);
  let isFloor = false;
  const amounts: MicroUsd[] = [];
  for (const appId of new Set([...byApp.keys(), ...reported.keys()])) {
    const own = appId === null ? [] : (byApp.get(appId) ?? []);
    const metered = knownPart(own.map(({ cost }) => cost));
    const atLeast = reported.get(appId) ?? zeroUsd;
    isFloor ||= metered.isFloor || atLeast > metered.microUsd;
    amounts.push(microUsd(Math.max(metered.microUsd, atLeast)));
  }
  const leftUsd = sumUsd(amounts);
  const total = addUsd(billed ?? zeroUsd, leftUsd);
  // "At least $0.00" says nothing.
  if (isFloor && total === zeroUsd) return null;
  const isBilled = billed !== null && leftUsd === zeroUsd && !isFloor;
  return { microUsd: total, tier: isBilled ? "billed" : "metered", isFloor };
}

/** What the calls of each app reported, but for those of which all hours are on the bill. */
export function reportedOutside(
  rows: readonly BilledRow[],
  calls: readonly CallRecord[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): ReadonlyMap<string | null, MicroUsd> {
  const hours = new Set(rows.map((row) => `${row.objectId} ${row.intervalStartMs}`));
  const sums = new Map<string | null, MicroUsd>();
  for (const { appId, startedAtMs, endedAtMs, reportedMicroUsd } of calls) {
    if (reportedMicroUsd === null || startedAtMs < fromMs || startedAtMs >= toMs) continue;
    if (isBilled(hours, appId, startedAtMs, endedAtMs ?? startedAtMs)) continue;
    sums.set(appId, addUsd(sums.get(appId) ?? zeroUsd, reportedMicroUsd));
  }
  return sums;
}

function isBilled(
  hours: ReadonlySet<string>,
  appId: string | null,
  startMs: number,
  endMs: number,
): boolean {
  for (let hour = hourOf(startMs); hour <= endMs; hour += hourMs)
    if (!hours.has(`${appId} ${hour}`)) return false;
  return true;
}
