import type { Clock } from "../../base/clock.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/event.ts";
import type { Failure, FailureReason } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import type { AppHint } from "./appHints.ts";
import { cancelled, isAborted } from "../../base/abort.ts";
import { asFailure } from "../concurrent.ts";
import type { Connected } from "./modalConnection.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import { Look, type LookTarget } from "./look.ts";
import { NextLook } from "./nextLook.ts";
import { nextLookDelayMs } from "./pollPolicy.ts";
import type { Refresh } from "../refresh.ts";
import { isLaterLook } from "../lookOrder.ts";
import { SharedTrouble } from "./sharedTrouble.ts";

export interface PollerParts<Target extends LookTarget = Connected> {
  /** The connection; cheap once it is open. Rejects with a `Failure`. */
  readonly open: () => Promise<Target>;
  readonly ledger: Pick<
    Ledger,
    | "latestListing"
    | "recordListing"
    | "changeCounter"
    | "acquireLease"
    | "releaseLease"
    | "remember"
    | "recall"
  >;
  readonly clock: Clock;
  readonly log: Log;
  readonly appHint?: AppHint;
  /** This window, for the lease. */
  readonly holder: string;
  readonly pid: number;
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
}

/** A listing that this window has taken, or that another one has put into the ledger. */
export interface Seen<Target extends LookTarget = Connected> {
  readonly connected: Target;
  readonly listing: Listing;
  readonly by: "this-window" | "another-window";
}

const leaseTtlMs = 15_000;
const renewEveryMs = 5000;
/** How often a window looks whether something is due: a memory access and, at most, one SQLite pragma. */
const focusedTickMs = 1000;
const unfocusedTickMs = 5000;
/** A tick that is this late means that the machine slept, or that its clock was set. */
const jumpMs = 10_000;
/** After a call or a command, changes are expected for so long. */
const restlessMs = 15_000;

/**
 * Decides when to look at Modal, and which window does. One window holds a lease and looks; the
 * others read what it records, failures included. A window that needs fresher data than the ledger
 * has (it starts a session, say) looks for itself.
 */
export class Poller<Target extends LookTarget = Connected> implements Disposable {
  /** A new listing, of whichever window. */
  readonly onSeen: Emitter<Seen<Target>>["on"];
  /** A look that failed, in whichever window. */
  readonly onFailed: Emitter<Failure>["on"];

  readonly #parts: PollerParts<Target>;
  readonly #store = new DisposableStore();
  readonly #seen = this.#store.add(new Emitter<Seen<Target>>());
  readonly #failed = this.#store.add(new Emitter<Failure>());
  readonly #look: Look;
  readonly #trouble: SharedTrouble;
  readonly #ended = new AbortController();
  /** Counts the connections: what began under an earlier one does not speak for this one. */
  #generation = 0;
  #timer: Disposable | undefined;
  #tickDueMs = 0;
  #renewAtMs = 0;
  #leads = false;
  #counter = -1;

  #focused = true;
  #busy = 0;
  #restlessUntilMs = 0;
  #dueAtMs: number | null = null;
  readonly #next = new NextLook();
  #failures = 0;
  #failure: FailureReason | null = null;
  /** The failure is another window's: it is the one that tries again. */
  #failureIsTheirs = false;
  #connected: Target | undefined;
  #last: Listing | undefined;
  #running: Promise<Listing> | undefined;
  #queued: Promise<Listing> | undefined;

  constructor(parts: PollerParts<Target>) {
    this.#parts = parts;
    this.#look = new Look(parts);
    this.#trouble = new SharedTrouble(parts.ledger);
    this.onSeen = this.#seen.on;
    this.onFailed = this.#failed.on;
  }

  /** Begins to look by itself: at once, then as the policy says. */
  start(): void {
    this.#tickDueMs = this.#parts.clock.nowMs();
    this.#schedule(0);
  }

