import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Log } from "../base/log.ts";
import type { Ledger } from "../session/ledgerPort.ts";
import { liveApps } from "../session/liveApp.ts";
import { seeScopes, windowScopes } from "./goneScopes.ts";
import type { ScopeEnd } from "./goneScopes.ts";
import type { GuardedScope } from "./guardedScope.ts";
import type { GuardianLease } from "./guardianLease.ts";
import type { GuardTarget } from "./guardTarget.ts";
import { Incident } from "./incident.ts";
import type { IncidentRecord } from "./incidentRecord.ts";
import { Incidents } from "./incidents.ts";
import type { Notifier } from "./notifier/notifier.ts";
import type { GuardianTimings } from "./timings.ts";
import { presenceOf } from "./windowPresence.ts";
import type { Presence, PresenceInput } from "./windowPresence.ts";

/** Why a guardian ended. */
export type GuardianEnd = NonNullable<IncidentRecord["end"]> | "lease-lost" | "ledger-broken";

export interface GuardianParts {
  readonly ledger: Ledger;
  readonly lease: GuardianLease;
  readonly clock: Clock;
  readonly log: Log;
  readonly timings: GuardianTimings;
  readonly notifier: Notifier;
  readonly pidAlive: (pid: number) => boolean;
  /** False when the ledger's file was removed or replaced: the product was uninstalled. */
  readonly ledgerThere: () => boolean;
  readonly targets: () => readonly GuardTarget[];
  /** Called when the guardian must act; cheap until its first use. */
  readonly scopeOf: (target: GuardTarget) => GuardedScope;
  /** Called when the guardian has acted or looked, and goes back to watching. */
  readonly afterWork?: () => void;
}

/** How often, while a window lives, the ledger is asked whether anything still runs. */
const quietCheckTicks = 20;
/** So many failures of the ledger in a row end the guardian: it could neither see nor note anything. */
const maxLedgerFailures = 20;
/** What the system leaves a process between its wish to end it and its end. */
const terminateMs = 4_000;
/** While other windows live, the end of a scope's last window that lies back so long is history. */
const staleMs = 600_000;
/** Windows that are gone for so long are forgotten. */
const forgetWindowMs = 24 * 3_600_000;

interface GoneTarget extends ScopeEnd {
  readonly target: GuardTarget;
}

/**
 * Watches the windows' heartbeats in the ledger and acts when the last one of a scope is gone. While
 * each scope has one, it only reads a few rows: no network, no Modal. Ends when nothing runs.
 */
export class Guardian {
  readonly #parts: GuardianParts;
  readonly #ended = Promise.withResolvers<GuardianEnd>();
  #timer: Disposable | undefined;
  readonly #incidents: Incidents<GoneTarget>;
  /** The targets as they were when the scopes without a window last changed. */
  #read: { readonly key: string; readonly targets: readonly GuardTarget[] } | undefined;
  #over = false;
  #nothingUrgent = false;
  #ticks = 0;
  #checkAtTick = quietCheckTicks;
  #ledgerFailures = 0;
  #lastTickMs: number;
  #awakeSinceMs: number;
  readonly #startedAtMs: number;
  #attendedAtMs: number;
  #renewAtMs = 0;
  /** Listings without a running app, by the instants of their looks: two of them end the guardian. */
  #emptySince: string | undefined;

