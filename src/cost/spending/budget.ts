import { t } from "../../base/text.ts";
import { periodOf, type Period, type PeriodUnit } from "./calendar.ts";
import type { KnownPart } from "../cost.ts";
import { formatAmount, formatMetered } from "../format.ts";
import { microUsd, usd, type MicroUsd } from "../money.ts";

/** The most that a week or a month should cost. */
export interface Budget {
  readonly unit: Extract<PeriodUnit, "week" | "month">;
  readonly limit: MicroUsd;
}

/** What a budget's period has cost so far. */
export interface BudgetStanding {
  readonly budget: Budget;
  readonly period: Period;
  /** By the whole workspace, which is what Modal bills. */
  readonly spent: KnownPart;
  /** What my apps have of it. */
  readonly mine: KnownPart;
  /** Never negative. */
  readonly left: MicroUsd;
}

export interface BudgetAlert {
  /** The same for one threshold of one period, in every window: alert once per key (Ledger.claimOnce). */
  readonly key: string;
  readonly message: string;
  /** The kind that "Don't Show Again" turns off (setting `mutedReminders`); absent: the budget is the setting. */
  readonly mutes?: "limits";
}

/** How each budget stands in the period that holds `nowMs`. A limit of 0 is none. */
export function budgetStandings(
  budgets: readonly Budget[],
  spentIn: (period: Period) => Pick<BudgetStanding, "spent" | "mine">,
  nowMs: number,
  timeZone: string,
): readonly BudgetStanding[] {
  return budgets
    .filter(({ limit }) => limit > 0)
    .map((budget) => {
      const period = periodOf(budget.unit, nowMs, timeZone);
      const { spent, mine } = spentIn(period);
      const left = microUsd(Math.max(0, budget.limit - spent.microUsd));
      return { budget, period, spent, mine, left };
    });
}

/** The budgets that are used up. */
export function exceededBudgets(standings: readonly BudgetStanding[]): readonly BudgetAlert[] {
  return standings
    .filter(({ left }) => left === 0)
    .map(({ budget, period, spent, mine }) => {
      const key = `budget/${budget.unit}/${period.key}/${budget.limit}`;
      const [cost, myCost] = [costText(spent), costText(mine)];
      const limit = formatAmount(budget.limit);
      const message =
        budget.unit === "week"
          ? t(
              "This week the workspace has cost {0}, {1} of it known to be yours; the budget is {2}.",
              cost,
              myCost,
              limit,
            )
          : t(
              "This month the workspace has cost {0}, {1} of it known to be yours; the budget is {2}.",
              cost,
              myCost,
              limit,
            );
      return { key, message };
    });
}

function costText({ microUsd: amount, isFloor }: KnownPart): string {
  if (isFloor) return t("at least {0}", formatAmount(amount));
  return amount === 0 ? t("nothing") : formatMetered(amount);
}

/** "$58.20 left of this week's $100.00"; undefined where no budget is set. The tightest one. */
export function budgetLeftText(standings: readonly BudgetStanding[]): string | undefined {
  const [tightest] = standings.toSorted((a, b) => a.left - b.left);
  if (tightest === undefined) return undefined;
  const { left, budget } = tightest;
  const [amount, limit] = [formatAmount(left), formatAmount(budget.limit)];
  return budget.unit === "week"
    ? t("{0} left of this week's {1}", amount, limit)
    : t("{0} left of this month's {1}", amount, limit);
}

/** What a month is meant to cost in a phase of the work. */
export interface PhaseTarget {
  readonly phase: "development" | "beta";
  readonly low: MicroUsd;
  readonly high: MicroUsd;
}

export const phaseTargets: readonly PhaseTarget[] = [
  { phase: "development", low: usd(300), high: usd(400) },
  { phase: "beta", low: usd(400), high: usd(600) },
];

const leastHistoryMs = 2 * 86_400_000;

export interface Projection {
  readonly projected: MicroUsd;
  /** Days that the daily average is taken from. */
  readonly basisDays: number;
}

/**
 * What the month will have cost: what it has, and for the rest of it the average of the last
 * `basisDays` days (fewer where the ledger is younger). Whole weeks, so that a Monday does not
 * promise a month of Mondays. undefined before there are two days of history: one day is no pace.
 */
export function projectMonth(
  spentBetween: (fromMs: number, toMs: number) => MicroUsd,
  historySinceMs: number,
  nowMs: number,
  timeZone: string,
  basisDays = 14,
): Projection | undefined {
  const period = periodOf("month", nowMs, timeZone);
  const basisFromMs = Math.max(historySinceMs, nowMs - basisDays * 86_400_000);
  const basisMs = nowMs - basisFromMs;
  if (basisMs < leastHistoryMs) return undefined;
  const spent = spentBetween(period.fromMs, nowMs);
  const average = spentBetween(basisFromMs, nowMs) / basisMs;
  const projected = microUsd(spent + average * Math.max(0, period.toMs - nowMs));
  return { projected, basisDays: basisMs / 86_400_000 };
}

/** How a projection stands against a phase's target. */
export function againstTarget(
  projected: MicroUsd,
  { low, high }: PhaseTarget,
): "below" | "within" | "above" {
  if (projected > high) return "above";
  return projected < low ? "below" : "within";
}
