import type { DisposableStore } from "../base/disposable.ts";
import type { Budget, BudgetAlert } from "../cost/spending/budget.ts";
import type { PriceChange } from "../cost/rates/priceChange.ts";
import { BudgetWatch } from "../session/meter/budgetWatch.ts";
import { unknownTimes } from "../session/meter/unknownTimes.ts";
import { learnFromBill } from "../session/meter/lessonBook.ts";
import { Spending } from "../session/meter/spending.ts";
import { Bookkeeper } from "../session/watch/bookkeeper.ts";
import { myApps } from "../session/owner.ts";
import { recallEnvironments, spendLimits } from "../session/workspace/elsewhere.ts";
import type { ThisWindow } from "./thisWindow.ts";
import type { Watching } from "./watching.ts";

export interface MoneyParts extends ThisWindow, Pick<Watching, "connection" | "meter" | "owners"> {
  readonly budgets: () => readonly Budget[];
  /** Whether notices of Modal's own limits are turned off. */
  readonly mutesLimits: () => boolean;
  readonly onExceeded: (alert: BudgetAlert) => void;
  /** The bill of this scope was read, from `fromMs` on. */
  readonly onBill: (scopeKey: string, fromMs: number) => void;
  /** Modal has other prices than before. */
  readonly onPrices: (changes: readonly PriceChange[]) => void;
  /** Modal does not show its bill to this login. */
  readonly onBillDenied: (message: string) => void;
}

/** The parts that know sums: what was spent, what budgets say to it, and what Modal bills. */
export interface Money {
  readonly spending: Spending;
  readonly budgets: BudgetWatch;
  readonly bookkeeper: Bookkeeper;
}

/** Builds what counts; its timers belong to the store. */
export function buildMoney(store: DisposableStore, parts: MoneyParts): Money {
  const { ledger, clock, log, connection, meter, owners, timeZone } = parts;
  const spending = new Spending({
    ledger,
    clock,
    read: (scope, fromMs, toMs) => meter.costsBetween(scope, fromMs, toMs),
    keys: (scope) => meter.costKeys(scope),
    unknownTimes: (scope, range) => unknownTimes(ledger, scope, range),
    mine: (scope) => myApps(scope, owners.authorshipOf(scope), ledger.sessions({ scope })),
    timeZone,
  });
  const budgets = store.add(
    new BudgetWatch({
      spending,
      ledger,
      clock,
      log,
      timeZone,
      workspace: () => connection.last?.scope.workspace ?? null,
      budgets: parts.budgets,
      limits: (workspace) =>
        parts.mutesLimits() ? [] : spendLimits(recallEnvironments(ledger, workspace)),
      onExceeded: parts.onExceeded,
    }),
  );
  const bookkeeper = store.add(
    new Bookkeeper({
      connection,
      ledger,
      clock,
      log,
      holder: parts.windowId,
      pid: parts.pid,
      onBill: (scope, fromMs) => {
        learnFromBill(ledger, scope, {
          nowMs: clock.nowMs(),
          read: (sinceMs) => meter.untaughtSince(scope, sinceMs),
        });
        parts.onBill(scope, fromMs);
      },
      onPrices: parts.onPrices,
      onBillDenied: parts.onBillDenied,
    }),
  );
  return { spending, budgets, bookkeeper };
}
