import { hourMs, hourOf, type BilledRow } from "../billed/billedRow.ts";
import type { CallRecord } from "../call.ts";
import { addBounds, type Bounds } from "../bounds.ts";
import type { KnownPart } from "../cost.ts";
import { addUsd, microUsd, sumUsd, zeroUsd, type MicroUsd } from "../money.ts";
import { leastCostOf } from "../reported/sharedContainer.ts";
import type { Figure } from "../tiers.ts";

/** The figure where no container was observed and nothing is billed; null: nothing was reported either. */
export function reportedFigure(reported: {
  readonly microUsd: MicroUsd;
  readonly calls: number;
  readonly silentCalls: number;
}): Figure | null {
  const { microUsd: amount, calls, silentCalls } = reported;
  if (calls === 0) return null;
  // No container was observed: what it cost beyond what was reported, nobody can say.
  const bounds = { low: amount, high: null };
  return { microUsd: amount, tier: "reported", isFloor: silentCalls > 0, bounds };
}

/** What a container, or a call, cost in the hours that the bill does not cover, and between what that lies. */
export interface LeftCost {
  /** null: of a call whose app is not known. */
  readonly appId: string | null;
  readonly known: KnownPart;
  readonly bounds: Bounds;
}

/** The hour of an app that a row of the bill is for. */
export function hourKey({
  objectId,
  intervalStartMs,
}: Pick<BilledRow, "objectId" | "intervalStartMs">): string {
  return `${objectId} ${intervalStartMs}`;
}

/**
 * The one amount that stands for a cost.
 *
 * @param left what was metered and is not on the bill.
 * @param reported what each app's calls reported in those hours: it cost at least that.
 */
export function figureOf(
  left: readonly LeftCost[],
  billed: MicroUsd | null,
  reported: ReadonlyMap<string | null, MicroUsd>,
): Figure | null {
  const byApp = Map.groupBy(left, ({ appId }) => appId);
  let isFloor = false;
  const amounts: MicroUsd[] = [];
  const bounds: Bounds[] = [];
  for (const appId of new Set([...byApp.keys(), ...reported.keys()])) {
    const partsOfApp = byApp.get(appId) ?? [];
    const meteredUsd = sumUsd(partsOfApp.map(({ known }) => known.microUsd));
    const atLeast = reported.get(appId) ?? zeroUsd;
    isFloor ||= partsOfApp.some(({ known }) => known.isFloor) || atLeast > meteredUsd;
    amounts.push(microUsd(Math.max(meteredUsd, atLeast)));
    bounds.push(raisedTo(atLeast, addBounds(partsOfApp.map((one) => one.bounds))));
  }
  const leftUsd = sumUsd(amounts);
  const total = addUsd(billed ?? zeroUsd, leftUsd);
  // "At least $0.00" says nothing.
  if (isFloor && total === zeroUsd) return null;
  const isBilled = billed !== null && leftUsd === zeroUsd && !isFloor;
  return {
    microUsd: total,
    tier: isBilled ? "billed" : "metered",
    isFloor,
    bounds: addBounds([exactly(billed ?? zeroUsd), ...bounds]),
  };
}

function exactly(amount: MicroUsd): Bounds {
  return { low: amount, high: amount };
}

/** It cost at least so much. Where that is more than it can have cost as it was metered, something was not seen. */
function raisedTo(atLeast: MicroUsd, { low, high }: Bounds): Bounds {
  return {
    low: microUsd(Math.max(low, atLeast)),
    high: high === null || high < atLeast ? null : high,
  };
}

/** What each app cost at least by what these calls of it reported, but for those of which all hours are on the bill. */
export function reportedOutside(
  hours: ReadonlySet<string>,
  calls: readonly CallRecord[],
): ReadonlyMap<string | null, MicroUsd> {
  const counted = calls.filter((call) => call.reportedMicroUsd !== null && !isOnBill(hours, call));
  const byApp = Map.groupBy(counted, ({ appId }) => appId);
  return new Map(Array.from(byApp, ([appId, callsOfApp]) => [appId, leastCostOf(callsOfApp)]));
}

/** Whether all hours of the call are on the bill. */
export function isOnBill(
  hours: ReadonlySet<string>,
  { appId, startedAtMs, endedAtMs }: Pick<CallRecord, "appId" | "startedAtMs" | "endedAtMs">,
): boolean {
  if (appId === null || hours.size === 0) return false;
  for (let hour = hourOf(startedAtMs); hour <= (endedAtMs ?? startedAtMs); hour += hourMs)
    if (!hours.has(hourKey({ objectId: appId, intervalStartMs: hour }))) return false;
  return true;
}
