import { appWindow } from "../appWindow.ts";
import type { Ledger } from "../ledgerPort.ts";
import type { FunctionWindow, SessionRecord } from "../session.ts";
import { recallBook, type BookPlace } from "../windows/windowBook.ts";

/** How many containers Modal said that it keeps warm, in the newest session; undefined: it was not asked. */
export function keptIn(sessions: readonly SessionRecord[], appId: string): number | undefined {
  return sessions
    .toSorted((a, b) => b.startedAtMs - a.startedAtMs)
    .flatMap(({ apps }) => apps)
    .find((app) => app.appId === appId)?.keptWarm;
}

/** The idle window of an app's container at a moment; `functionName` undefined: nobody told which function it runs. */
export type WindowAt = (
  container: { readonly appId: string; readonly functionName: string | undefined },
  atMs: number,
) => number | null;

/** What is in force since a moment. */
interface Since {
  readonly sinceMs: number;
  /** Of all functions; null: not known, or they have several. */
  readonly seconds: number | null;
  readonly windows: readonly FunctionWindow[];
}

/**
 * The scaledown window that the newest session, or the newest restore after one, before a moment gave to
 * an app: a later one says nothing of what ran before.
 */
export function scaledownWindows(
  ledger: Pick<Ledger, "recall">,
  sessions: readonly SessionRecord[],
  offsetMs: number,
): WindowAt {
  const since = new Map<string, Since[]>();
  const add = (appId: string, one: Since): void => {
    const all = since.get(appId) ?? [];
    all.push(one);
    since.set(appId, all);
  };
  const places = new Map<string, BookPlace>();
  for (const session of sessions) {
    const { scope, startedAtMs } = session;
    for (const { appId, windows = [] } of session.apps) {
      add(appId, {
        sinceMs: startedAtMs + offsetMs,
        seconds: appWindow(session, appId),
        windows,
      });
      places.set(appId, { scope, appId });
    }
  }
  for (const place of places.values())
    for (const { atMs, windows } of recallBook(ledger, place).restored)
      add(place.appId, { sinceMs: atMs + offsetMs, seconds: commonOf(windows), windows });
  for (const all of since.values()) all.sort((a, b) => a.sinceMs - b.sinceMs);
  return ({ appId, functionName }, atMs) => {
    const now = since.get(appId)?.findLast(({ sinceMs }) => sinceMs <= atMs);
    const ofFunction = now?.windows.find((one) => one.functionName === functionName);
    return ofFunction?.seconds ?? now?.seconds ?? null;
  };
}

function commonOf(windows: readonly FunctionWindow[]): number | null {
  const [only = null, ...others] = new Set(windows.map(({ seconds }) => seconds));
  return others.length === 0 ? only : null;
}