  constructor(parts: GuardianParts) {
    this.#parts = parts;
    this.#incidents = new Incidents({
      open: (gone) => this.#open(gone),
      // A wish that comes after the look that follows is not answered by it.
      onWork: () => parts.lease.readWish(),
      onWorkEnd: () => {
        this.#sleep();
        parts.afterWork?.();
      },
    });
    this.#lastTickMs = parts.clock.nowMs();
    this.#startedAtMs = this.#lastTickMs;
    this.#awakeSinceMs = this.#lastTickMs;
    this.#attendedAtMs = this.#lastTickMs;
  }

  /** Resolves when the guardian is over and the lease given back. */
  get ended(): Promise<GuardianEnd> {
    return this.#ended.promise;
  }

  /** Takes the lease and begins; ends at once when another guardian has it. */
  start(): void {
    this.#tick();
  }

  /** The system wants the process to end: finishes an automatic stop that is due, then ends. */
  async terminate(): Promise<void> {
    if (this.#over) return;
    this.#timer?.dispose();
    const timeUp = AbortSignal.timeout(terminateMs);
    const stopped = this.#incidents
      .hasten((scope) => this.#isGone(scope), timeUp)
      .catch((error: unknown) => this.#parts.log.error("The last stop failed.", error));
    const over = new Promise((resolve) => {
      timeUp.addEventListener("abort", resolve, { once: true });
    });
    await Promise.race([stopped, over]);
    this.#end("terminated");
  }

  #tick(): void {
    if (this.#over) return;
    const { clock, timings, log } = this.#parts;
    const nowMs = clock.nowMs();
    // Timers stand still while the machine sleeps, and so do the windows' heartbeats.
    if (Math.abs(nowMs - this.#lastTickMs) > 4 * timings.aloneTickMs + 5_000)
      this.#awakeSinceMs = nowMs;
    this.#lastTickMs = nowMs;
    this.#ticks += 1;
    try {
      const end = this.#watch(nowMs);
      this.#ledgerFailures = 0;
      if (end !== undefined) return this.#end(end);
    } catch (error) {
      this.#ledgerFailures += 1;
      if (this.#ledgerFailures === 1) log.error("The ledger could not be read.", error);
      if (this.#ledgerFailures >= maxLedgerFailures) return this.#end("ledger-broken");
    }
    this.#sleep();
  }

  #sleep(): void {
    if (this.#over) return;
    const { clock, timings } = this.#parts;
    const dueMs = this.#incidents.dueAtMs - clock.nowMs();
    const tickMs = this.#nothingUrgent ? timings.aloneTickMs : timings.tickMs;
    this.#timer?.dispose();
    this.#timer = clock.after(Math.max(0, Math.min(tickMs, dueMs)), () => this.#tick());
  }

  #watch(nowMs: number): GuardianEnd | undefined {
    const { timings, ledgerThere } = this.#parts;
    if (!ledgerThere()) return "ledger-gone";
    if (!this.#holdLease(nowMs)) return "lease-lost";
    const seen = this.#seen();
    const all = presenceOf(seen);
    if (all.kind === "present") this.#attendedAtMs = nowMs;
    else if (nowMs - this.#attendedAtMs > timings.lifetimeMs) return "lifetime";
    this.#follow(seen, all);
    this.#nothingUrgent = all.kind !== "present" && this.#incidents.allAttended;
    const end = all.kind === "present" ? this.#whilePresent(nowMs) : this.#whileGone(nowMs);
    if (end === undefined) this.#incidents.step(nowMs);
    return end;
  }

  #holdLease(nowMs: number): boolean {
    if (nowMs < this.#renewAtMs && nowMs >= this.#renewAtMs - this.#parts.timings.leaseMs)
      return true;
    this.#renewAtMs = nowMs + this.#parts.timings.leaseMs / 3;
    return this.#parts.lease.hold(nowMs);
  }

  #seen(): PresenceInput {
    const { ledger, clock, timings, pidAlive } = this.#parts;
    return {
      windows: ledger.windows(),
      nowMs: clock.nowMs(),
      beatMs: timings.beatMs,
      silentMs: timings.silentMs,
      awakeSinceMs: this.#awakeSinceMs,
      pidAlive,
    };
  }

  #isGone(scope: string): boolean {
    return seeScopes(this.#seen(), [scope]).gone.length > 0;
  }

  #follow(seen: PresenceInput, all: Presence): void {
    if (all.kind !== "present") {
      const targets = this.#targets(all.kind === "gone" ? all.endId : "none");
      const scopes = targets.map(({ scope }) => scope);
      const { gone, unsure } = seeScopes(seen, scopes);
      this.#incidents.follow(guarded(gone, targets), unsure);
      return;
    }
    // While windows live, only what one of them watched can be without one: no file is read for it.
    const { gone, unsure } = seeScopes(seen, windowScopes(seen.windows));
    const recent = gone.filter(
      ({ scope, sinceMs }) => this.#incidents.has(scope) || sinceMs >= this.#startedAtMs - staleMs,
    );
    const targets =
      recent.length === 0 ? [] : this.#targets(recent.map(({ endId }) => endId).join());
    this.#incidents.follow(guarded(recent, targets), unsure);
  }

  /** The targets, read again when other scopes than before are without a window. */
  #targets(key: string): readonly GuardTarget[] {
    if (this.#read?.key === key) return this.#read.targets;
    this.#parts.lease.readWish();
    const targets = this.#parts.targets();
    this.#read = { key, targets };
    return targets;
  }

  #open({ target, endId, sinceMs, unnoted }: GoneTarget): Incident {
    const { ledger, notifier, clock, log, timings, lease, scopeOf } = this.#parts;
    for (const { windowId, goneAtMs } of unnoted) ledger.closeWindow(windowId, goneAtMs);
    log.info(`The last window of ${target.scope} is gone (${endId}).`);
    return new Incident({
      endId,
      goneAtMs: sinceMs,
      scope: scopeOf(target),
      ledger,
      notifier,
      clock,
      log,
      timings,
      wake: () => this.#tick(),
      mayAct: () => !this.#over && lease.hold(clock.nowMs()),
      stillGone: () => this.#isGone(target.scope),
      othersOpen: () => presenceOf(this.#seen()).kind === "present",
    });
  }

  #whilePresent(nowMs: number): GuardianEnd | undefined {
    // Counted from the last check: an incident's looks may fall on each twentieth wake-up.
    if (this.#ticks < this.#checkAtTick) return undefined;
    this.#checkAtTick = this.#ticks + quietCheckTicks;
    // What an open incident rests on stays.
    if (this.#incidents.size === 0) this.#forgetOldWindows(nowMs);
    const looks = this.#incidents.allQuiet ? this.#emptyLooks() : undefined;
    if (looks === undefined || looks === this.#emptySince) {
      if (looks === undefined) this.#emptySince = undefined;
      return undefined;
    }
    // Where no scope has a window, the incidents have looked twice.
    if (this.#emptySince === undefined && looks !== "") {
      this.#emptySince = looks;
      return undefined;
    }
    this.#emptySince = undefined;
    return this.#endUnlessWanted("nothing-runs", nowMs);
  }

  /**
   * The instants of the last looks of all scopes with a window, when all of them showed nothing; else
   * undefined.
   */
  #emptyLooks(): string | undefined {
    const { ledger, lease, targets } = this.#parts;
    // Windows wish for a guardian when they see an app: a wish between the two looks takes them back.
    if (this.#emptySince === undefined) lease.readWish();
    const instants: number[] = [];
    for (const { scope } of targets()) {
      if (this.#isGone(scope)) continue;
      const listing = ledger.latestListing(scope);
      if (listing === undefined || liveApps(listing).length > 0) return undefined;
      instants.push(listing.observedAtMs);
    }
    return instants.join();
  }

  #whileGone(nowMs: number): GuardianEnd | undefined {
    if (this.#incidents.size === 0) {
      // Should a window want a guardian all the same, the targets are no longer what they were.
      this.#read = undefined;
      return this.#endUnlessWanted("off", nowMs);
    }
    if (!this.#incidents.allQuiet) return undefined;
    return this.#endUnlessWanted("nothing-runs", nowMs);
  }

  #forgetOldWindows(nowMs: number): void {
    for (const { windowId, closedAtMs, beatAtMs } of this.#parts.ledger.windows())
      if (nowMs - (closedAtMs ?? beatAtMs) > forgetWindowMs)
        this.#parts.ledger.forgetWindow(windowId);
  }

  /** The end, unless a window asked for a guardian since the facts were read. */
  #endUnlessWanted(end: GuardianEnd, nowMs: number): GuardianEnd | undefined {
    if (this.#parts.lease.giveUp(nowMs)) return end;
    this.#incidents.forgetLooks();
    return undefined;
  }

  #end(end: GuardianEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.dispose();
    if (end !== "ledger-gone") {
      if (isIncidentEnd(end)) this.#incidents.end(end);
      if (end !== "lease-lost" && end !== "ledger-broken") this.#parts.lease.release();
    }
    this.#parts.log.info(`The guardian ends: ${end}.`);
    // What was sent to Modal gets its receipt, except where the system waits no longer.
    if (end === "terminated") this.#ended.resolve(end);
    else void this.#incidents.settled().finally(() => this.#ended.resolve(end));
  }
}

function isIncidentEnd(end: GuardianEnd): end is NonNullable<IncidentRecord["end"]> {
  return end !== "lease-lost" && end !== "ledger-broken";
}

function guarded(
  gone: readonly ScopeEnd[],
  targets: readonly GuardTarget[],
): readonly GoneTarget[] {
  return gone.flatMap((end) => {
    const target = targets.find(({ scope }) => scope === end.scope);
    return target === undefined || target.onClose === "off" ? [] : [{ ...end, target }];
  });
}
