import { periodOf, type Period, type PeriodUnit } from "./calendar.ts";
import { formatAmount, formatMetered, formatPerHour } from "./format.ts";
import { microUsd, usd, type MicroUsd } from "./money.ts";

/** The most that a week or a month should cost. */
export interface Budget {
  readonly unit: Extract<PeriodUnit, "week" | "month">;
  readonly limit: MicroUsd;
}

/** Development targets: below $100 a week, $500 a month. */
export const defaultBudgets: readonly Budget[] = [
  { unit: "week", limit: usd(100) },
  { unit: "month", limit: usd(500) },
];

export interface BudgetAlert {
  /** The same for one threshold of one period, in every window: alert once per key (Ledger.claimOnce). */
  readonly key: string;
  readonly budget: Budget;
  readonly period: Period;
  readonly spent: MicroUsd;
  readonly message: string;
}

/** Names of the app's own places that answer the question. */
export interface AuditStep {
  readonly question: string;
  readonly look: "running-apps" | "history" | "deployments" | "idle" | "lens";
}

/** What to go through when a budget is exceeded. */
export const auditList: readonly AuditStep[] = [
  { question: "Are you stopping apps when you are done?", look: "running-apps" },
  { question: "Which apps ran, and for how long?", look: "history" },
  { question: "What was deployed, when and by whom?", look: "deployments" },
  { question: "How much of it was idle time?", look: "idle" },
  { question: "Does an app keep containers warm (min_containers)?", look: "lens" },
];

/** The budgets that are used up in the periods that hold `nowMs`. */
export function exceededBudgets(
  budgets: readonly Budget[],
  spentIn: (period: Period) => MicroUsd,
  nowMs: number,
  timeZone: string,
): readonly BudgetAlert[] {
  return budgets.flatMap((budget) => {
    const period = periodOf(budget.unit, nowMs, timeZone);
    const spent = spentIn(period);
    if (budget.limit <= 0 || spent < budget.limit) return [];
    const key = `budget/${budget.unit}/${period.key}/${budget.limit}`;
    const message = `This ${budget.unit} has cost ${formatMetered(spent)}; the budget is ${formatAmount(budget.limit)}.`;
    return [{ key, budget, period, spent, message }];
  });
}

/** An alert when what runs burns more per hour than it should; once a day. undefined below the limit, and for a limit of 0. */
export function exceededBurn(
  limitPerHour: MicroUsd,
  burnPerHour: MicroUsd,
  nowMs: number,
  timeZone: string,
): Pick<BudgetAlert, "key" | "message"> | undefined {
  if (limitPerHour <= 0 || burnPerHour < limitPerHour) return undefined;
  return {
    key: `budget/hour/${periodOf("day", nowMs, timeZone).key}/${limitPerHour}`,
    message: `What runs now costs ${formatPerHour(burnPerHour)}; the limit is ${formatPerHour(limitPerHour)}.`,
  };
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

export interface Projection {
  readonly period: Period;
  readonly spent: MicroUsd;
  readonly projected: MicroUsd;
  /** Days that the daily average is taken from. */
  readonly basisDays: number;
}

/**
 * What the month will have cost: what it has, and for the rest of it the average of the last
 * `basisDays` days (fewer where the ledger is younger). Whole weeks, so that a Monday does not
 * promise a month of Mondays. undefined before the first hour of history.
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
  if (basisMs < 3_600_000) return undefined;
  const spent = spentBetween(period.fromMs, nowMs);
  const average = spentBetween(basisFromMs, nowMs) / basisMs;
  const projected = microUsd(spent + average * Math.max(0, period.toMs - nowMs));
  return { period, spent, projected, basisDays: basisMs / 86_400_000 };
}

/** How a projection stands against a phase's target. */
export function againstTarget(
  projected: MicroUsd,
  { low, high }: PhaseTarget,
): "below" | "within" | "above" {
  if (projected > high) return "above";
  return projected < low ? "below" : "within";
}
