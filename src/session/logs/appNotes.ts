import * as z from "zod/mini";
import type { LoggedContainer } from "../../cost/metered/loggedContainers.ts";
import type { Ledger } from "../ledgerPort.ts";

/** What is known of an app besides what looks show: from its log, its listing and its deployments. */
export interface AppNotes {
  /** When its containers were ended on purpose: stops as a listing tells them, deploys. In order. */
  readonly endedOnPurposeAtMs: readonly number[];
  /** Containers that its log names, those with the newest lines last. */
  readonly logged: readonly LoggedContainer[];
}

export interface NotedApp {
  readonly scope: string;
  readonly appId: string;
}

const stored = z.object({
  endedOnPurposeAtMs: z.array(z.number()),
  logged: z.array(
    z.object({
      containerId: z.string(),
      appName: z.string(),
      firstLineMs: z.number(),
      lastLineMs: z.number(),
    }),
  ),
});

const nothing: AppNotes = { endedOnPurposeAtMs: [], logged: [] };
/** The newest are kept: older containers have long been listed, billed, or both. */
const maxEnds = 100;
const maxLogged = 400;
const maxApps = 500;

export function recallNotes(ledger: Pick<Ledger, "recall">, app: NotedApp): AppNotes {
  const kept = ledger.recall(keyOf(app), stored);
  if (kept === undefined) return nothing;
  return {
    endedOnPurposeAtMs: kept.endedOnPurposeAtMs,
    logged: kept.logged.map((one) => ({ ...app, ...one })),
  };
}

/** Adds to what is known; writes only what is new, so that other windows are not woken for nothing. */
export function addNotes(
  ledger: Pick<Ledger, "recall" | "remember">,
  app: NotedApp,
  more: Partial<AppNotes>,
): void {
  const known = recallNotes(ledger, app);
  const ends = new Set([...known.endedOnPurposeAtMs, ...(more.endedOnPurposeAtMs ?? [])]);
  const logged = new Map(known.logged.map((one) => [one.containerId, one]));
  for (const one of more.logged ?? []) {
    const before = logged.get(one.containerId);
    logged.set(one.containerId, {
      ...one,
      firstLineMs: Math.min(before?.firstLineMs ?? one.firstLineMs, one.firstLineMs),
      lastLineMs: Math.max(before?.lastLineMs ?? one.lastLineMs, one.lastLineMs),
    });
  }
  const json = jsonOf({
    endedOnPurposeAtMs: [...ends].toSorted((a, b) => a - b).slice(-maxEnds),
    logged: [...logged.values()].toSorted((a, b) => a.lastLineMs - b.lastLineMs).slice(-maxLogged),
  });
  if (json !== jsonOf(known)) ledger.remember(keyOf(app), json);
  const [named] = more.logged ?? [];
  if (named !== undefined) noteName(ledger, app, named.appName);
}

const storedNames = z.array(z.tuple([z.string(), z.string()]));

/** Names of the apps of a scope whose logs named containers, by app id: some are known from nothing else. */
export function notedApps(
  ledger: Pick<Ledger, "recall">,
  scope: string,
): ReadonlyMap<string, string> {
  return new Map(ledger.recall(namesKey(scope), storedNames));
}

function noteName(
  ledger: Pick<Ledger, "recall" | "remember">,
  { scope, appId }: NotedApp,
  appName: string,
): void {
  const names = new Map(notedApps(ledger, scope));
  if (names.get(appId) === appName) return;
  names.delete(appId);
  names.set(appId, appName);
  ledger.remember(namesKey(scope), JSON.stringify([...names].slice(-maxApps)));
}

function namesKey(scope: string): string {
  return `noted ${scope}`; // not shown: a key of the ledger
}

function jsonOf({ endedOnPurposeAtMs, logged }: AppNotes): string {
  return JSON.stringify({
    endedOnPurposeAtMs,
    logged: logged.map(({ containerId, appName, firstLineMs, lastLineMs }) => ({
      containerId,
      appName,
      firstLineMs,
      lastLineMs,
    })),
  });
}

function keyOf({ scope, appId }: NotedApp): string {
  return `notes ${scope} ${appId}`; // not shown: a key of the ledger
}
