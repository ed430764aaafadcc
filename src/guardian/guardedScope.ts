import { randomUUID } from "node:crypto";
import { t } from "../base/text.ts";
import type { Clock } from "../base/clock.ts";
import { Failure } from "../base/failure.ts";
import type { Log } from "../base/log.ts";
import { formatPerHour } from "../cost/format.ts";
import type { MicroUsd } from "../cost/money.ts";
import { appAuthors } from "../session/appAuthors.ts";
import type { Connected } from "../session/watch/modalConnection.ts";
import type { Ledger, Listing } from "../session/ledgerPort.ts";
import { liveApps } from "../session/liveApp.ts";
import { startedHere } from "../session/owner.ts";
import type { StopReceipt } from "../session/receipt.ts";
import type { Refresh } from "../session/refresh.ts";
import { windowNow } from "../session/windows/windowNow.ts";
import { releaseGpus } from "../session/mode/releaseGpus.ts";
import type { ReleaseParts } from "../session/mode/releaseGpus.ts";
import type { ReleaseResult } from "../session/mode/releaseText.ts";
import type { ModalControl } from "../session/modalControl.ts";
import { demoState, expireDemo } from "../session/mode/demoExpiry.ts";
import type { ExpiryOutcome } from "../session/mode/demoExpiry.ts";
import { asFailure } from "../session/concurrent.ts";
import { takeOverStops } from "../session/stop/begunStop.ts";
import { stopApps, type StopParts } from "../session/stop/stopApps.ts";
import { scopeOf } from "../session/scope.ts";
import type { SessionRecord } from "../session/session.ts";
import { planStop } from "../session/stop/stopPlan.ts";
import type { PlannedApp, StopPlan } from "../session/stop/stopPlan.ts";
import { needsElsewhere, proveElsewhere } from "../session/workspace/proveElsewhere.ts";
import type { GuardTarget } from "./guardTarget.ts";

/** Modal as the guardian uses it; loaded only when it must act. */
export interface GuardedConnection {
  readonly connected: Connected;
  readonly refresh: Refresh;
}

export interface GuardedScopeParts {
  readonly target: GuardTarget;
  /** Rejects with a `Failure`. Tried again at the next act. */
  readonly connect: () => Promise<GuardedConnection>;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
  /** The guardian's process, by which others see that a stop is still under way. */
  readonly pid: number;
  readonly pidAlive: (pid: number) => boolean;
  /** What each app of the listing costs per hour; null: a rate is unknown. */
  readonly burnOf: (listing: Listing, target: GuardTarget) => ReadonlyMap<string, MicroUsd | null>;
}

/** One complete look at a guarded scope. */
export interface ScopeView {
  /** What the guardian may stop here, and what it must leave alone. */
  readonly plan: StopPlan;
  readonly burnByApp: ReadonlyMap<string, MicroUsd | null>;
}

/**
 * Whether the guardian cares for this app on its own: it costs money now (a container, or a `modal
 * serve` without its editor), or it was started here and its session is still open. A deployment
 * of yours that is idle by design is neither: to stop it would take its URL away for no money.
 */
function isGuarded(app: PlannedApp, openSessionApps: ReadonlySet<string>): boolean {
  return costsNow(app) || openSessionApps.has(app.appId);
}

/** Containers cost; a live ephemeral app belongs to a program that the closed editor left behind. */
export function costsNow(app: PlannedApp): boolean {
  return app.containerCount > 0 || (app.state !== "deployed" && app.state !== "disabled");
}

/**
 * Whether the guardian may act on this app without being asked: it was started here.
 * What you deployed elsewhere may be wanted there, and a name proves nothing: any repository can have
 * an app file with the name of something that runs.
 */
export function isStartedHere({ owner }: PlannedApp): boolean {
  return owner === "started-here";
}

/** What the window said that this machine started, as a session that is over. */
function sessionOf({ scope, username, startedHere, restingMode }: GuardTarget): SessionRecord {
  return {
    sessionId: "",
    scope,
    folder: "",
    username,
    mode: restingMode.name,
    scaledownSeconds: restingMode.scaledownSeconds,
    startedAtMs: 0,
    endedAtMs: 0,
    end: "gone",
    expiresAtMs: null,
    apps: startedHere.map((appId) => ({ appId, appName: appId, file: "", urls: [] })),
  };
}

/** Asked directly before each request that changes something: false ends the right to send it. */
export type MaySend = () => boolean;

