import { liveApps } from "../liveApp.ts";
import type { StopReceipt } from "../receipt.ts";
import type { SessionEnd, SessionRecord } from "../session.ts";
import type { Proof } from "./stopReceipt.ts";

/**
 * The open sessions that a stop has ended, as they are to be written. A session ends only when the
 * listing proves that none of its apps runs any more, or when all that still run were taken over by a
 * new deployment; otherwise it stays open, because it still costs money.
 */
export function endStoppedSessions(
  sessions: readonly SessionRecord[],
  receipt: StopReceipt,
  { listing, redeployed }: Pick<Proof, "listing" | "redeployed">,
  nowMs: number,
): readonly SessionRecord[] {
  if (listing === undefined || receipt.verified === "unverified") return [];
  const touched = new Set(
    [...receipt.planned, ...receipt.alreadyStopped].map(({ appId }) => appId),
  );
  const live = new Set(liveApps(listing).map(({ appId }) => appId));
  return sessions
    .filter(({ endedAtMs, apps }) => endedAtMs === null && apps.some((a) => touched.has(a.appId)))
    .filter(({ apps }) => apps.every(({ appId }) => !live.has(appId) || redeployed.has(appId)))
    .map((session) => ({
      ...session,
      endedAtMs: nowMs,
      end: session.apps.some(({ appId }) => live.has(appId)) ? "partly-stopped" : endBy(receipt.by),
    }));
}

function endBy(by: StopReceipt["by"]): SessionEnd {
  if (by === "expiry") return "expired";
  return by === "guardian" ? "guardian" : "stopped";
}
