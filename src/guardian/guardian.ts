import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Log } from "../base/log.ts";
import type { Ledger, WindowRecord } from "../session/ledgerPort.ts";
import { liveApps } from "../session/liveApp.ts";
import type { GuardedScope } from "./guardedScope.ts";
import type { GuardianLease } from "./guardianLease.ts";
import type { GuardTarget } from "./guardTarget.ts";
import { Incident } from "./incident/incident.ts";
import { isUnfinished, readIncidents } from "./incident/record.ts";
import type { IncidentRecord } from "./incident/record.ts";
import { Incidents } from "./incident/incidents.ts";
import type { Notifier } from "./notifier/notifier.ts";
import { ScopeWatch } from "./scopeWatch.ts";
import type { GoneTarget } from "./scopeWatch.ts";
import type { GuardianTimings } from "./timings.ts";

/** Why a guardian ended. */
export type GuardianEnd =
  | NonNullable<IncidentRecord["end"]>
  | "lease-lost"
  | "ledger-broken"
  | "ledger-gone";

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
  /** Windows that live, by another word than the ledger's (signedWindows.ts). */
  readonly signedWindows: () => readonly WindowRecord[];
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
/** Windows that are gone for so long are forgotten. */
const forgetWindowMs = 24 * 3_600_000;

/**
 * Watches the windows' heartbeats in the ledger and acts when the last one of a scope is gone. While
 * each scope has one, it only reads a few rows: no network, no Modal. Ends when nothing runs.
 */
export class Guardian {
  readonly #parts: GuardianParts;
  readonly #ended = Promise.withResolvers<GuardianEnd>();
  #timer: Disposable | undefined;
  readonly #incidents: Incidents<GoneTarget>;
  readonly #watch: ScopeWatch;
  #over = false;
  #nothingUrgent = false;
  #ticks = 0;
  #checkAtTick = quietCheckTicks;
  #ledgerFailures = 0;
  #lastTickMs: number;
  #attendedAtMs: number;
  #renewAtMs = 0;
  /** Listings without a running app, by the instants of their looks: two of them end the guardian. */
  #emptySince: string | undefined;
  /** Ends that a guardian before this one was at, and did not come to the end of. */
  readonly #left: ReadonlySet<string>;

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
    this.#watch = new ScopeWatch({ ...parts, onRead: () => parts.lease.readWish() });
    this.#lastTickMs = parts.clock.nowMs();
    this.#left = new Set(
      readIncidents(parts.ledger)
        .filter(isUnfinished)
        .filter(({ goneAtMs }) => this.#lastTickMs - goneAtMs < parts.timings.lifetimeMs)
        .map(({ endId }) => endId),
    );
    this.#attendedAtMs = this.#lastTickMs;
  }

  /** Resolves when the guardian is over and the lease given back. */
  get ended(): Promise<GuardianEnd> {
    return this.#ended.promise;
  }

  /** Takes the lease and begins; ends at once when another guardian has it. */
  start(): void {
    this.#tick();
    if (this.#over) return;
    // Not before the lease is this one's: what is on the screen could be the other's.
    this.#parts.notifier.withdrawLeft?.().catch((error: unknown) => {
      this.#parts.log.error("What a guardian before this one left was not taken back.", error);
    });
  }

  /** The system wants the process to end: finishes an automatic stop that is due, then ends. */
  async terminate(): Promise<void> {
    if (this.#over) return;
    this.#timer?.dispose();
    const timeUp = AbortSignal.timeout(terminateMs);
    const stopped = this.#incidents
      .hasten((scope) => this.#watch.isGone(scope), timeUp)
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
      this.#watch.awake(nowMs);
    this.#lastTickMs = nowMs;
    this.#ticks += 1;
    try {
      const end = this.#look(nowMs);
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

  #look(nowMs: number): GuardianEnd | undefined {
    const { timings, ledgerThere } = this.#parts;
    if (!ledgerThere()) return "ledger-gone";
    if (!this.#holdLease(nowMs)) return "lease-lost";
    const { anyOpen, gone, unsure } = this.#watch.look(
      ({ scope, endId }) => this.#incidents.has(scope) || this.#left.has(endId),
    );
    if (anyOpen) this.#attendedAtMs = nowMs;
    else if (nowMs - this.#attendedAtMs > timings.lifetimeMs) return "lifetime";
    this.#incidents.follow(gone, unsure);
    this.#nothingUrgent = !anyOpen && this.#incidents.allAttended;
    const end = anyOpen ? this.#whileOpen(nowMs) : this.#whileGone(nowMs);
    if (end === undefined) this.#incidents.step(nowMs);
    return end;
  }

  #holdLease(nowMs: number): boolean {
    if (nowMs < this.#renewAtMs && nowMs >= this.#renewAtMs - this.#parts.timings.leaseMs)
      return true;
    this.#renewAtMs = nowMs + this.#parts.timings.leaseMs / 3;
    return this.#parts.lease.hold(nowMs);
  }

  #open(gone: GoneTarget): Incident {
    const { target, endId, unnoted } = gone;
    const { ledger, notifier, clock, log, timings, lease, scopeOf } = this.#parts;
    for (const { windowId, goneAtMs } of unnoted) ledger.closeWindow(windowId, goneAtMs);
    log.info(`The last window of ${target.scope} is gone (${endId}).`);
    return new Incident({
      end: gone,
      scope: scopeOf(target),
      lease,
      watch: this.#watch,
      ledger,
      notifier,
      clock,
      log,
      timings,
      wake: () => this.#tick(),
    });
  }

  #whileOpen(nowMs: number): GuardianEnd | undefined {
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
      if (this.#watch.isGone(scope)) continue;
      const listing = ledger.latestListing(scope);
      if (listing === undefined || liveApps(listing).length > 0) return undefined;
      instants.push(listing.observedAtMs);
    }
    return instants.join();
  }

  #whileGone(nowMs: number): GuardianEnd | undefined {
    if (this.#incidents.size === 0) {
      // Should a window want a guardian all the same, the targets are no longer what they were.
      this.#watch.forgetTargets();
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
    // From here on no incident may act any more.
    if (isIncidentEnd(end)) {
      this.#incidents.end(end);
      this.#parts.lease.release();
    } else this.#incidents.abandon();
    this.#parts.log.info(`The guardian ends: ${end}.`);
    // What was sent to Modal gets its receipt, except where the system waits no longer.
    if (end === "terminated") this.#ended.resolve(end);
    else void this.#incidents.settled().finally(() => this.#ended.resolve(end));
  }
}

function isIncidentEnd(end: GuardianEnd): end is NonNullable<IncidentRecord["end"]> {
  return end !== "lease-lost" && end !== "ledger-broken" && end !== "ledger-gone";
}
