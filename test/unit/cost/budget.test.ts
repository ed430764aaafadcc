import assert from "node:assert/strict";
import {
  againstTarget,
  auditList,
  defaultBudgets,
  exceededBurn,
  exceededBudgets,
  phaseTargets,
  projectMonth,
} from "../../../src/cost/budget.ts";
import { microUsd, usd } from "../../../src/cost/money.ts";
import { hour } from "./arbitraries.ts";

const day = 24 * hour;
const now = Date.UTC(2026, 10, 16, 0);

describe("budgets", () => {
  it("alert at $100 a week and $500 a month, under one key per period", () => {
    const alerts = (weekly: number, monthly: number, at = now) =>
      exceededBudgets(
        defaultBudgets,
        (period) => usd(period.key.includes("W") ? weekly : monthly),
        at,
        "UTC",
      );
    assert.deepEqual(alerts(99.99, 499.99), []);
    const both = alerts(100, 512);
    assert.deepEqual(
      both.map(({ key }) => key),
      ["budget/week/2026-W47/100000000", "budget/month/2026-11/500000000"],
    );
    assert.equal(both[1]?.message, "This month has cost ≈ $512.00; the budget is $500.00.");
    assert.deepEqual(alerts(120, 0, now + 3 * day)[0]?.key, both[0]?.key);
    assert.notEqual(alerts(120, 0, now + 7 * day)[0]?.key, both[0]?.key);
  });

  it("alert once a day when what runs burns too much per hour", () => {
    const alert = (burn: number, limit = 10) =>
      exceededBurn(usd(limit), usd(burn), now + 13 * hour, "UTC");
    assert.equal(alert(9.99), undefined);
    assert.equal(alert(100, 0), undefined);
    assert.deepEqual(alert(12.5), {
      key: "budget/hour/2026-11-16/10000000",
      message: "What runs now costs $12.50/h; the limit is $10.00/h.",
    });
  });

  it("come with a list to go through", () => {
    assert.match(auditList.map(({ question }) => question).join(" "), /stopping.*ran.*deployed/);
  });

  it("project the month from the last two weeks, against the phase's target", () => {
    // $12 a day since the first of the month: $360 for November.
    const spent = (fromMs: number, toMs: number) =>
      microUsd(((Math.max(toMs, fromMs) - Math.max(fromMs, Date.UTC(2026, 10, 1))) / day) * 12e6);
    const projection = projectMonth(spent, Date.UTC(2026, 10, 1), now, "UTC");
    assert.ok(projection);
    assert.equal(projection.spent, usd(180));
    assert.equal(projection.projected, usd(360));
    assert.equal(projection.basisDays, 14);
    const [development, beta] = phaseTargets;
    assert.ok(development && beta);
    assert.equal(againstTarget(projection.projected, development), "within");
    assert.equal(againstTarget(projection.projected, beta), "below");
    assert.equal(againstTarget(usd(400.01), development), "above");
  });

  it("project nothing from nothing", () => {
    assert.equal(
      projectMonth(() => usd(1), now - 60_000, now, "UTC"),
      undefined,
    );
  });
});
