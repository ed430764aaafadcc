import { hourMs, hourOf, type BilledRow } from "../billed/billedRow.ts";
import type { CallRecord } from "../call.ts";
import { addBounds, type Bounds } from "../bounds.ts";
import type { KnownPart } from "../cost.ts";
import { addUsd, sumUsd, zeroUsd, type MicroUsd } from "../money.ts";
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
 * @param left what is not on the bill: metered, reported beyond that, or reported where nothing was metered.
 */
export function figureOf(left: readonly LeftCost[], billed: MicroUsd | null): Figure | null {
  const leftUsd = sumUsd(left.map(({ known }) => known.microUsd));
  const isFloor = left.some(({ known }) => known.isFloor);
  const total = addUsd(billed ?? zeroUsd, leftUsd);
  // "At least $0.00" says nothing.
  if (isFloor && total === zeroUsd) return null;
  const isBilled = billed !== null && leftUsd === zeroUsd && !isFloor;
  const exactly = { low: billed ?? zeroUsd, high: billed ?? zeroUsd };
  return {
    microUsd: total,
    tier: isBilled ? "billed" : "metered",
    isFloor,
    bounds: addBounds([exactly, ...left.map(({ bounds }) => bounds)]),
  };
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
