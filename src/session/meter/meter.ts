import type { Clock } from "../../base/clock.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/event.ts";
import { hourMs } from "../../cost/billed/billedRow.ts";
import type { HourlyOf } from "../../cost/rates/burnRate.ts";
import type { RateHistory, Rates } from "../../cost/rates/rates.ts";
import { CostReader, type AppKnowledge, type CostReading } from "./costReader.ts";
import { deriveState, type LedgerView } from "./deriveState.ts";
import { hourlyNow } from "./hourlyNow.ts";
import { ifReadable } from "../ifReadable.ts";
import type { Listing, TimeRange } from "../ledgerPort.ts";
import { modalOffsetMs } from "../watch/modalTime.ts";
import { readingKeys } from "./readingKey.ts";
import { type MeterActivity, type MeterState } from "./meterState.ts";
import type { Health } from "../watch/health.ts";
import type { Poller } from "../watch/poller.ts";
import { unknownAuthorship, type Authorship } from "../owner.ts";
import { scopeKey, type Scope } from "../scope.ts";
import type { SettingProblem } from "../settings/settings.ts";

export interface MeterParts {
  readonly ledger: LedgerView;
  readonly clock: Clock;
  readonly poller: Pick<Poller, "refreshNow" | "beBusy" | "expectChange" | "expectScaledown">;
  /** Whose money it is, as far as it is known now. */
  readonly scope: () => Scope | null;
  readonly folder: () => string | null;
  readonly rates: () => RateHistory;
  readonly settingProblems: () => readonly SettingProblem[];
  /** What Modal has said of whose the apps of a scope are. */
  readonly authorshipOf: (scopeKey: string) => Authorship;
  /** What the app files of the open folders and the settings tell. */
  readonly appKnowledge?: AppKnowledge;
  readonly timeZone: string;
}

/** How often other windows' writes are looked for, and how often running figures grow on the screen. */
const lookEveryMs = 1000;
const growEveryMs = 5000;

/**
 * The state of the meter over time: derived anew when the ledger has changed (by any window), when
 * the health or the activity has, and while something runs, so that the figure grows.
 */
export class Meter implements Disposable {
  readonly #parts: MeterParts;
  readonly #costs: CostReader;
  /** Beside the views' one, which keeps what they ask for every few seconds. */
  readonly #pastCosts: CostReader;
  #keys: { readonly version: string; readonly keyOf: (range: TimeRange) => string } | undefined;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<MeterState>());
  #health: Health = { kind: "starting" };
  #activities: MeterActivity[] = [];
  #seenCounter = -1;
  #shownAtMs = Number.NEGATIVE_INFINITY;
  #last: MeterState | undefined;
  #timer: Disposable | undefined;

  readonly onChange = this.#changed.on;

  constructor(parts: MeterParts) {
    this.#parts = parts;
    this.#costs = new CostReader(parts.ledger, parts.appKnowledge);
    this.#pastCosts = new CostReader(parts.ledger, parts.appKnowledge);
    this.#tick();
  }

  /** The state now. */
  state(): MeterState {
    const { ledger, clock, scope, folder, rates, timeZone } = this.#parts;
    const current = scope();
    const inputs = {
      nowMs: clock.nowMs(),
      health: this.#health,
      scope: current,
      authorship:
        current === null ? unknownAuthorship : this.#parts.authorshipOf(scopeKey(current)),
      activity: this.#activities.at(-1) ?? "none",
      folder: folder(),
      rates: rates(),
      settingProblems: this.#parts.settingProblems(),
      timeZone,
    };
    return deriveState(ledger, inputs, this.#costs);
  }

  /** What any cost since `fromMs` is answered from, as the views answer it. Throws `Failure("ledger")`. */
  costsSince(scope: string, fromMs: number): CostReading {
    return this.costsBetween(scope, fromMs, this.#parts.clock.nowMs());
  }

  /** The same of a range in the past, as it stands now. */
  costsBetween(scope: string, fromMs: number, toMs: number): CostReading {
    return this.#pastCosts.read({ scope, fromMs, nowMs: toMs, rates: this.#parts.rates() });
  }

  /** The same until now without what the bill has taught. */
  untaughtSince(scope: string, fromMs: number): CostReading {
    const { rates, clock } = this.#parts;
    return this.#pastCosts.readUntaught({
      scope,
      fromMs,
      nowMs: clock.nowMs(),
      rates: rates(),
    });
  }