  setFocused(focused: boolean): void {
    if (this.#focused === focused) return;
    this.#focused = focused;
    if (!focused) {
      this.#yieldLease();
      return;
    }
    this.#renewAtMs = 0;
    // Coming back, a person wants to see now, also where nothing would be asked again by itself.
    if (this.#next.atMs === null || this.#isOlderThan(2 * focusedTickMs)) this.#next.hasten();
    this.#schedule(0);
  }

  /** Looks fast until disposed: while a session starts or stops. */
  beBusy(): Disposable {
    this.#busy += 1;
    this.#plan();
    let done = false;
    return {
      dispose: () => {
        if (done) return;
        done = true;
        this.#busy -= 1;
        this.expectChange();
      },
    };
  }

  /** Looks fast for a while: a call has ended, something was deployed. */
  expectChange(): void {
    this.#restlessUntilMs = this.#parts.clock.nowMs() + restlessMs;
    this.#plan();
  }

  /** The next scaledown that is known to be due; null: none. */
  expectScaledown(atMs: number | null): void {
    if (this.#dueAtMs === atMs) return;
    this.#dueAtMs = atMs;
    this.#plan();
  }

  /** The connection is another one now (settings, credentials): look at once. */
  reconnect(): void {
    this.#generation += 1;
    this.#yieldLease();
    this.#connected = undefined;
    this.#last = undefined;
    this.#failures = 0;
    this.#failure = null;
    this.#counter = -1;
    this.lookAtOnce();
  }

  /** What the figures rest on has changed (settings): the next look is due. */
  lookAtOnce(): void {
    this.#next.ask();
    this.#schedule(0);
  }

  /**
   * Looks now, whoever leads. The look begins after the call: one that is already under way proves
   * nothing about what was done since. Several callers share the one that begins next.
   */
  readonly refreshNow: Refresh = async (options = {}) => {
    // What a person asks for, or a stop is proven by, leaves nothing for the next look.
    const look = this.#fresh(true);
    const { signal } = options;
    if (signal === undefined) return look;
    look.catch(() => undefined);
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(cancelled());
    if (isAborted(signal)) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([look, promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  };

  dispose(): void {
    if (this.#store.isDisposed) return;
    this.#timer?.dispose();
    this.#ended.abort(cancelled());
    this.#yieldLease();
    this.#store.dispose();
  }

  #fresh(isProof: boolean): Promise<Listing> {
    if (this.#running === undefined) {
      this.#running = this.#takeLook(isProof).finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    this.#queued ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#queued = undefined;
        return this.#fresh(isProof);
      });
    return this.#queued;
  }

  async #takeLook(isProof: boolean): Promise<Listing> {
    const generation = this.#generation;
    this.#next.begin();
    try {
      const connected = await this.#parts.open();
      if (generation === this.#generation) this.#connected = connected;
      const listing = await this.#look.take(connected, { signal: this.#ended.signal, isProof });
      // True for its own scope, and in the ledger; but this window looks at another one now.
      if (generation !== this.#generation) return listing;
      if (this.#failures > 0) this.#trouble.clear(connected.scopeKey);
      this.#failures = 0;
      this.#failure = null;
      this.#note(connected, listing, "this-window");
      return listing;
    } catch (error) {
      if (generation === this.#generation) this.#fail(asFailure(error));
      throw error;
    } finally {
      // After `reconnect` and `lookAtOnce`, the next look is due at once, and stays so.
      if (generation === this.#generation) this.#plan(true);
    }
  }

  #fail(failure: Failure): void {
    if (this.#store.isDisposed) return;
    // The profile changed under the look: no trouble of Modal's, and `reconnect` follows.
    if (failure.reason !== "cancelled") {
      this.#failures += 1;
      this.#failure = failure.reason;
      this.#failureIsTheirs = false;
      if (this.#connected !== undefined) {
        this.#trouble.tell(this.#connected.scopeKey, failure, this.#failures);
      }
    }
    this.#parts.log.warn(`The look at Modal failed: ${failure.message}`);
    if (failure.evidence !== undefined) this.#parts.log.debug(failure.evidence);
    this.#failed.emit(failure);
  }

  #note(connected: Target, listing: Listing, by: Seen["by"]): void {
    if (this.#store.isDisposed) return;
    this.#last = listing;
    this.#counter = this.#parts.ledger.changeCounter();
    this.#seen.emit({ connected, listing, by });
  }

  #schedule(delayMs: number): void {
    if (this.#store.isDisposed) return;
    this.#timer?.dispose();
    this.#tickDueMs = this.#parts.clock.nowMs() + delayMs;
    this.#timer = this.#parts.clock.after(delayMs, () => this.#tick());
  }

  #tick(): void {
    const { clock, log } = this.#parts;
    const lateMs = clock.nowMs() - this.#tickDueMs;
    if (Math.abs(lateMs) > jumpMs) {
      log.info(`The clock went on by ${Math.round(lateMs / 1000)} s without this window.`);
      this.#renewAtMs = 0;
      this.#next.ask();
      this.#restlessUntilMs = Math.min(this.#restlessUntilMs, clock.nowMs() + restlessMs);
    }
    try {
      this.#lead();
      if (!this.#leads) this.#follow();
      if (this.#isDue()) this.#fresh(false).catch(() => undefined);
    } catch (error) {
      log.error("The ledger cannot be used for polling.", error);
      this.#failed.emit(asFailure(error));
    }
    this.#schedule(this.#focused ? focusedTickMs : unfocusedTickMs);
  }

  /** Takes or renews the lease on the scope, once it is known. */
  #lead(): void {
    const { ledger, clock, holder, pid } = this.#parts;
    const nowMs = clock.nowMs();
    const scope = this.#connected?.scopeKey;
    if (scope === undefined || nowMs < this.#renewAtMs) return;
    this.#renewAtMs = nowMs + renewEveryMs;
    this.#leads = ledger.acquireLease(leaseName(scope), holder, pid, nowMs, leaseTtlMs);
  }

  #yieldLease(): void {
    const scope = this.#connected?.scopeKey;
    if (!this.#leads || scope === undefined) return;
    this.#leads = false;
    this.#renewAtMs = this.#parts.clock.nowMs() + renewEveryMs;
    this.#parts.ledger.releaseLease(leaseName(scope), this.#parts.holder);
  }

  /** Reads what the leading window has recorded since the last tick. */
  #follow(): void {
    const { ledger } = this.#parts;
    const connected = this.#connected;
    if (connected === undefined) return;
    const counter = ledger.changeCounter();
    if (counter === this.#counter) return;
    this.#counter = counter;
    const listing = ledger.latestListing(connected.scopeKey);
    if (listing !== undefined && isLaterLook(listing, this.#last)) {
      this.#failures = 0;
      this.#failure = null;
      this.#note(connected, listing, "another-window");
      this.#plan(true);
      return;
    }
    const shared = this.#trouble.current(connected.scopeKey, this.#last);
    if (shared === undefined) return;
    if (shared.failures === this.#failures) return;
    this.#failures = shared.failures;
    this.#failure = shared.failure.reason;
    this.#failureIsTheirs = true;
    this.#failed.emit(shared.failure);
    this.#plan(true);
  }

  #isDue(): boolean {
    const { clock } = this.#parts;
    if (this.#running !== undefined || !this.#next.isDue(clock.nowMs())) return false;
    if (this.#leads || this.#connected === undefined) return true;
    if (this.#failure !== null && this.#failureIsTheirs) return false;
    // Another window looks. Only where it does not look often enough for this one, help out.
    const wantedMs = nextLookDelayMs(this.#situation(), 0.5) ?? Infinity;
    return this.#isOlderThan(1.5 * wantedMs + focusedTickMs);
  }

  /** Plans the next look. Without `restart`, only ever earlier than planned. */
  #plan(restart = false): void {
    const { clock, random } = this.#parts;
    const delayMs = nextLookDelayMs(this.#situation(), random());
    const fromMs = restart ? clock.nowMs() : Math.min(this.#last?.observedAtMs ?? 0, clock.nowMs());
    const atMs = delayMs === null ? null : fromMs + delayMs;
    if (restart) this.#next.plan(atMs);
    else this.#next.planEarlier(atMs);
  }

  #situation(): Parameters<typeof nextLookDelayMs>[0] {
    return {
      nowMs: this.#parts.clock.nowMs(),
      adapter: this.#last?.adapter ?? "sdk",
      focused: this.#focused,
      busy: this.#busy > 0,
      liveContainers: this.#last?.containers.length ?? 0,
      restlessUntilMs: this.#restlessUntilMs,
      dueAtMs: this.#dueAtMs,
      failures: this.#failures,
      failure: this.#failure,
    };
  }

  /** Whether the last look is older than that. One from the future is of a clock that was set, and says nothing. */
  #isOlderThan(ms: number): boolean {
    if (this.#last === undefined) return true;
    const ageMs = this.#parts.clock.nowMs() - this.#last.observedAtMs;
    return ageMs < 0 || ageMs > ms;
  }
}

function leaseName(scope: string): string {
  return `poll ${scope}`; // not shown: the name of a lease
}
