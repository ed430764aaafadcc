import assert from "node:assert/strict";
import { budgetStandings } from "../../../../src/cost/spending/budget.ts";
import { usd } from "../../../../src/cost/money.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { costPer, costPerApp } from "../../../../src/cost/spending/report.ts";
import { spendingPage, type SpendingFacts } from "../../../../src/ui/pages/spendingPage.ts";
import type { SummaryRow } from "../../../../src/session/ledgerPort.ts";
import { call, hour, priced, span, t0 } from "../../cost/arbitraries.ts";

const nowMs = t0 + 2 * hour;
const question = {
  ...priced({
    spans: [span({ appName: "flux_api", finishedAtMs: t0 + hour })],
    rates: rateHistory([], { overrides: { L40S: 3.6, cpu: 1e-9, memory: 1e-9 } }),
    nowMs,
  }),
  calls: [
    call({ endpoint: "flux", executionSeconds: 36, startedAtMs: t0, endedAtMs: t0 + 36_000 }),
  ],
  billed: [],
  fromMs: t0,
  toMs: nowMs,
};

function page(over: Partial<SpendingFacts> = {}): string {
  const part = (amount: number) => ({ microUsd: usd(amount), isFloor: false, whys: [] });
  const day = (key: string, fromMs: number, amount: number) => ({
    day: { key, fromMs, toMs: fromMs + 24 * hour },
    spent: part(amount),
    mine: part(amount / 2),
  });
  const calls = (onDay: string, endpoint: string, count: number): SummaryRow => ({
    day: onDay,
    appName: "flux_api",
    endpoint,
    calls: count,
    unknownCalls: endpoint === "wan2" ? 1 : 0,
    reportedMicroUsd: usd(0.001 * count),
  });
  return spendingPage({
    scope: { workspace: "acme", environment: "main" },
    parts: [
      { environment: "main", spent: part(3.6) },
      { environment: null, spent: part(0.5) },
    ],
    standings: budgetStandings(
      [
        { unit: "week", limit: usd(100) },
        { unit: "month", limit: usd(3) },
      ],
      () => ({ spent: part(3.6), mine: part(1.2) }),
      nowMs,
      "UTC",
    ),
    modalMonth: {
      summary: {
        meteredCost: usd(42.5),
        billedCost: usd(12.5),
        metered: [
          { name: "GPU", cost: usd(40) },
          { name: "volume_storage", cost: usd(2.5) },
        ],
        adjustments: [{ name: "Credits Applied", cost: usd(-30) }],
      },
      limits: [{ environment: "main", used: usd(42.5), limit: usd(50) }],
      nowMs,
    },
    projection: { projected: usd(360), basisDays: 14 },
    days: [day("2026-11-20", t0 - 24 * hour, 0), day("2026-11-21", t0, 3.6)],
    calls: [
      calls("2026-10-31", "flux", 4),
      calls("2026-11-20", "flux", 2),
      calls("2026-11-21", "flux", 1),
      calls("2026-11-21", "wan2", 3),
    ],
    monthFrom: "2026-11-01",
    recentDays: 7,
    apps: costPerApp(question),
    byEndpoint: costPer("endpoint", question),
    byModel: costPer("model", question, { modelOfEndpoint: new Map([["flux", "Flux Schnell"]]) }),
    byUser: costPer("user", question),
    sessions: [{ end: "stopped" }, { end: "guardian" }, { end: null }, { end: "stopped" }],
    deployed: [{ appName: "flux_api", atMs: t0, by: "you" }],
    keptWarm: [{ appName: "flux_api", containers: 1, month: usd(1404) }],
    neverStopped: { gpu: "L40S", month: usd(1404) },
    ...over,
  }).join("\n");
}

