import assert from "node:assert/strict";
import type { BilledRow } from "../../../../src/cost/billed/billedRow.ts";
import { microUsd, usd, type MicroUsd } from "../../../../src/cost/money.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { reconcile } from "../../../../src/cost/billed/reconcile.ts";
import { changedRows, restOfBill, provisionalSum } from "../../../../src/cost/billed/restOfBill.ts";
import type { ContainerSpan } from "../../../../src/cost/span.ts";
import { billPage } from "../../../../src/ui/pages/billPage.ts";
import { hour, priced, span, t0 } from "../../cost/arbitraries.ts";
import { sampleRow } from "../../cost/billed/sampleRow.ts";

const rates = rateHistory([], { overrides: { L40S: 3.6, cpu: 1e-9, memory: 1e-9 } });

const row = (h: number, cost: MicroUsd, objectId = "ap-1", description = "flux"): BilledRow =>
  sampleRow({
    objectId,
    description,
    intervalStartMs: t0 + h * hour,
    cost,
    fetchedAtMs: t0 + (h + 24) * hour,
  });

function page(
  spans: readonly ContainerSpan[],
  billed: readonly BilledRow[],
  hours = 3,
  rest: Parameters<typeof restOfBill>[0] = [],
): string {
  const nowMs = t0 + (hours + 1) * hour;
  const throughMs = billed.length === 0 ? null : t0 + hours * hour;
  const result = reconcile(priced({ spans, rates, nowMs, billed, fromMs: t0, throughMs }));
  return billPage(result, {
    scope: "acme/main",
    nowMs,
    days: 7,
    rest: restOfBill(rest),
    soFar: provisionalSum(billed),
    changed: changedRows([...billed, ...rest]),
  }).join("\n");
}

describe("the page of the bill", () => {
  it("sets billed beside metered, per app and hour, and flags what nobody saw", () => {
    const seen = span({ appName: "flux", startedAtMs: t0, finishedAtMs: t0 + 1.5 * hour });
    const text = page(
      [seen],
      [row(0, usd(4)), row(2, usd(2.5), "ap-9", "training"), row(2, usd(1), "vo-1", "weights")],
    );
    for (const line of [
      "billed through 12:00 UTC",
      "| Billed, where containers were seen | $4.00 |",
      String.raw`| Metered in the same hours | ≈ $3.60 (-10.0 %) |`,
      "| Billed, but never seen (no window was open, or the laptop slept) | $2.50 |",
      "| Metered, but not on the bill | $1.80 |",
      "| Billed for storage, egress, other | $1.00 |",
      "| flux | $4.00 | ≈ $5.40 | -10.0 % |  |",
      "| training | $2.50 |  |  | $2.50 |",
      "| 2026-11-21 11:00–12:00 | training | $2.50 |  |  | **never seen** |",
      "| 2026-11-21 10:00–11:00 | flux | nothing | ≈ $1.80 |  | not on the bill |",
      "| 2026-11-21 09:00–10:00 | flux | $4.00 | ≈ $3.60 | -10.0 % |  |",
    ])
      assert.ok(text.includes(line), `${line}\nis not in\n${text}`);
  });

  it("says at least where a rate is unknown, and takes no name for a table's border", () => {
    const odd = span({ appName: "a|b", gpu: null, gpuSource: "unknown", finishedAtMs: t0 + hour });
    const text = page([odd], [row(0, usd(2), "ap-1", "a|b")]);
    assert.match(text, /\| a\\\|b \| \$2\.00 \| at least \$0.* \|  \| its rate is not known \|/);
  });

  it("has the rest of the workspace, what is not final, and what Modal has changed", () => {
    const growing = { ...row(3, usd(0.75)), sameSinceMs: null };
    const text = page([], [{ ...row(0, usd(4)), wasMicroUsd: usd(3) }, growing], 1, [
      { ...row(0, usd(5), "ap-2"), environment: "staging" },
      { ...row(1, usd(1), "ap-2"), environment: "staging" },
      { ...row(1, usd(0.5), "vo-2"), environment: "staging" },
      { ...row(1, usd(0.25), "egress"), environment: "" },
    ]);
    for (const line of [
      "For hours that are not final, the bill has at least $0.75 so far.",
      "| staging | $6.00 |",
      "| storage, egress, other | $0.75 |",
      "| 2026-11-21 09:00–10:00 | flux | $3.00 | $4.00 |",
    ])
      assert.ok(text.includes(line), `${line}\nis not in\n${text}`);
  });

  it("rounds what is billed so that it adds up to what is billed together", () => {
    const cost = microUsd(1_004_000);
    const seen = span({ appName: "flux", startedAtMs: t0, finishedAtMs: t0 + hour });
    const text = page(
      [seen],
      [row(0, cost), row(1, cost, "ap-9", "training"), row(1, cost, "vo-1", "weights")],
    );
    for (const line of [
      "| Billed, where containers were seen | $1.01 |",
      "(no window was open, or the laptop slept) | $1.00 |",
      "| Billed for storage, egress, other | $1.00 |",
      "| Billed together | $3.01 |",
    ])
      assert.ok(text.includes(line), `${line}\nis not in\n${text}`);
  });

  it("rounds the hours of an app so that they add up to it", () => {
    const cost = microUsd(1_004_000);
    const text = page(
      [],
      [0, 1, 2].map((h) => row(h, cost)),
    );
    assert.ok(text.includes("| flux | $3.01 |"), text);
    const hours = [...text.matchAll(/UTC|–\d\d:00 \| flux \| \$(\d\.\d\d)/g)].flatMap(
      ([, usdText]) => (usdText === undefined ? [] : [Number(usdText)]),
    );
    assert.equal(hours.length, 3);
    assert.equal(
      hours.reduce((sum, amount) => sum + Math.round(amount * 100), 0),
      301,
    );
  });

  it("says that nothing is billed yet, and why that may be", () => {
    assert.match(page([], []), /costs are metered \(≈\)[^]*only on plans that let it be read/);
  });

  it("shows the newest hours of many, and says that there are more", () => {
    const many = Array.from({ length: 410 }, (_, h) => row(h, usd(1)));
    const text = page([], many, 410);
    assert.match(text, /The newest 400 of 410 rows/);
    assert.equal(text.split("never seen**").length - 1, 400);
  });
});