/** Modal, asked for a change only while there is a right to it. */
function rightful(
  control: ModalControl,
  maySend: MaySend,
): StopParts["control"] & ReleaseParts["control"] {
  const checked = async <T>(request: () => Promise<T>): Promise<T> => {
    if (maySend()) return request();
    throw new Failure("cancelled", t("A window is open again, or another guardian acts."));
  };
  return {
    deployments: (...args) => control.deployments(...args),
    listFunctions: (...args) => control.listFunctions(...args),
    stopApp: (...args) => checked(() => control.stopApp(...args)),
    stopSandbox: (...args) => checked(() => control.stopSandbox(...args)),
    stopContainer: (...args) => checked(() => control.stopContainer(...args)),
    rollover: (...args) => checked(() => control.rollover(...args)),
    scale: (...args) => checked(() => control.scale(...args)),
  };
}

/** One workspace and environment in the guardian's hands. All methods reject with a `Failure`. */
export class GuardedScope {
  readonly target: GuardTarget;
  readonly #parts: GuardedScopeParts;
  readonly #holder = randomUUID();
  #connection: GuardedConnection | undefined;

  constructor(parts: GuardedScopeParts) {
    this.#parts = parts;
    this.target = parts.target;
  }

  /** A fresh look, recorded in the ledger, and what it means. */
  async look(signal: AbortSignal): Promise<ScopeView> {
    const { connected, refresh } = await this.#connect();
    const listing = await refresh({ signal });
    this.#takeOver(listing);
    const authors = await appAuthors(connected.control, liveApps(listing), this.#parts.log, signal);
    return this.#view(listing, authors, connected.username);
  }

  /** What the ledger last knew, where Modal cannot be asked; undefined: nothing. */
  lastKnown(): ScopeView | undefined {
    const listing = this.#parts.ledger.latestListing(this.target.scope);
    if (listing === undefined) return undefined;
    return this.#view(listing, new Map(), this.target.username);
  }

  /**
   * Stops what the guardian cares for, from a fresh look, and proves it by another one. When nobody
   * asked (`by` is "guardian"), only what was started here; the rest of mine is named with its price.
   */
  async stop(by: StopReceipt["by"], signal: AbortSignal, maySend: MaySend): Promise<StopReceipt> {
    const view = await this.look(signal);
    const plan = by === "guardian" ? this.#startedHere(view) : view.plan;
    const { burnByApp } = view;
    const { connected, refresh } = await this.#connect();
    const { ledger, clock, log, pid } = this.#parts;
    let isCalledOff = false;
    const control = rightful(connected.control, () => {
      isCalledOff ||= !maySend();
      return !isCalledOff;
    });
    return stopApps({ control, refresh, ledger, clock, log, pid }, plan, {
      receiptId: randomUUID(),
      by,
      burnByApp,
      signal,
      isCalledOff: () => isCalledOff,
    });
  }

  /**
   * With what a list of every other environment shows, where the last word would else be that nothing of
   * mine runs. Rejects with nothing that Modal can be blamed for: what could not be listed is named.
   */
  async withElsewhere(receipt: StopReceipt, signal: AbortSignal): Promise<StopReceipt> {
    if (!needsElsewhere(receipt)) return receipt;
    const { clock, log, ledger } = this.#parts;
    const { control, scope, username } = (await this.#connect()).connected;
    const elsewhere = await proveElsewhere(control, scope, {
      clock,
      log,
      ledger,
      username,
      signal,
    });
    return { ...receipt, elsewhere };
  }

  /** Ends the idle GPU containers of the deployments that cost now; the deployments stay. */
  async release(
    by: StopReceipt["by"],
    signal: AbortSignal,
    maySend: MaySend,
  ): Promise<ReleaseResult> {
    const view = await this.look(signal);
    const plan = by === "guardian" ? this.#startedHere(view) : view.plan;
    const { connected, refresh } = await this.#connect();
    const { ledger, clock, log } = this.#parts;
    const { scope } = this.target;
    const targets = plan.planned
      .filter((app) => app.state === "deployed" && costsNow(app))
      .map(({ appId, name }) => {
        return { appId, name, scaledownSeconds: () => windowNow(ledger, { scope, appId }) };
      });
    const control = rightful(connected.control, maySend);
    return releaseGpus({ control, refresh, ledger, clock, log }, targets, { signal });
  }

  /** When the next demo of this scope is over, milliseconds since the epoch; null: none has a time box. */
  nextExpiryMs(): number | null {
    const expiries = this.#demos().map(({ expiresAtMs }) => expiresAtMs ?? Infinity);
    return expiries.length === 0 ? null : Math.min(...expiries);
  }

  /** Ends the time boxes that are over, unless a window is doing it. */
  async expireDemos(holder: string, pid: number): Promise<readonly ExpiryOutcome[]> {
    const { ledger, clock, log } = this.#parts;
    const due = this.#demos().filter(
      (session) => demoState(session, clock.nowMs()).kind === "expired",
    );
    if (due.length === 0) return [];
    const { connected, refresh } = await this.#connect();
    const outcomes: ExpiryOutcome[] = [];
    for (const session of due)
      outcomes.push(
        await expireDemo({ control: connected.control, refresh, ledger, clock, log }, session, {
          resting: { ...this.target.restingMode, variables: {} },
          holder,
          pid,
        }),
      );
    return outcomes;
  }

  /** Closes the receipts of stops that were cut off. A ledger that cannot be read is in no look's way. */
  #takeOver(listing: Listing): void {
    const { ledger, pid, pidAlive, log } = this.#parts;
    try {
      for (const { receiptId, verified } of takeOverStops(
        { ledger, holder: this.#holder, pid, pidAlive },
        listing,
      ))
        log.info(
          `The stop ${receiptId} was begun and not done; its receipt says now: ${verified}.`,
        );
    } catch (error) {
      log.warn(`The receipts could not be looked through: ${asFailure(error).message}`);
    }
  }

  #startedHere({ plan, burnByApp }: ScopeView): StopPlan {
    const elsewhere = plan.planned.filter((app) => !isStartedHere(app));
    return {
      ...plan,
      planned: plan.planned.filter(isStartedHere),
      excluded: [
        ...plan.excluded,
        ...elsewhere.map((app) => ({
          ...app,
          why: "not-asked-for" as const,
          reason: notStartedHere(burnByApp.get(app.appId)),
          canBeNamed: true,
        })),
      ],
    };
  }

