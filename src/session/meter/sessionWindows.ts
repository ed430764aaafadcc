import { appWindow } from "../appWindow.ts";
import type { SessionRecord } from "../session.ts";

/** How many containers Modal said that it keeps warm, in the newest session; undefined: it was not asked. */
export function keptIn(sessions: readonly SessionRecord[], appId: string): number | undefined {
  return sessions
    .toSorted((a, b) => b.startedAtMs - a.startedAtMs)
    .flatMap(({ apps }) => apps)
    .find((app) => app.appId === appId)?.keptWarm;
}

/** The scaledown window that the newest session before a moment gave to an app: a later one says nothing of what ran before. */
export function scaledownWindows(
  sessions: readonly SessionRecord[],
  offsetMs: number,
): (appId: string, atMs: number) => number | null {
  const windows = Map.groupBy(
    sessions
      .toSorted((a, b) => a.startedAtMs - b.startedAtMs)
      .flatMap((session) =>
        session.apps.map(({ appId }) => ({
          appId,
          sinceMs: session.startedAtMs + offsetMs,
          seconds: appWindow(session, appId),
        })),
      ),
    ({ appId }) => appId,
  );
  return (appId, atMs) =>
    windows.get(appId)?.findLast(({ sinceMs }) => sinceMs <= atMs)?.seconds ?? null;
}
