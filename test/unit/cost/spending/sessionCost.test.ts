import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { BilledRow } from "../../../../src/cost/billed/billedRow.ts";
import { knownCost } from "../../../../src/cost/cost.ts";
import { microUsd, sumUsd, usd, type MicroUsd } from "../../../../src/cost/money.ts";
import { leastRuns } from "../../../../src/cost/reported/sharedContainer.ts";
import { rateHistory, ratesInForce } from "../../../../src/cost/rates/rates.ts";
import {
  costOf,
  type CostQuestion,
  type TieredCost,
} from "../../../../src/cost/spending/sessionCost.ts";
import type { ContainerSpan } from "../../../../src/cost/span.ts";
import { amounts, call, calls, hour, minute, priced, span, spans, t0 } from "../arbitraries.ts";
import { sampleRow } from "../billed/sampleRow.ts";

/** $3.60 an hour and nothing for the rest: $0.001 a second, so that tests can be read. */
const rates = (() => {
  const { gpus, cpu, memory } = ratesInForce({ overrides: { L40S: 3.6 } });
  const rest = { cpu: { ...cpu, usdPerHour: 0 }, memory: { ...memory, usdPerHour: 0 } };
  return { at: () => ({ gpus, ...rest, sandbox: rest }), changedAtMs: [] };
})();

function ask(
  over: Partial<Omit<CostQuestion, "priced">> & { readonly spans?: readonly ContainerSpan[] },
): TieredCost {
  const question = {
    appIds: new Set(["ap-1"]),
    fromMs: t0,
    toMs: t0 + hour,
    nowMs: t0 + 5 * hour,
    spans: [],
    calls: [],
    billed: [],
    rates,
    ...over,
  };
  return costOf(priced(question));
}

const row = (intervalStartMs: number, cost: MicroUsd, objectId = "ap-1"): BilledRow =>
  sampleRow({
    objectId,
    description: "flux-api",
    intervalStartMs,
    cost,
    fetchedAtMs: intervalStartMs + 24 * hour,
  });

/** A cold call: 60 s of start-up, 20 s of work, then 120 s of idling. */
const container = span({ startedAtMs: t0, finishedAtMs: t0 + 200_000 });
const coldCall = call({
  startedAtMs: t0 - 1000,
  endedAtMs: t0 + 80_000,
  executionSeconds: 20,
  reportedMicroUsd: usd(0.02),
});

