import { hourMs } from "../../cost/billed/billedRow.ts";
import { periodOf } from "../../cost/spending/calendar.ts";
import type { CallRecord } from "../../cost/call.ts";
import { priceAge } from "../../cost/rates/priceAge.ts";
import type { RateHistory } from "../../cost/rates/rates.ts";
import type { TieredCost } from "../../cost/spending/sessionCost.ts";
import {
  costIn,
  CostReader,
  withoutApps,
  type CostLedger,
  type CostReading,
} from "./costReader.ts";
import { ifReadable } from "../ifReadable.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import type { LiveApp } from "../liveApp.ts";
import {
  noCost,
  nothingKnown,
  type MeterActivity,
  type MeterState,
  type SessionState,
} from "./meterState.ts";
import type { ShownCost } from "../../cost/tiers.ts";
import type { Health } from "../watch/health.ts";
import { staleAfterMs } from "../watch/pollPolicy.ts";
import { runningApps } from "./runningApps.ts";
import { appsOfOthers, ownerOf, type ToldOwners } from "../owner.ts";
import { scopeKey, type Scope } from "../scope.ts";
import type { SessionRecord } from "../session.ts";
import type { SettingProblem } from "../settings.ts";

export type LedgerView = CostLedger & Pick<Ledger, "latestListing" | "openSession" | "trouble">;

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
  readonly told: ToldOwners;
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
    apps: listing === undefined ? [] : shownApps(ledger, scope, listing, inputs, reading),
    session: session === undefined ? null : sessionState(session, reading),
    today:
      reading === undefined
        ? noCost
        : tiersOf(costIn(withoutApps(reading, appsOfOthers(inputs.told)), null, midnightMs)),
  };
}

/** What a session has cost until now, open or over: that of its apps since it began, from a reading that covers it. */
export function costOfSession(reading: CostReading, session: SessionRecord): ShownCost {
  const appIds = new Set(session.apps.map(({ appId }) => appId));
  return tiersOf(costIn(reading, appIds, session.startedAtMs));
}

/** The session as the views show it. Its cost is that of its apps since it began. */
function sessionState(session: SessionRecord, reading: CostReading | undefined): SessionState {
  return {
    sessionId: session.sessionId,
    mode: session.mode,
    startedAtMs: session.startedAtMs,
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
  { nowMs, rates, told }: StateInputs,
  reading: CostReading | undefined,
) {
  // Without the ledger nobody knows what was started here, or when an app was busy last.
  const key = scopeKey(scope);
  const sessions =
    reading === undefined
      ? []
      : ledger.sessions({ scope: key, fromMs: nowMs - 7 * 24 * hourMs, toMs: nowMs });
  const calls = reading?.calls.filter(({ startedAtMs }) => startedAtMs >= nowMs - hourMs) ?? [];
  const facts = { scope, sessions, ...told };
  return runningApps(
    listing,
    rates.now,
    nowMs,
    (app) => (reading === undefined ? null : warmUntil(app, sessions, calls, listing, nowMs)),
    (appId) => ownerOf(appId, facts),
  );
}

/**
 * When the app's containers will have been idle for the whole scaledown window, as far as this
 * machine knows of activity. null: the window is not known, a call runs, or somebody else's call
 * must have kept it warm beyond that.
 */
function warmUntil(
  app: LiveApp,
  sessions: readonly SessionRecord[],
  calls: readonly CallRecord[],
  listing: Pick<Listing, "containers">,
  nowMs: number,
): number | null {
  const session = sessions
    .filter(({ apps }) => apps.some(({ appId }) => appId === app.appId))
    .toSorted((a, b) => b.startedAtMs - a.startedAtMs)[0];
  if (session === undefined) return null;
  const own = calls.filter(({ appId }) => appId === app.appId);
  if (own.some(({ status }) => status === "running")) return null;
  const started = listing.containers
    .filter(({ appId }) => appId === app.appId)
    .flatMap(({ startedAtMs }) => startedAtMs ?? []);
  const lastActivityMs = Math.max(
    ...own.map(({ endedAtMs, startedAtMs }) => endedAtMs ?? startedAtMs),
    ...started,
  );
  const untilMs = lastActivityMs + session.scaledownSeconds * 1000;
  return Number.isFinite(untilMs) && untilMs > nowMs ? untilMs : null;
}
