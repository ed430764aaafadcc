import assert from "node:assert/strict";
import { hourMs, type BilledRow } from "../../../../src/cost/billed/billedRow.ts";
import { usd, type MicroUsd } from "../../../../src/cost/money.ts";
import { priceSpans } from "../../../../src/cost/metered/pricedSpan.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import type { ContainerSpan } from "../../../../src/cost/span.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import type { CostReading } from "../../../../src/session/meter/costReader.ts";
import { UnseenBills, type UnseenBill } from "../../../../src/session/meter/unseenBill.ts";
import { span } from "../../cost/arbitraries.ts";
import { sampleRow } from "../../cost/billed/sampleRow.ts";

const scope = "acme/main";
const dayMs = Date.UTC(2026, 10, 21);
const at = (hour: number): number => dayMs + hour * hourMs;
const rates = rateHistory([]);

const row = (hour: number, cost: MicroUsd = usd(1), objectId = "ap-9"): BilledRow =>
  sampleRow({
    objectId,
    description: "training",
    intervalStartMs: at(hour),
    cost,
    fetchedAtMs: at(hour + 24),
  });

function reading(
  nowMs: number,
  billed: readonly BilledRow[],
  spans: readonly ContainerSpan[] = [],
): CostReading {
  return {
    priced: priceSpans(spans, rates, nowMs),
    calls: [],
    billed,
    rates: rates.now,
    nowMs,
    offsetMs: 0,
  };
}

function take(
  bills: UnseenBills,
  all: CostReading,
  range?: Parameters<UnseenBills["news"]>[2],
): UnseenBill | undefined {
  return bills.take(scope, bills.news(scope, all, range), all.nowMs);
}

/** Two windows of one machine that has watched since 10:00 of the day before. */
async function watching(): Promise<readonly [UnseenBills, UnseenBills]> {
  const { ledger } = await openLedger(":memory:");
  const bills = [new UnseenBills(ledger), new UnseenBills(ledger)] as const;
  assert.equal(take(bills[0], reading(at(-14), [row(-20)])), undefined);
  return bills;
}

describe("the bill for hours when Modal Meter was not watching", () => {
  it("is announced once, by one window, with the apps and the hours", async () => {
    const [first, second] = await watching();
    const news = reading(at(8), [row(2), row(3, usd(2)), row(4)]);
    assert.equal(
      take(first, news)?.text,
      "Modal billed $4.00 for hours when Modal Meter was not watching: training (2026-11-21 02:00 to 05:00 UTC).",
    );
    assert.equal(take(first, news), undefined);
    assert.equal(take(second, news), undefined);
    const more = take(second, reading(at(9), [...news.billed, row(7)]));
    assert.deepEqual([more?.billed, more?.hours.length], [usd(1), 1], "only what is new");
  });

  it("names the second day of a night", async () => {
    const [bills] = await watching();
    const text = take(bills, reading(at(8), [row(-1), row(0)]))?.text ?? "";
    assert.match(text, /training \(2026-11-20 23:00 to 2026-11-21 01:00 UTC\)/);
  });

  it("is silent about hours that were seen, about volumes, and about what is older than its watch", async () => {
    const [bills] = await watching();
    const seen = span({ appId: "ap-9", startedAtMs: at(2), finishedAtMs: at(3) - 1 });
    const billed = [row(2), row(3, usd(1), "vo-1"), row(-20), row(-15)];
    assert.equal(take(bills, reading(at(8), billed, [seen])), undefined);
  });

  it("gathers what is less than a cent until it is worth a word", async () => {
    const [bills] = await watching();
    assert.equal(take(bills, reading(at(4), [row(2, usd(0.006))])), undefined);
    const both = take(bills, reading(at(8), [row(2, usd(0.006)), row(3, usd(0.006))]));
    assert.equal(both?.hours.length, 2);
  });

  it("is no news after the report of an absence had it", async () => {
    const [bills] = await watching();
    const all = reading(at(8), [row(-3), row(2), row(3)]);
    assert.equal(take(bills, all, { fromMs: at(1.5), toMs: at(7) })?.hours.length, 2);
    assert.deepEqual(
      take(bills, all)?.hours.map(({ hourStartMs }) => hourStartMs),
      [at(-3)],
    );
  });
});
