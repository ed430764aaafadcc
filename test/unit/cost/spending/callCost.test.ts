import assert from "node:assert/strict";
import * as fc from "fast-check";
import { metricsWithin } from "../../../../src/cost/metered/pricedSpan.ts";
import { usd } from "../../../../src/cost/money.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { callCosts, type CallCostQuestion } from "../../../../src/cost/spending/callCost.ts";
import type { ContainerSpan } from "../../../../src/cost/span.ts";
import { call, hour, minute, priced, span, t0 } from "../arbitraries.ts";
import { sampleRow } from "../billed/sampleRow.ts";

/** $3.60 an hour is a tenth of a cent a second. */
const rates = rateHistory([], { overrides: { L40S: 3.6, cpu: 1e-9, memory: 1e-9 } });
const second = 1000;

function question(
  spans: readonly ContainerSpan[],
  over: Partial<Omit<CallCostQuestion, "priced">> = {},
): CallCostQuestion {
  return priced({ spans, rates, calls: [], billed: [], nowMs: t0 + 5 * hour, ...over });
}

const ended = span({ startedAtMs: t0, finishedAtMs: t0 + 300 * second });
const made = (callId: string, fromSeconds: number, toSeconds: number) =>
  call({
    callId,
    startedAtMs: t0 + fromSeconds * second,
    endedAtMs: t0 + toSeconds * second,
    executionSeconds: toSeconds - fromSeconds,
  });
const row = (hoursAfter: number, cost: number) =>
  sampleRow({
    objectId: "ap-1",
    description: "flux-api",
    intervalStartMs: t0 + hoursAfter * hour,
    cost: usd(cost),
    fetchedAtMs: t0 + (hoursAfter + 24) * hour,
  });

describe("the cost of a call", () => {
  it("is its container's start, its execution and the idle tail after it", () => {
    const first = { ...made("first", -2, 50), executionSeconds: 10 };
    const costs = callCosts(question([ended], { calls: [first, made("second", 100, 120)] }));
    assert.deepEqual(costs.get("first"), { metered: usd(0.1), billed: null });
    assert.deepEqual(costs.get("second"), { metered: usd(0.2), billed: null });
  });

  it("is shared by calls that run at once, and leaves out time that idled for nobody", () => {
    const calls = [made("a", 100, 120), made("b", 110, 130)];
    const costs = callCosts(question([ended], { calls }));
    assert.equal(costs.get("a")?.metered, usd(0.015));
    assert.equal(costs.get("b")?.metered, usd(0.185));
  });

  it("is unknown while the tail may go on, or a rate is unknown", () => {
    const open = span({ lastSeenAtMs: t0 + 5 * hour });
    const calls = [made("first", 0, 10), made("last", 20, 30)];
    const costs = callCosts(question([open], { calls, nowMs: t0 + minute }));
    assert.deepEqual(costs.get("first"), { metered: usd(0.02), billed: null });
    assert.deepEqual(costs.get("last"), { metered: null, billed: null });
    const unknown = { ...ended, gpu: { type: "X900", count: 1 } };
    assert.equal(callCosts(question([unknown], { calls })).get("last")?.metered, null);
  });

  it("has no tail of more than an hour: a container that is kept warm is not this call's", () => {
    const kept = span({ startedAtMs: t0, finishedAtMs: t0 + 4 * hour });
    const costs = callCosts(question([kept], { calls: [made("only", 0, 10)] }));
    assert.equal(costs.get("only")?.metered, usd(3.61));
  });

  it("is a part of the bill once all of its hours are on it", () => {
    const across = span({ startedAtMs: t0 + 50 * minute, finishedAtMs: t0 + 70 * minute });
    const calls = [made("early", 3000, 3060), made("late", 3540, 3660)];
    const half = callCosts(question([across], { calls, billed: [row(0, 1.2)] }));
    assert.deepEqual(half.get("early"), { metered: usd(0.54), billed: usd(1.08) });
    assert.deepEqual(half.get("late"), { metered: usd(0.66), billed: null });
    const whole = callCosts(question([across], { calls, billed: [row(0, 1.2), row(1, 0.3)] }));
    assert.deepEqual(whole.get("late"), { metered: usd(0.66), billed: usd(0.42) });
    const unpriced = { ...across, gpu: { type: "X900", count: 1 } };
    const byTime = callCosts(question([unpriced], { calls, billed: [row(0, 1.2), row(1, 0.3)] }));
    assert.deepEqual(byTime.get("late"), { metered: null, billed: usd(0.42) });
  });

  it("stands under the editor's id, also where the log names the container", () => {
    const told = { ...made("log/ap-1/ta-1/own/mine", 0, 10), source: "log" as const };
    assert.equal(callCosts(question([ended], { calls: [told] })).get("mine")?.metered, usd(0.3));
  });

  it("adds up to the container, whatever the calls, and to its bill", () => {
    const times = fc.tuple(fc.integer({ min: 0, max: 250 }), fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(fc.array(times, { minLength: 1, maxLength: 12 }), (list) => {
        const calls = list.map(([from, seconds], at) => made(`c${at}`, from, from + seconds));
        // One that waited since before the container was there: it started for somebody.
        const all = [{ ...made("first", -5, 1), executionSeconds: 1 }, ...calls];
        const asked = question([ended], { calls: all, billed: [row(0, 0.9)] });
        const costs = [...callCosts(asked).values()];
        const [one] = asked.priced;
        assert.ok(one);
        const { total } = metricsWithin(one, t0, t0 + hour);
        const sum = (tier: "metered" | "billed") =>
          costs.reduce((amount, cost) => amount + (cost[tier] ?? Number.NaN), 0);
        assert.ok(total.known);
        assert.ok(Math.abs(sum("metered") - total.microUsd) <= costs.length, `${sum("metered")}`);
        assert.ok(Math.abs(sum("billed") - usd(0.9)) <= costs.length, `${sum("billed")}`);
      }),
    );
  });
});