describe("the page of spending", () => {
  it("has the budgets, the month's projection, the days, the apps and what calls were for", () => {
    const text = page();
    for (const line of [
      "| this week | ≈ $3.60 | ≈ $1.20 | $100.00 | $96.40 |",
      "| this month | ≈ $3.60 | ≈ $1.20 | $3.00 | **nothing** |",
      "the month will cost ≈ $360.00: within the target of development ($300.00 to $400.00); below the target of beta",
      "One container (L40S) that never stops costs ≈ $1,404.00 in 30 days. At this pace you save ≈ $1,044.00 of that.",
      "| 2026-11-21 | ≈ $3.60 | ≈ $1.80 | 4 |\n| 2026-11-20 | nothing | nothing | 2 |\n| the last 2 days | ≈ $3.60 |  |  |",
      "| main | ≈ $3.60 |\n| storage, egress, other | ≈ $0.50 |\n| together | ≈ $4.10 |",
      String.raw`| flux\_api | flux | 3 |  | $0.0030 |`,
      String.raw`| flux\_api | wan2 | 3 | 1 | $0.0030 |`,
      String.raw`| flux\_api | ≈ $3.60 | 1 % | 0 % | 99 % | 1 h |`,
      "| flux | 1 | 0 | $0.0011 | ≈ $3.60 |",
      "| Flux Schnell | 1 | 0 |",
    ])
      assert.ok(text.includes(line), `${line}\nis not in\n${text}`);
  });

  it("goes through what makes it dear: sessions, apps, deployments, idle time, warm containers", () => {
    const text = page();
    for (const line of [
      "Sessions of these days: 2 stopped by you, 1 stopped by the guardian, 1 still open.",
      String.raw`flux\_api on 2026-11-21 09:00 UTC by you.`,
      String.raw`flux\_api idled most, for ≈ $3.5`,
      String.raw`(min_containers)?** flux\_api keeps 1 container, day and night: ≈ $1,404.00 in 30 days.`,
    ])
      assert.ok(text.includes(line), `${line}\nis not in\n${text}`);
  });

  it("rounds the days that the environments are of so that they add up to the same sum", () => {
    const part = (amount: number) => ({ microUsd: usd(amount), isFloor: false, whys: [] });
    const days = [0, 1, 2, 3].map((index) => {
      const fromMs = t0 + index * 24 * hour;
      const day = { key: `2026-11-2${index}`, fromMs, toMs: fromMs + 24 * hour };
      return { day, spent: part(1.004), mine: part(0.335) };
    });
    const parts = [{ environment: "main", spent: part(3.012) }];
    const text = page({ days, parts, recentDays: 3, calls: [] });
    for (const line of [
      "| 2026-11-23 | ≈ $1.01 | ≈ $0.34 |  |\n| 2026-11-22 | ≈ $1.00 | ≈ $0.34 |  |\n| 2026-11-21 | ≈ $1.00 | ≈ $0.33 |  |",
      "| the last 3 days | ≈ $3.01 |  |  |\n| 2026-11-20 | ≈ $1.00 | ≈ $0.34 |  |",
      "| main | ≈ $3.01 |",
    ])
      assert.ok(text.includes(line), `${line}\nis not in\n${text}`);
  });

  it("says so where there is nothing to show", () => {
    const nothing = { apps: [], byEndpoint: [], byModel: [], byUser: [], sessions: [] };
    const text = page({
      ...nothing,
      standings: [],
      projection: undefined,
      deployed: [],
      calls: [],
      keptWarm: [],
      neverStopped: undefined,
    });
    for (const line of [
      "No budget is set (modalMeter.budget).",
      "There was no session in these days.",
      "Modal lists no deployment.",
      "None was seen.",
      "No app file in the open folders says so.",
    ])
      assert.ok(text.includes(line), `${line}\nis not in\n${text}`);
    assert.doesNotMatch(text, /By endpoint|Calls of this month/);
  });

  it("claims no saving where there is none, and no price without a rate", () => {
    const text = page({
      neverStopped: { gpu: "T4", month: usd(300) },
      keptWarm: [{ appName: "flux_api", containers: 2, month: null }],
    });
    assert.doesNotMatch(text, /you save/);
    assert.match(text, /keeps 2 containers, day and night: the rate is not known\./);
  });

  it("has the month as Modal sees it, or says why it cannot be seen", () => {
    const text = page();
    const section = text.slice(text.indexOf("## This month"), text.indexOf("## Day by day"));
    for (const line of [
      /metered by Modal \| \$42\.50/,
      /– GPU \| \$40\.00/,
      /– volume storage \| \$2\.50/,
      /Credits Applied \| −\$30\.00/,
      /\*\*to pay\*\* \| \*\*\$12\.50\*\*/,
      /The credits of this month are used up/,
      /- main has used \\\$42\.50 of the \\\$50\.00 .*85 %\\\)\. At this pace the rest is gone in \d days?\./,
    ])
      assert.match(section, line);
    const blind = page({ modalMonth: { summary: "Not allowed.", limits: [], nowMs } });
    assert.match(blind, /Modal's summary could not be read: Not allowed\./);
    assert.match(blind, /Modal does not report the limits of environments\./);
  });
});