  #demos(): readonly SessionRecord[] {
    return this.#parts.ledger
      .sessions({ scope: this.target.scope })
      .filter(({ endedAtMs, expiresAtMs }) => endedAtMs === null && expiresAtMs !== null);
  }

  #view(
    listing: Listing,
    authors: Parameters<typeof planStop>[0]["authors"],
    username: string | null,
  ): ScopeView {
    const { ledger, burnOf } = this.#parts;
    const { target } = this;
    const recorded = ledger.sessions({ scope: target.scope });
    // Where the ledger cannot tell what was started here, the window's own word counts.
    const sessions = ledger.trouble() === null ? recorded : [...recorded, sessionOf(target)];
    const whole = planStop(
      {
        scope: scopeOf(target.scope),
        listing,
        sessions,
        folders: [],
        targets: [],
        username,
        authors,
        productionModes: target.productionModes,
      },
      { kind: "all" },
    );
    const open = startedHere(sessions.filter(({ endedAtMs }) => endedAtMs === null));
    const idle = whole.planned.filter((app) => !isGuarded(app, open));
    const plan: StopPlan = {
      ...whole,
      planned: whole.planned.filter((app) => isGuarded(app, open)),
      excluded: [
        ...whole.excluded,
        ...idle.map((app) => ({
          ...app,
          why: "not-asked-for" as const,
          reason: t("idle, no container runs"),
          canBeNamed: true,
        })),
      ],
    };
    return { plan, burnByApp: burnOf(listing, target) };
  }

  async #connect(): Promise<GuardedConnection> {
    if (this.#connection !== undefined) return this.#connection;
    const connection = await this.#parts.connect();
    const { scopeKey } = connection.connected;
    // The user may have switched workspaces since: a stop never reaches into another one.
    if (scopeKey !== this.target.scope)
      throw new Failure(
        "permission-denied",
        t("The credentials are for {0} now, not for {1}.", scopeKey, this.target.scope),
      );
    this.#connection = connection;
    return connection;
  }
}

/** `perHour`: null: its rate is not known; undefined: no container of it runs. */
function notStartedHere(perHour: MicroUsd | null | undefined): string {
  if (perHour === undefined || perHour === 0) return t("not started here");
  return perHour === null
    ? t("not started here, rate unknown")
    : t("not started here, ≈ {0}", formatPerHour(perHour));
}
