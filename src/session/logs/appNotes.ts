import * as z from "zod/mini";
import type { LoggedContainer } from "../../cost/metered/loggedContainers.ts";
import { percentile } from "../../cost/percentile.ts";
import type { Ledger } from "../ledgerPort.ts";

/** What is known of an app besides what looks show: from its log, its listing and its deployments. */
export interface AppNotes {
  /** When its containers were ended on purpose: stops as a listing tells them, deploys. In order. */
  readonly endedOnPurposeAtMs: readonly number[];
  /** Containers that its log names, those with the newest lines last. */
  readonly logged: readonly LoggedContainer[];
  /** How long its containers took to start, as Modal told it, the newest last. */
  readonly startups: readonly Startup[];
}

export interface Startup {
  readonly containerId: string;
  readonly appName: string;
  /** When it was ready, by Modal's clock. */
  readonly readyMs: number;
  readonly startupMs: number;
  /** Which function it runs, and on what ("L40S", "CPU"); absent: not told, or noted by a version before. */
  readonly functionName?: string | undefined;
  readonly gpu?: string | undefined;
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
  // Not yet in the notes of versions before.
  startups: z.optional(
    z.array(
      z.object({
        containerId: z.string(),
        appName: z.string(),
        readyMs: z.number(),
        startupMs: z.number(),
        functionName: z.optional(z.string()),
        gpu: z.optional(z.string()),
      }),
    ),
  ),
});

const nothing: AppNotes = { endedOnPurposeAtMs: [], logged: [], startups: [] };
/** The newest are kept: older containers have long been listed, billed, or both. */
const maxEnds = 100;
const maxLogged = 400;
const maxStartups = 400;
const maxApps = 500;

export function recallNotes(ledger: Pick<Ledger, "recall">, app: NotedApp): AppNotes {
  const kept = ledger.recall(keyOf(app), stored);
  if (kept === undefined) return nothing;
  return {
    endedOnPurposeAtMs: kept.endedOnPurposeAtMs,
    logged: kept.logged.map((one) => ({ ...app, ...one })),
    startups: kept.startups ?? [],
  };
}

/** Adds to what is known; writes only what is new, so that other windows are not woken for nothing. */
export function addNotes(
  ledger: Pick<Ledger, "recall" | "remember">,
  app: NotedApp,
  more: Partial<AppNotes>,
): void {
  const saved = recallNotes(ledger, app);
  const ends = (more.endedOnPurposeAtMs ?? []).filter(
    (atMs) => !saved.endedOnPurposeAtMs.includes(atMs),
  );
  const logged = newIn(saved.logged, more.logged ?? [], withLines, isSameLogged);
  const startups = newIn(saved.startups, more.startups ?? [], (_, one) => one, isSameStartup);
  if (ends.length > 0 || logged !== undefined || startups !== undefined) {
    const added: AppNotes = {
      endedOnPurposeAtMs: [...new Set([...saved.endedOnPurposeAtMs, ...ends])]
        .toSorted((a, b) => a - b)
        .slice(-maxEnds),
      logged: (logged ?? saved.logged)
        .toSorted((a, b) => a.lastLineMs - b.lastLineMs)
        .slice(-maxLogged),
      startups: (startups ?? saved.startups)
        .toSorted((a, b) => a.readyMs - b.readyMs)
        .slice(-maxStartups),
    };
    // What is older than all that are kept is new each time, and is not kept.
    const json = jsonOf(added);
    if (json !== jsonOf(saved)) ledger.remember(keyOf(app), json);
  }
  const [named] = [...(more.logged ?? []), ...(more.startups ?? [])];
  if (named !== undefined) noteName(ledger, app, named.appName);
}

