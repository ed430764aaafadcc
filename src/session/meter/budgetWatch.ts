import type { Clock } from "../../base/clock.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { failureOf } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import {
  exceededBudgets,
  type Budget,
  type BudgetAlert,
  type BudgetStanding,
  budgetStandings,
} from "../../cost/spending/budget.ts";
import { limitNotice, limitOutlooks, type SpendLimit } from "../../cost/spending/modalMonth.ts";
import { periodOf } from "../../cost/spending/calendar.ts";
import type { Ledger } from "../ledgerPort.ts";
import { sumOf, type Spending } from "./spending.ts";

export interface BudgetWatchParts {
  readonly spending: Spending;
  readonly ledger: Pick<Ledger, "claimOnce" | "wasClaimed">;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeZone: string;
  /** null: not connected yet. */
  readonly workspace: () => string | null;
  readonly budgets: () => readonly Budget[];
  /** What Modal lets the environments of a workspace spend; empty: none is told, or nobody wants to hear of it. */
  readonly limits: (workspace: string) => readonly SpendLimit[];
  /** Told by one window, once per budget and period. */
  readonly onExceeded: (alert: BudgetAlert) => void;
}

const firstAfterMs = 30_000;
const everyMs = 300_000;

/** Watches what the week and the month have cost, and tells once when a budget is used up. */
export class BudgetWatch implements Disposable {
  readonly #parts: BudgetWatchParts;
  readonly #store = new DisposableStore();
  #timer: Disposable | undefined;
  #last: { readonly workspace: string; readonly standings: readonly BudgetStanding[] } | undefined;

  constructor(parts: BudgetWatchParts) {
    this.#parts = parts;
    this.#wait(firstAfterMs);
  }

  /** How each budget stands now. Throws `Failure("ledger")`. */
  standings(workspace: string): readonly BudgetStanding[] {
    const { spending, clock, timeZone, budgets } = this.#parts;
    const nowMs = clock.nowMs();
    const fromMs = Math.min(
      ...budgets().map(({ unit }) => periodOf(unit, nowMs, timeZone).fromMs),
      nowMs,
    );
    const days = spending.days(workspace, fromMs);
    const standings = budgetStandings(
      budgets(),
      (period) => sumOf(days.filter(({ day }) => day.fromMs >= period.fromMs)),
      nowMs,
      timeZone,
    );
    this.#last = { workspace, standings };
    return standings;
  }

  /** As they stood some minutes ago, read once: for a question that must not wait. */
  recentStandings(workspace: string): readonly BudgetStanding[] {
    return this.#last?.workspace === workspace ? this.#last.standings : this.standings(workspace);
  }

  /** Looks now, and tells what is exceeded and was not told before. */
  check(): void {
    const { workspace, ledger, clock, log, onExceeded } = this.#parts;
    const key = workspace();
    if (key === null) return;
    try {
      for (const alert of exceededBudgets(this.standings(key))) {
        if (ledger.claimOnce(`${alert.key}:${key}`, clock.nowMs())) onExceeded(alert);
      }
      this.#checkLimits(key);
    } catch (error) {
      log.warn(`The budgets were not checked: ${failureOf(error)?.message ?? String(error)}`);
    }
  }

  #checkLimits(workspace: string): void {
    const { ledger, clock, limits, onExceeded } = this.#parts;
    const nowMs = clock.nowMs();
    const keyed = (key: string): string => `${key}:${workspace}`;
    const outlooks = limitOutlooks(limits(workspace), nowMs);
    const notice = limitNotice(outlooks, nowMs, (key) => ledger.wasClaimed(keyed(key)));
    if (notice === undefined) return;
    // Each of them, so that no other window tells a part of it.
    const claimed = notice.keys.filter((key) => ledger.claimOnce(keyed(key), nowMs));
    const [key] = claimed;
    if (key !== undefined) onExceeded({ key, message: notice.message, mutes: "limits" });
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#store.dispose();
  }

  #wait(delayMs: number): void {
    if (this.#store.isDisposed) return;
    this.#timer = this.#parts.clock.after(delayMs, () => {
      this.#wait(everyMs);
      this.check();
    });
  }
}
