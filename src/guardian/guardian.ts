import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Log } from "../base/log.ts";
import type { Ledger } from "../session/ledgerPort.ts";
import { liveApps } from "../session/liveApp.ts";
import type { GuardedScope } from "./guardedScope.ts";
import type { GuardianLease } from "./guardianLease.ts";
import type { GuardTarget } from "./guardTarget.ts";
import { Incident } from "./incident.ts";
import type { IncidentRecord } from "./incidentRecord.ts";
import type { Notifier } from "./notifier/notifier.ts";
import type { GuardianTimings } from "./timings.ts";
import { presenceOf } from "./windowPresence.ts";
import type { Presence } from "./windowPresence.ts";

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
/** Windows that are gone for so long are forgotten. */
const forgetWindowMs = 24 * 3_600_000;

/**
 * Watches the windows' heartbeats in the ledger and acts when the last one is gone. While a window
 * lives, it only reads a few rows: no network, no Modal. Ends by itself when nothing runs.
 */
export class Guardian {
  readonly #parts: GuardianParts;
  readonly #ended = Promise.withResolvers<GuardianEnd>();
  #timer: Disposable | undefined;
  #incident: Incident | undefined;
  #working: Promise<void> | undefined;
  #over = false;
  #ticks = 0;
  #ledgerFailures = 0;
  #lastTickMs: number;
  #awakeSinceMs: number;
  #attendedAtMs: number;
  #renewAtMs = 0;
  /** Listings without a running app, by the instants of their looks: two of them end the guardian. */
  #emptySince: string | undefined;

