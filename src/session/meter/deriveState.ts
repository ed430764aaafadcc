import { addCosts } from "../../cost/cost.ts";
import { metricsWithin, type PricedSpan } from "../../cost/metered/pricedSpan.ts";
import { gpuLabel } from "../../cost/rates/gpu.ts";
import { hourMs } from "../../cost/billed/billedRow.ts";
import { periodOf } from "../../cost/spending/calendar.ts";
import type { CallRecord } from "../../cost/call.ts";
import { priceAge } from "../../cost/rates/priceAge.ts";
import type { RateHistory } from "../../cost/rates/rates.ts";
import type { TieredCost } from "../../cost/spending/sessionCost.ts";
import { costIn, CostReader, type CostLedger, type CostReading } from "./costReader.ts";
import { ifReadable } from "../ifReadable.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import { appWindow } from "../appWindow.ts";
import type { LiveApp } from "../liveApp.ts";
import { burnByContainer } from "../../cost/rates/burnRate.ts";
import {
  noCost,
  nothingKnown,
  type Booting,
  type MeterActivity,
  type MeterState,
  type SessionState,
} from "./meterState.ts";
import type { ShownCost } from "../../cost/tiers.ts";
import type { Health } from "../watch/health.ts";
import { staleAfterMs } from "../watch/pollPolicy.ts";
import { hourlyNow } from "./hourlyNow.ts";
import { keptWarm } from "./keptWarm.ts";
import { ofApps } from "./mine.ts";
import { runningApps } from "./runningApps.ts";
import { appsOfOthers, ownerOf, type Authorship } from "../owner.ts";
import { scopeKey, type Scope } from "../scope.ts";
import { appIdsOf, type SessionRecord } from "../session.ts";
import { recallEnvironments, runsElsewhere, unseenEnvironments } from "../workspace/elsewhere.ts";
import type { SettingProblem } from "../settings/settings.ts";

export type LedgerView = CostLedger &
  Pick<Ledger, "latestListing" | "openSession" | "trouble" | "costBasis" | "changeCounter">;

export interface StateInputs {
  readonly nowMs: number;
  readonly health: Health;
  readonly scope: Scope | null;
  readonly activity: MeterActivity;
  /** The folder that this window works in; null: none is open. */
  readonly folder: string | null;
  readonly rates: RateHistory;
  readonly settingProblems: readonly SettingProblem[];
  /** What Modal has said of whose the apps are. */
  readonly authorship: Authorship;
  /** IANA name of the user's time zone: "today" begins at its midnight. */
  readonly timeZone: string;
}

/**
 * Everything that the views show, from what the ledger holds. Reads, never writes. Give it the same
 * `costs` again, and it reads no row twice that has not changed. Where the ledger cannot tell of the
 * past, what runs is shown all the same, and no cost.
 */
export function deriveState(
  ledger: LedgerView,
  inputs: StateInputs,
  costs: CostReader = new CostReader(ledger),
): MeterState {
  const { nowMs, health, scope, activity, rates, settingProblems } = inputs;
  const base = { nowMs, health, scope, activity, settingProblems, ledger: ledger.trouble() };
  if (scope === null) return nothingKnown(base);
  const key = scopeKey(scope);
  const listing = ledger.latestListing(key);
  const session = inputs.folder === null ? undefined : ledger.openSession(key, inputs.folder);
  const midnightMs = periodOf("day", nowMs, inputs.timeZone).fromMs;
  const fromMs = Math.min(midnightMs, session?.startedAtMs ?? nowMs);
  const reading = ifReadable(() => costs.read({ scope: key, fromMs, nowMs, rates }));
  return {
    ...base,
    observedAtMs: listing?.observedAtMs ?? null,
    staleAfterMs: staleAfterMs(listing?.adapter ?? null, listing?.containers.length ?? 0),
    adapter: listing?.adapter ?? null,
    prices: priceAge(rates.now),
    sandboxes: listing?.sandboxes,
    ...elsewhereOf(ledger, scope),
    clockOffsetMs: reading?.offsetMs ?? 0,
    apps: listing === undefined ? [] : shownApps(ledger, scope, listing, inputs, reading),
    session: session === undefined ? null : sessionState(session, reading),
    today:
      reading === undefined
        ? noCost
        : tiersOf(costIn(ofApps(reading, isNotOthers(inputs.authorship)), null, midnightMs)),
  };
}

function elsewhereOf(
  ledger: LedgerView,
  { workspace, environment }: Scope,
): Pick<MeterState, "elsewhere" | "unseenEnvironments"> {
  const all = recallEnvironments(ledger, workspace);
  return {
    elsewhere: runsElsewhere(all, environment),
    unseenEnvironments: unseenEnvironments(all, environment),
  };
}

/** Whether an app is not somebody else's, as far as Modal has said. */
function isNotOthers(authorship: Authorship): (appId: string) => boolean {
  const others = appsOfOthers(authorship);
  return (appId) => !others.has(appId);
}

/** What a session has cost until now, open or over: that of its apps since it began, from a reading that covers it. */
export function costOfSession(reading: CostReading, session: SessionRecord): ShownCost {
  return tiersOf(costIn(reading, appIdsOf([session]), session.startedAtMs + reading.offsetMs));
}

/** The session as the views show it. Its cost is that of its apps since it began. */
function sessionState(session: SessionRecord, reading: CostReading | undefined): SessionState {
  return {
    mode: session.mode,
    expiresAtMs: session.expiresAtMs,
    cost: reading === undefined ? noCost : costOfSession(reading, session),
  };
}