/** What is kept of containers with what is new of them; undefined: nothing is. */
function newIn<T extends { readonly containerId: string }>(
  saved: readonly T[],
  more: readonly T[],
  joined: (before: T, one: T) => T,
  isSame: (a: T, b: T) => boolean,
): readonly T[] | undefined {
  if (more.length === 0) return undefined;
  const all = new Map(saved.map((one) => [one.containerId, one]));
  let isNew = false;
  for (const one of more) {
    const before = all.get(one.containerId);
    const after = before === undefined ? one : joined(before, one);
    if (before !== undefined && isSame(before, after)) continue;
    isNew = true;
    all.set(one.containerId, after);
  }
  return isNew ? [...all.values()] : undefined;
}

function withLines(before: LoggedContainer, one: LoggedContainer): LoggedContainer {
  return {
    ...one,
    firstLineMs: Math.min(before.firstLineMs, one.firstLineMs),
    lastLineMs: Math.max(before.lastLineMs, one.lastLineMs),
  };
}

function isSameLogged(a: LoggedContainer, b: LoggedContainer): boolean {
  return (
    a.appName === b.appName && a.firstLineMs === b.firstLineMs && a.lastLineMs === b.lastLineMs
  );
}

function isSameStartup(a: Startup, b: Startup): boolean {
  return (
    a.appName === b.appName &&
    a.readyMs === b.readyMs &&
    a.startupMs === b.startupMs &&
    a.functionName === b.functionName &&
    a.gpu === b.gpu
  );
}

const storedNames = z.array(z.tuple([z.string(), z.string()]));

/** Names of the apps of a scope whose logs named containers, by app id: some are known from nothing else. */
export function notedApps(
  ledger: Pick<Ledger, "recall">,
  scope: string,
): ReadonlyMap<string, string> {
  return new Map(ledger.recall(namesKey(scope), storedNames));
}

/** Fewer starts do not tell what is usual; older ones than the newest may be of other code. */
const startupsThatTell = { fewest: 3, most: 20 };

/**
 * How long the containers of the apps of this name take to start, in milliseconds, as Modal told it:
 * nine of ten of a function's newest were ready by then. Of several functions the longest counts, because
 * a listing does not say which of them a container runs that is not ready; one on another GPU it is not.
 * One app that is stopped and deployed again has another id, and the same name. undefined: too few were told.
 * @param gpu what the container has, "L40S" or "CPU"; null: not known
 */
export function usualStartMs(
  ledger: Pick<Ledger, "recall">,
  scope: string,
  appName: string,
  gpu: string | null,
): number | undefined {
  const all = [...notedApps(ledger, scope)]
    .filter(([, name]) => name === appName)
    .flatMap(([appId]) => recallNotes(ledger, { scope, appId }).startups)
    .filter((one) => gpu === null || one.gpu === undefined || one.gpu === gpu);
  if (all.length < startupsThatTell.fewest) return undefined;
  const byFunction = Map.groupBy(all, ({ functionName }) => functionName ?? "");
  return Math.max(...[...byFunction.values()].map(ninthDecileMs));
}

/** Of fewer than tell what is usual, the longest: it was no failure. */
function ninthDecileMs(startups: readonly Startup[]): number {
  const { fewest, most } = startupsThatTell;
  const newest = startups.toSorted((a, b) => b.readyMs - a.readyMs).slice(0, most);
  const inOrder = newest.map(({ startupMs }) => startupMs).toSorted((a, b) => a - b);
  return percentile(inOrder, inOrder.length < fewest ? 1 : 0.9);
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

function jsonOf({ endedOnPurposeAtMs, logged, startups }: AppNotes): string {
  return JSON.stringify({
    endedOnPurposeAtMs,
    logged: logged.map(({ containerId, appName, firstLineMs, lastLineMs }) => ({
      containerId,
      appName,
      firstLineMs,
      lastLineMs,
    })),
    startups: startups.map(({ containerId, appName, readyMs, startupMs, functionName, gpu }) => ({
      containerId,
      appName,
      readyMs,
      startupMs,
      functionName,
      gpu,
    })),
  });
}

function keyOf({ scope, appId }: NotedApp): string {
  return `notes ${scope} ${appId}`; // not shown: a key of the ledger
}