  constructor(parts: GuardianParts) {
    this.#parts = parts;
    this.#lastTickMs = parts.clock.nowMs();
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
    const stopped = (async () => {
      await this.#working;
      if (this.#presence().kind !== "present") await this.#incident?.hasten(timeUp);
    })().catch((error: unknown) => this.#parts.log.error("The last stop failed.", error));
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
    if (Math.abs(nowMs - this.#lastTickMs) > 4 * timings.tickMs + 5_000) this.#awakeSinceMs = nowMs;
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
    const dueMs =
      this.#working === undefined && this.#incident !== undefined
        ? this.#incident.dueAtMs - clock.nowMs()
        : Number.POSITIVE_INFINITY;
    this.#timer?.dispose();
    this.#timer = clock.after(Math.max(0, Math.min(timings.tickMs, dueMs)), () => this.#tick());
  }

  #watch(nowMs: number): GuardianEnd | undefined {
    const { timings, ledgerThere } = this.#parts;
    if (!ledgerThere()) return "ledger-gone";
    if (!this.#holdLease(nowMs)) return "lease-lost";
    const presence = this.#presence();
    if (presence.kind === "present") return this.#whilePresent(nowMs);
    if (nowMs - this.#attendedAtMs > timings.lifetimeMs) return "lifetime";
    return this.#whileGone(presence, nowMs);
  }

  #holdLease(nowMs: number): boolean {
    if (nowMs < this.#renewAtMs && nowMs >= this.#renewAtMs - this.#parts.timings.leaseMs)
      return true;
    this.#renewAtMs = nowMs + this.#parts.timings.leaseMs / 3;
    return this.#parts.lease.hold(nowMs);
  }

  #presence(): Presence {
    const { ledger, clock, timings, pidAlive } = this.#parts;
    return presenceOf({
      windows: ledger.windows(),
      nowMs: clock.nowMs(),
      beatMs: timings.beatMs,
      silentMs: timings.silentMs,
      awakeSinceMs: this.#awakeSinceMs,
      pidAlive,
    });
  }

  #whilePresent(nowMs: number): GuardianEnd | undefined {
    this.#attendedAtMs = nowMs;
    if (this.#working !== undefined) return undefined;
    if (this.#incident?.mustAct === true) {
      this.#work(this.#incident);
      return undefined;
    }
    this.#incident?.end("window-back");
    this.#incident = undefined;
    if (this.#ticks % quietCheckTicks !== 0) return undefined;
    this.#forgetOldWindows(nowMs);
    const looks = this.#emptyLooks();
    if (looks === undefined) {
      this.#emptySince = undefined;
      return undefined;
    }
    if (this.#emptySince === undefined) {
      this.#emptySince = looks;
      return undefined;
    }
    if (looks === this.#emptySince) return undefined;
    this.#emptySince = undefined;
    return this.#endUnlessWanted("nothing-runs", nowMs);
  }

  /** The instants of the last looks of all scopes, when all of them showed nothing; else undefined. */
  #emptyLooks(): string | undefined {
    const { ledger, lease, targets } = this.#parts;
    // Windows wish for a guardian when they see an app: a wish between the two looks takes them back.
    if (this.#emptySince === undefined) lease.readWish();
    const instants: number[] = [];
    for (const { scope } of targets()) {
      const listing = ledger.latestListing(scope);
      if (listing === undefined || liveApps(listing).length > 0) return undefined;
      instants.push(listing.observedAtMs);
    }
    return instants.join();
  }

  #whileGone(
    presence: Exclude<Presence, { kind: "present" }>,
    nowMs: number,
  ): GuardianEnd | undefined {
    if (this.#working !== undefined) return undefined;
    const endId = presence.kind === "gone" ? presence.endId : "none";
    if (this.#incident !== undefined && this.#incident.endId !== endId) {
      this.#incident.end("window-back");
      this.#incident = undefined;
    }
    const incident = (this.#incident ??= this.#open(presence, nowMs));
    if (incident === undefined) return this.#endUnlessWanted("off", nowMs);
    if (incident.nothingRuns) {
      const end = this.#endUnlessWanted("nothing-runs", nowMs);
      if (end !== undefined) return end;
      incident.forgetLooks();
    }
    if (incident.dueAtMs <= nowMs) this.#work(incident);
    return undefined;
  }

  #open(presence: Exclude<Presence, { kind: "present" }>, nowMs: number): Incident | undefined {
    const { ledger, notifier, clock, log, timings, lease, targets, scopeOf } = this.#parts;
    lease.readWish();
    const guarded = targets().filter(({ onClose }) => onClose !== "off");
    if (guarded.length === 0) return undefined;
    const [endId, goneAtMs] =
      presence.kind === "gone" ? [presence.endId, presence.sinceMs] : ["none", nowMs];
    for (const { windowId, goneAtMs } of presence.kind === "gone" ? presence.unnoted : [])
      ledger.closeWindow(windowId, goneAtMs);
    log.info(`The last window is gone (${endId}).`);
    return new Incident({
      endId,
      goneAtMs,
      scopes: guarded.map(scopeOf),
      ledger,
      notifier,
      clock,
      log,
      timings,
      wake: () => this.#tick(),
      mayAct: () => !this.#over && lease.hold(clock.nowMs()),
      stillGone: () => this.#presence().kind !== "present",
    });
  }

  #work(incident: Incident): void {
    // A wish that comes after this look is not answered by it.
    this.#parts.lease.readWish();
    this.#working = incident.step().finally(() => {
      this.#working = undefined;
      this.#sleep();
      this.#parts.afterWork?.();
    });
  }

  #forgetOldWindows(nowMs: number): void {
    for (const { windowId, closedAtMs, beatAtMs } of this.#parts.ledger.windows())
      if (nowMs - (closedAtMs ?? beatAtMs) > forgetWindowMs)
        this.#parts.ledger.forgetWindow(windowId);
  }

  /** The end, unless a window asked for a guardian since the facts were read. */
  #endUnlessWanted(end: GuardianEnd, nowMs: number): GuardianEnd | undefined {
    return this.#parts.lease.giveUp(nowMs) ? end : undefined;
  }

  #end(end: GuardianEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.dispose();
    if (end !== "ledger-gone") {
      if (isIncidentEnd(end)) this.#incident?.end(end);
      if (end !== "lease-lost" && end !== "ledger-broken") this.#parts.lease.release();
    }
    this.#parts.log.info(`The guardian ends: ${end}.`);
    // What was sent to Modal gets its receipt, except where the system waits no longer.
    if (this.#working === undefined || end === "terminated") this.#ended.resolve(end);
    else void this.#working.finally(() => this.#ended.resolve(end));
  }
}

function isIncidentEnd(end: GuardianEnd): end is NonNullable<IncidentRecord["end"]> {
  return end !== "lease-lost" && end !== "ledger-broken";
}