/** The three tiers as the views show them; a tier in which nothing is known is null, not $0. */
function tiersOf({ reported, metered, billed, figure }: TieredCost): ShownCost {
  return {
    reported: reported.calls === 0 ? null : reported.microUsd,
    metered: metered === null ? null : metered.known.microUsd,
    billed: billed === null ? null : billed.microUsd,
    meteredIsFloor: metered?.known.isFloor ?? false,
    figure,
  };
}

function shownApps(
  ledger: LedgerView,
  scope: Scope,
  listing: Listing,
  { nowMs, rates, authorship }: StateInputs,
  reading: CostReading | undefined,
) {
  // Without the ledger nobody knows what was started here, or when an app was busy last.
  const key = scopeKey(scope);
  const sessions =
    reading === undefined
      ? []
      : ledger.sessions({ scope: key, fromMs: nowMs - 7 * 24 * hourMs, toMs: nowMs });
  const modalNowMs = reading?.nowMs ?? nowMs;
  const calls =
    reading?.calls.filter(({ startedAtMs }) => startedAtMs >= modalNowMs - hourMs) ?? [];
  const facts = { scope, sessions, ...authorship };
  const activity: ActivityByApp = {
    newestSessions: newestByApp(sessions),
    calls: Map.groupBy(calls, ({ appId }) => appId),
    containers: Map.groupBy(listing.containers, ({ appId }) => appId),
  };
  const loading = Map.groupBy(
    reading?.priced.filter(
      ({ span, interval }) =>
        span.startedAtMs === null && span.terms?.isSandbox !== true && interval.endMs === null,
    ) ?? [],
    ({ span }) => span.appId,
  );
  const hourlyOf = reading === undefined ? undefined : hourlyNow(reading);
  const apps = runningApps(
    listing,
    // The reading's are the same ones for as long as they hold: what a container costs is not worked out again.
    reading?.rates ?? rates.now,
    nowMs,
    (app) => {
      const untilMs = reading === undefined ? null : warmUntil(app, activity, reading.nowMs);
      return untilMs === null ? null : untilMs + nowMs - modalNowMs;
    },
    (appId) => ownerOf(appId, facts),
    (appId) => (reading === undefined ? null : bootingOf(loading.get(appId) ?? [], reading)),
    hourlyOf,
  );
  const inSandboxes = new Set(listing.sandboxes?.sandboxes.map(({ containerId }) => containerId));
  return apps.map((app) => {
    const { appId } = app;
    const session = activity.newestSessions.get(appId);
    const kept = session?.apps.find((one) => one.appId === appId)?.keptWarm ?? 0;
    if (kept === 0) return app;
    const ready = (activity.containers.get(appId) ?? []).filter(
      ({ containerId, startedAtMs }) => startedAtMs !== null && !inSandboxes.has(containerId),
    );
    const prices = burnByContainer(ready, reading?.rates ?? rates.now, hourlyOf);
    return { ...app, ...keptWarm(app, kept, [...prices.values()]) };
  });
}

/** What tells how long apps stay warm, by app. */
interface ActivityByApp {
  readonly newestSessions: ReadonlyMap<string, SessionRecord>;
  readonly calls: ReadonlyMap<string | null, readonly CallRecord[]>;
  readonly containers: ReadonlyMap<string, Listing["containers"]>;
}

function newestByApp(sessions: readonly SessionRecord[]): ReadonlyMap<string, SessionRecord> {
  // Of two that began at once, the first of the list.
  const oldestFirst = sessions.toReversed().toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  return new Map(
    oldestFirst.flatMap((session) => session.apps.map(({ appId }) => [appId, session] as const)),
  );
}

/** What of an app is not ready yet, as far as it costs already. `loading`: its spans that load. */
function bootingOf(
  loading: readonly PricedSpan[],
  { nowMs, offsetMs }: CostReading,
): Booting | null {
  if (loading.length === 0) return null;
  const cost = addCosts(loading.map((one) => metricsWithin(one, -Infinity, nowMs).total));
  const gpus = new Set(
    loading.map(({ span }) => (span.gpuSource === "unknown" ? null : gpuLabel(span.gpu))),
  );
  const [gpu = null] = gpus;
  return {
    gpu: gpus.size === 1 ? gpu : null,
    sinceMs: Math.min(...loading.map(({ interval }) => interval.startMs)) - offsetMs,
    microUsd: cost.known ? cost.microUsd : null,
  };
}

/**
 * When the app's containers will have been idle for the whole scaledown window, as far as this
 * machine knows of activity. null: the window is not known, a call runs, or somebody else's call
 * must have kept it warm beyond that.
 */
function warmUntil(
  { appId }: LiveApp,
  { newestSessions, calls, containers }: ActivityByApp,
  nowMs: number,
): number | null {
  const session = newestSessions.get(appId);
  if (session === undefined) return null;
  const callsOfApp = calls.get(appId) ?? [];
  if (callsOfApp.some(({ status }) => status === "running")) return null;
  const started = (containers.get(appId) ?? []).flatMap(({ startedAtMs }) => startedAtMs ?? []);
  const lastActivityMs = Math.max(
    ...callsOfApp.map(({ endedAtMs, startedAtMs }) => endedAtMs ?? startedAtMs),
    ...started,
  );
  const windowSeconds = appWindow(session, appId);
  if (windowSeconds === null) return null;
  const untilMs = lastActivityMs + windowSeconds * 1000;
  return Number.isFinite(untilMs) && untilMs > nowMs ? untilMs : null;
}