describe("a session's cost", () => {
  it("is what its containers cost, not the sum of headers: the rest is cold start and idling", () => {
    const cost = ask({ spans: [container], calls: [coldCall], fromMs: t0 - minute });
    assert.equal(cost.reported.microUsd, usd(0.02));
    assert.ok(cost.metered);
    assert.equal(cost.metered.known.microUsd, usd(0.2));
    assert.equal(cost.metered.byActivity.coldStart.microUsd, usd(0.06));
    assert.equal(cost.metered.byActivity.execution.microUsd, usd(0.02));
    assert.equal(cost.metered.byActivity.idle.microUsd, usd(0.12));
    assert.equal(cost.metered.containerSeconds, 200);
    assert.deepEqual(cost.metered.bounds, { low: usd(0.2), high: usd(0.2) });
    assert.deepEqual([cost.best, cost.bestTier], [knownCost(usd(0.2)), "metered"]);
  });

  it("counts its own apps within its own time", () => {
    const other = span({ containerId: "ta-2", appId: "ap-2", finishedAtMs: t0 + hour });
    const clipped = ask({ spans: [container, other], fromMs: t0 + 50_000, toMs: t0 + 100_000 });
    assert.equal(clipped.metered?.known.microUsd, usd(0.05));
    const all = ask({ spans: [container, other], appIds: null });
    assert.equal(all.metered?.known.microUsd, usd(3.8));
  });

  it("is at least the reported sum where nothing was observed, and unknown when a call said nothing", () => {
    const reported = ask({ calls: [coldCall], fromMs: t0 - minute });
    assert.deepEqual([reported.bestKnown, reported.bestTier], [usd(0.02), "reported"]);
    assert.equal(reported.best.known, false, "nobody saw its start and its idle tail");
    assert.equal(reported.metered, null);
    const refused = ask({
      calls: [{ ...coldCall, reportedMicroUsd: usd(0) }],
      fromMs: t0 - minute,
    });
    assert.deepEqual(refused.best, knownCost(usd(0)), "it never reached its app");
    const failed = call({ callId: "call-2", status: "failed", reportedMicroUsd: null });
    const silent = ask({ calls: [coldCall, failed], fromMs: t0 - minute });
    assert.equal(silent.best.known, false);
    assert.equal(silent.reported.silentCalls, 1);
  });

  it("is unknown while a rate is, with the rest as a floor", () => {
    const unknown = span({
      containerId: "ta-2",
      gpu: null,
      gpuSource: "unknown",
      finishedAtMs: t0 + 1,
    });
    const cost = ask({ spans: [container, unknown] });
    assert.equal(cost.best.known, false);
    assert.deepEqual([cost.metered?.known.microUsd, cost.metered?.known.isFloor], [usd(0.2), true]);
  });

  it("is corrected by the bill as it arrives, hour by hour", () => {
    const long = span({ startedAtMs: t0 + 30 * minute, finishedAtMs: t0 + 90 * minute });
    const asked = { spans: [long], toMs: t0 + 2 * hour };
    const cost = ask({ ...asked, billed: [row(t0, usd(1.9))] });
    assert.deepEqual(cost.billed, { microUsd: usd(1.9) });
    assert.deepEqual([cost.best, cost.bestTier], [knownCost(usd(3.7)), "billed"]);
    const both = ask({ ...asked, billed: [row(t0, usd(1.9)), row(t0 + hour, usd(1.7))] });
    assert.deepEqual(both.best, knownCost(usd(3.6)));
  });

  it("is not lowered by a row that still grows, and is raised by one that says more already", () => {
    // Half an hour at $3.60.
    const asked = { spans: [span({ startedAtMs: t0, finishedAtMs: t0 + 30 * minute })] };
    const growing = (cost: MicroUsd, fetchedAtMs: number): TieredCost =>
      ask({ ...asked, billed: [sampleRow({ ...row(t0, cost), fetchedAtMs, sameSinceMs: null })] });
    const early = growing(usd(0.4), t0 + hour + 40 * minute);
    assert.deepEqual([early.best, early.billed], [knownCost(usd(1.8)), null]);
    const more = growing(usd(1.9), t0 + hour + 40 * minute);
    assert.deepEqual([more.best, more.bestTier], [knownCost(usd(1.9)), "metered"]);
    const bounds = { low: usd(1.9), high: null };
    assert.deepEqual(more.figure, { microUsd: usd(1.9), tier: "metered", isFloor: false, bounds });
    const unknown = span({ gpu: null, gpuSource: "unknown", finishedAtMs: t0 + 30 * minute });
    const fetchedAtMs = t0 + hour + 10 * minute;
    const billed = [{ ...row(t0, usd(0.2)), fetchedAtMs, sameSinceMs: null }];
    assert.equal(ask({ spans: [unknown], billed }).best.known, false, "no lower bound is exact");
    const unseen = ask({ billed });
    assert.deepEqual([unseen.best.known, unseen.bestKnown], [false, usd(0.2)], "nobody saw it");
    assert.deepEqual(unseen.figure, {
      microUsd: usd(0.2),
      tier: "metered",
      isFloor: true,
      bounds: { low: usd(0.2), high: null },
    });
    assert.equal(
      growing(usd(1.7), t0 + 20 * hour).billed,
      null,
      "a report alone makes nothing final",
    );
    const final = ask({ ...asked, billed: [row(t0, usd(1.7))] });
    assert.deepEqual([final.best, final.billed], [knownCost(usd(1.7)), { microUsd: usd(1.7) }]);
  });

  it("is shown as one figure: billed where it is final, metered elsewhere, never below what was reported", () => {
    const long = span({ startedAtMs: t0 + 30 * minute, finishedAtMs: t0 + 90 * minute });
    const asked = { spans: [long], toMs: t0 + 2 * hour };
    const of = (over: Parameters<typeof ask>[0]) => {
      const { figure } = ask({ ...asked, ...over });
      return figure === null ? null : [figure.microUsd, figure.tier, figure.isFloor];
    };
    assert.deepEqual(of({}), [usd(3.6), "metered", false]);
    assert.deepEqual(of({ billed: [row(t0, usd(28))] }), [usd(29.8), "metered", false]);
    const both = [row(t0, usd(28)), row(t0 + hour, usd(1.7))];
    assert.deepEqual(of({ billed: both }), [usd(29.7), "billed", false]);
    const dear = call({
      startedAtMs: t0 + hour,
      endedAtMs: t0 + 61 * minute,
      reportedMicroUsd: usd(4),
    });
    assert.deepEqual(of({ calls: [dear] }), [usd(5.8), "metered", true], "the other hour cost 1.8");
    assert.deepEqual(of({ calls: [dear], billed: both }), [usd(29.7), "billed", false]);
    assert.deepEqual(of({ spans: [], calls: [dear] }), [usd(4), "reported", false]);
    assert.deepEqual(of({ spans: [] }), null);
    const elsewhere = { ...dear, callId: "call-9", appId: "ap-2", reportedMicroUsd: usd(1.9) };
    const apps = new Set(["ap-1", "ap-2"]);
    assert.deepEqual(of({ appIds: apps, calls: [elsewhere] }), [usd(5.5), "metered", true]);
    const across = { ...dear, startedAtMs: t0 + 59 * minute, endedAtMs: t0 + 119 * minute };
    const firstHour = [row(t0, usd(0.02))];
    assert.deepEqual(of({ spans: [], calls: [across], billed: firstHour }), [
      usd(4.02),
      "metered",
      true,
    ]);
    const unknown = { ...long, gpu: null, gpuSource: "unknown" as const };
    assert.deepEqual(of({ spans: [unknown] }), null, "not at least $0.00");
    assert.deepEqual(of({ spans: [unknown, { ...long, containerId: "ta-2" }] }), [
      usd(3.6),
      "metered",
      true,
    ]);
  });

  it("needs no rate for hours that are billed", () => {
    const unknown = span({ gpu: null, gpuSource: "unknown", finishedAtMs: t0 + hour });
    assert.deepEqual(ask({ spans: [unknown], billed: [row(t0, usd(2))] }).best, knownCost(usd(2)));
    const longer = { ...unknown, finishedAtMs: t0 + hour + 1 };
    const beyond = ask({ spans: [longer], billed: [row(t0, usd(2))], toMs: t0 + 2 * hour });
    assert.equal(beyond.best.known, false);
  });

  it("takes its part of an hour that it shared, by what was metered in it", () => {
    const first = span({ startedAtMs: t0, finishedAtMs: t0 + 10 * minute });
    const second = span({
      containerId: "ta-2",
      startedAtMs: t0 + 30 * minute,
      finishedAtMs: t0 + 60 * minute,
    });
    const asked = { spans: [first, second], billed: [row(t0, usd(4))] };
    assert.equal(ask({ ...asked, toMs: t0 + 20 * minute }).billed?.microUsd, usd(1));
    assert.equal(ask({ ...asked, fromMs: t0 + 20 * minute }).billed?.microUsd, usd(3));
    const unseen = ask({ billed: [row(t0, usd(4))], toMs: t0 + 15 * minute });
    assert.deepEqual(unseen.best, knownCost(usd(1)));
  });

  it("counts a call once that both its headers and its log line report", () => {
    const line = call({
      callId: "log/1",
      source: "log",
      startedAtMs: t0 + 60_000,
      endedAtMs: t0 + 80_000,
      executionSeconds: 20,
      reportedMicroUsd: usd(0.02),
      functionCallId: "fc-1",
    });
    const own = { ...coldCall, functionCallId: "fc-1" };
    const cost = ask({ spans: [container], calls: [own, line], fromMs: t0 - minute });
    assert.deepEqual([cost.reported.microUsd, cost.reported.calls], [usd(0.02), 1]);
  });

  it("says between what it lies while begins and ends have bounds", () => {
    const bounded = span({ lastSeenAtMs: t0 + 60_000, firstAbsentAtMs: t0 + 80_000 });
    const cost = ask({ spans: [bounded] });
    assert.equal(cost.metered?.known.microUsd, usd(0.07));
    assert.deepEqual(cost.metered?.bounds, { low: usd(0.06), high: usd(0.08) });
    const first = ask({ spans: [bounded], toMs: t0 + 60_000 });
    assert.deepEqual(first.metered?.bounds, { low: usd(0.06), high: usd(0.06) });
    const loaded = span({ enqueuedAtMs: t0 - 40_000, finishedAtMs: t0 + 60_000 });
    const whole = ask({ spans: [loaded], fromMs: t0 - hour });
    assert.equal(whole.metered?.known.microUsd, usd(0.097));
    assert.deepEqual(whole.figure?.bounds, { low: usd(0.06), high: usd(0.1) });
  });

  it("is additive over time: adjacent ranges add up to the whole, to the micro-dollar, in every tier", () => {
    const bills = fc.array(
      fc.record({ h: fc.nat(5), cost: amounts, app: fc.constantFrom("ap-1", "ap-2", "ap-9") }),
      { maxLength: 6 },
    );
    const cuts = fc.array(fc.nat(7 * hour), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(spans, calls, bills, cuts, fc.boolean(), (list, made, bill, inner, isAll) => {
        const billed = [
          ...new Map(
            bill.map((b) => [`${b.app} ${b.h}`, row(t0 + b.h * hour, b.cost, b.app)]),
          ).values(),
        ];
        const question = priced({
          spans: list,
          calls: made,
          billed,
          rates: rateHistory([]),
          nowMs: t0 + 6 * hour,
          appIds: isAll ? null : new Set(["ap-1", "ap-2"]),
        });
        const fromMs = t0 - hour;
        const toMs = t0 + 8 * hour;
        const at = [fromMs, ...inner.map((cut) => t0 + cut), toMs].sort((a, b) => a - b);
        const whole = costOf({ ...question, fromMs, toMs });
        const parts = at
          .slice(1)
          .map((to, i) => costOf({ ...question, fromMs: at[i] ?? fromMs, toMs: to }));
        const sum = (of: (cost: TieredCost) => number) =>
          parts.reduce((total, part) => total + of(part), 0);
        for (const of of [
          (cost: TieredCost) => cost.reported.microUsd,
          (cost: TieredCost) => cost.reported.silentCalls,
          (cost: TieredCost) => cost.metered?.known.microUsd ?? 0,
          (cost: TieredCost) => cost.metered?.byActivity.execution.microUsd ?? 0,
          (cost: TieredCost) => cost.metered?.byActivity.coldStart.microUsd ?? 0,
          (cost: TieredCost) => cost.metered?.byActivity.idle.microUsd ?? 0,
          (cost: TieredCost) => cost.billed?.microUsd ?? 0,
          (cost: TieredCost) => cost.bestKnown,
        ]) {
          assert.equal(sum(of), of(whole));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("is never below what calls reported of hours that are not on the bill, hour by hour and in all", () => {
    fc.assert(
      fc.property(spans, calls, fc.nat(5), (list, made, billedHour) => {
        const billed = [row(t0 + billedHour * hour, microUsd(1))];
        const known = { spans: list, calls: made, rates: rateHistory([]) };
        const question = priced({ ...known, billed, nowMs: t0 + 9 * hour, appIds: null });
        const outside = made.filter(
          ({ appId, startedAtMs, endedAtMs }) =>
            appId !== "ap-1" ||
            (endedAtMs ?? startedAtMs) < t0 + billedHour * hour ||
            startedAtMs >= t0 + (billedHour + 1) * hour,
        );
        for (const appId of ["ap-1", "ap-2", "ap-3"]) {
          const own = outside.filter((one) => one.appId === appId);
          const reported = sumUsd(leastRuns(own).map((run) => run.microUsd));
          const whole = costOf({
            ...question,
            appIds: new Set([appId]),
            fromMs: t0 - hour,
            toMs: t0 + 9 * hour,
          });
          assert.ok(whole.bestKnown >= reported, `${whole.bestKnown} and ${reported} µ$`);
          if (whole.figure !== null && whole.bestTier !== "reported")
            assert.equal(whole.figure.microUsd, whole.bestKnown, "one figure");
          assert.ok((whole.figure?.bounds.high ?? Infinity) >= whole.bestKnown);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is never NaN or negative, and its parts are its whole", () => {
    fc.assert(
      fc.property(spans, calls, fc.integer({ min: -hour, max: 8 * hour }), (list, made, now) => {
        const cost = costOf(
          priced({
            spans: list,
            calls: made,
            billed: [],
            rates: rateHistory([]),
            nowMs: t0 + now,
            appIds: null,
            fromMs: t0 - hour,
            toMs: t0 + 9 * hour,
          }),
        );
        assert.ok(cost.reported.microUsd >= 0);
        if (cost.metered === null) return;
        const { known, byActivity, bounds, containerSeconds } = cost.metered;
        for (const part of [known, ...Object.values(byActivity)]) assert.ok(part.microUsd >= 0);
        assert.ok(bounds.low >= 0 && bounds.low <= (bounds.high ?? bounds.low));
        assert.ok(containerSeconds >= 0);
        const { execution, coldStart, idle } = byActivity;
        assert.equal(
          microUsd(execution.microUsd + coldStart.microUsd + idle.microUsd),
          known.microUsd,
        );
      }),
    );
  });
});
