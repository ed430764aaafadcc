import type { Ledger, Listing } from "../ledgerPort.ts";
import { liveApps } from "../liveApp.ts";
import { appIdsOf, type SessionApp, type SessionRecord } from "../session.ts";
import { recallStart } from "./record.ts";

/** What became of the session that was open when the window went away. */
export type Resumed =
  | { readonly kind: "none" }
  /** It goes on, with the apps that its interrupted start had created without writing them down. */
  | { readonly kind: "resumed"; readonly session: SessionRecord }
  /** Its start is still under way somewhere, or was cut off and may yet land. */
  | { readonly kind: "starting"; readonly session: SessionRecord }
  /** None of its apps runs any more: it was ended as "gone". */
  | { readonly kind: "over"; readonly session: SessionRecord };

/** A deploy that builds images may take this long. */
const startLimitMs = 30 * 60_000;

/** Whether the session has no app yet because its start is still under way, or may yet land. */
export function isStarting(
  { apps, endedAtMs, startedAtMs }: Pick<SessionRecord, "apps" | "endedAtMs" | "startedAtMs">,
  nowMs: number,
): boolean {
  return endedAtMs === null && apps.length === 0 && nowMs - startedAtMs < startLimitMs;
}

/**
 * Takes up the session that was open in this folder before a reload or a crash. `listing` must be a
 * fresh, complete one of the scope.
 */
export function resumeSession(
  ledger: Pick<Ledger, "openSession" | "upsertSession" | "recall">,
  listing: Listing,
  folder: string,
  nowMs: number,
): Resumed {
  const session = ledger.openSession(listing.scope, folder);
  if (session === undefined) return { kind: "none" };
  const live = liveApps(listing);
  const found = cutOff(ledger, session, listing, nowMs);
  if (found.length > 0) {
    const resumed = { ...session, apps: [...session.apps, ...found] };
    ledger.upsertSession(resumed);
    return { kind: "resumed", session: resumed };
  }
  if (session.apps.some(({ appId }) => live.some((app) => app.appId === appId)))
    return { kind: "resumed", session };
  if (isStarting(session, nowMs)) return { kind: "starting", session };
  const over: SessionRecord = { ...session, endedAtMs: nowMs, end: "gone" };
  ledger.upsertSession(over);
  return { kind: "over", session: over };
}

/**
 * Ends the open sessions of which a fresh listing shows no app any more: somebody stopped them
 * elsewhere. Returns those that were ended. Call it for listings that begin after a session's start.
 */
export function endGoneSessions(
  ledger: Pick<Ledger, "sessions" | "upsertSession">,
  listing: Listing,
  nowMs: number,
): readonly SessionRecord[] {
  const live = new Set(liveApps(listing).map(({ appId }) => appId));
  const ended: SessionRecord[] = [];
  for (const session of ledger.sessions({ scope: listing.scope })) {
    const isOpen = session.endedAtMs === null && session.apps.length > 0;
    if (!isOpen || session.apps.some(({ appId }) => live.has(appId))) continue;
    if (session.startedAtMs >= listing.observedAtMs) continue;
    const over: SessionRecord = { ...session, endedAtMs: nowMs, end: "gone" };
    ledger.upsertSession(over);
    ended.push(over);
  }
  return ended;
}

/**
 * Live apps of a start that was cut off before it could write them down: new ones of its names that
 * came while its deploy could still land. One that comes later is somebody else's of the same name.
 */
function cutOff(
  ledger: Pick<Ledger, "recall">,
  session: SessionRecord,
  listing: Listing,
  nowMs: number,
): readonly SessionApp[] {
  const record = recallStart(ledger, session.sessionId);
  if (record === undefined) return [];
  const before = new Set(record.beforeIds);
  const sessionAppIds = appIdsOf([session]);
  const createdAtMs = new Map(listing.apps.map((app) => [app.appId, app.createdAtMs]));
  return liveApps(listing).flatMap(({ appId, name }) => {
    const target = record.targets.find((candidate) => candidate.name === name);
    if (target === undefined || before.has(appId) || sessionAppIds.has(appId)) return [];
    if ((createdAtMs.get(appId) ?? nowMs) > session.startedAtMs + startLimitMs) return [];
    return [{ appId, appName: name, file: target.file, urls: [] }];
  });
}