  /** Keys of what `costsBetween` answers from: while they stay the same, so does the cost. */
  costKeys(scope: string): (range: TimeRange) => string {
    const { ledger, rates, appKnowledge = {}, clock } = this.#parts;
    const nowMs = clock.nowMs();
    const ratesKey = rates().key;
    const offsetMs = modalOffsetMs(ledger, scope, nowMs);
    const version = JSON.stringify([ledger.costVersion(), scope, ratesKey, offsetMs]);
    if (this.#keys?.version === version) return this.#keys.keyOf;
    const keys = new Map<string, string>();
    const keyIn = readingKeys({ ledger, appKnowledge, ratesKey, scope, nowMs });
    const keyOf = (range: TimeRange): string => {
      const name = `${range.fromMs} ${range.toMs}`;
      const key = keys.get(name) ?? keyIn(range);
      keys.set(name, key);
      return key;
    };
    this.#keys = { version, keyOf };
    return keyOf;
  }

  /** A fresh, complete listing, recorded in the ledger. Rejects with a `Failure`. */
  async refreshNow(options: { readonly signal?: AbortSignal } = {}): Promise<Listing> {
    const listing = await this.#parts.poller.refreshNow(options);
    this.show();
    return listing;
  }

  /** Tells the views what is under way while `work` runs. */
  async during<T>(activity: MeterActivity, work: () => PromiseLike<T>): Promise<T> {
    this.#activities.push(activity);
    const busy = this.#parts.poller.beBusy();
    this.show();
    try {
      return await work();
    } finally {
      this.#activities.splice(this.#activities.indexOf(activity), 1);
      busy.dispose();
      this.show();
    }
  }

  /** Something has just changed at Modal (a call has ended): it is looked at soon, and again. */
  expectChange(): void {
    this.#parts.poller.expectChange();
    this.show();
  }

  setHealth(health: Health): void {
    this.#health = health;
    this.show();
  }

  /** What containers of the scope cost per hour now, by what the bill has taught; by what they ask for where the ledger cannot tell. */
  hourlyOf(scope: string): HourlyOf {
    const { clock } = this.#parts;
    let hourlyOf: HourlyOf | undefined;
    return (containerId) => {
      // Where nothing runs, nothing is read.
      hourlyOf ??=
        ifReadable(() => hourlyNow(this.costsSince(scope, clock.nowMs() - hourMs))) ??
        (() => undefined);
      return hourlyOf(containerId);
    };
  }

  /** The rates in force now. */
  rates(): Rates {
    return this.#parts.rates().now;
  }

  get health(): Health {
    return this.#health;
  }

  /** Derives the state anew and tells every view. */
  show(): void {
    if (this.#store.isDisposed) return;
    this.#shownAtMs = this.#parts.clock.nowMs();
    this.#seenCounter = this.#parts.ledger.changeCounter();
    this.#last = this.state();
    const ends = this.#last.apps.flatMap(({ warmUntilMs }) => warmUntilMs ?? []);
    this.#parts.poller.expectScaledown(ends.length === 0 ? null : Math.min(...ends));
    this.#changed.emit(this.#last);
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#store.dispose();
  }

  #tick(): void {
    this.#timer = this.#parts.clock.after(lookEveryMs, () => {
      // A bug in one view, or in what it shows, must not stop the meter.
      this.#tick();
      if (this.#isDue()) this.show();
    });
  }

  #isDue(): boolean {
    const { ledger, clock } = this.#parts;
    const growing = (this.#last?.apps.length ?? 0) > 0 || this.#last?.session !== null;
    if (growing && clock.nowMs() - this.#shownAtMs >= growEveryMs) return true;
    return ledger.changeCounter() !== this.#seenCounter;
  }
}
