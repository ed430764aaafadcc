import assert from "node:assert/strict";
import {
  againstTarget,
  budgetLeftText,
  budgetStandings,
  exceededBudgets,
  phaseTargets,
  projectMonth,
  type Budget,
} from "../../../../src/cost/spending/budget.ts";
import { microUsd, usd } from "../../../../src/cost/money.ts";
import { hour } from "../arbitraries.ts";

const day = 24 * hour;
const now = Date.UTC(2026, 10, 16, 0);

describe("budgets", () => {
  const limits: readonly Budget[] = [
    { unit: "week", limit: usd(100) },
    { unit: "month", limit: usd(500) },
  ];
  const part = (amount: number, isFloor = false) => ({ microUsd: usd(amount), isFloor, whys: [] });
  const standings = (weekly: number, monthly: number, at = now, isFloor = false) =>
    budgetStandings(
      limits,
      (period) => ({
        spent: part(period.key.includes("W") ? weekly : monthly, isFloor),
        mine: part(7),
      }),
      at,
      "UTC",
    );
  const alerts = (weekly: number, monthly: number, at = now) =>
    exceededBudgets(standings(weekly, monthly, at));

  it("are exceeded at $100 a week and $500 a month, under one key per period", () => {
    assert.deepEqual(alerts(99.99, 499.99), []);
    const both = alerts(100, 512);
    assert.deepEqual(
      both.map(({ key }) => key),
      ["budget/week/2026-W47/100000000", "budget/month/2026-11/500000000"],
    );
    assert.equal(
      both[1]?.message,
      "This month the workspace has cost ≈ $512.00, ≈ $7.00 of it known to be yours; the budget is $500.00.",
    );
    assert.deepEqual(alerts(120, 0, now + 3 * day)[0]?.key, both[0]?.key);
    assert.notEqual(alerts(120, 0, now + 7 * day)[0]?.key, both[0]?.key);
    const [floor] = exceededBudgets(standings(120, 0, now, true));
    assert.match(floor?.message ?? "", /has cost at least \$120\.00/);
  });

  it("say what is left, the tightest first, and nothing where none is set", () => {
    assert.equal(budgetLeftText(standings(41.8, 100)), "$58.20 left of this week's $100.00");
    assert.equal(budgetLeftText(standings(41.8, 490)), "$10.00 left of this month's $500.00");
    assert.equal(budgetLeftText(standings(141.8, 490)), "$0.00 left of this week's $100.00");
    const none = budgetStandings(
      [{ unit: "week", limit: usd(0) }],
      () => ({ spent: part(1), mine: part(1) }),
      now,
      "UTC",
    );
    assert.equal(budgetLeftText(none), undefined);
  });

  it("project the month from the last two weeks, against the phase's target", () => {
    // $12 a day since the first of the month: $360 for November.
    const spent = (fromMs: number, toMs: number) =>
      microUsd(((Math.max(toMs, fromMs) - Math.max(fromMs, Date.UTC(2026, 10, 1))) / day) * 12e6);
    const projection = projectMonth(spent, Date.UTC(2026, 10, 1), now, "UTC");
    assert.ok(projection);
    assert.equal(projection.projected, usd(360));
    assert.equal(projection.basisDays, 14);
    const [development, beta] = phaseTargets;
    assert.ok(development && beta);
    assert.equal(againstTarget(projection.projected, development), "within");
    assert.equal(againstTarget(projection.projected, beta), "below");
    assert.equal(againstTarget(usd(400.01), development), "above");
  });

  it("project nothing from less than two days", () => {
    const since = (fromMs: number) => projectMonth(() => usd(1), fromMs, now, "UTC");
    assert.equal(since(now - 2 * day + 1), undefined);
    assert.equal(since(now - 2 * day)?.basisDays, 2);
  });
});
