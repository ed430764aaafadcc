import assert from "node:assert/strict";
import {
  callTemperature,
  estimateCall,
  typicalSeconds,
} from "../../../../src/cost/spending/callEstimate.ts";
import { percentile } from "../../../../src/cost/percentile.ts";
import { formatAmount } from "../../../../src/cost/format.ts";
import { knownCost } from "../../../../src/cost/cost.ts";
import { usd, type MicroUsd } from "../../../../src/cost/money.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { call, hour, minute, span, t0 } from "../arbitraries.ts";

const rates = ratesInForce();
const ask = {
  endpoint: "flux",
  gpuType: "L40S",
  rates,
  calls: [],
  spans: [],
  temperature: null,
};

/** Ten warm calls of 1 to 10 s, an hour after the container's start; five cold ones of 40 to 44 s. */
const warm = Array.from({ length: 10 }, (_, i) =>
  call({
    callId: `w${i}`,
    startedAtMs: t0 + hour + i * minute,
    endedAtMs: t0 + hour + i * minute + (i + 1) * 1000,
  }),
);
const cold = Array.from({ length: 5 }, (_, i) => {
  const startedAtMs = t0 + (10 + i) * hour;
  return call({ callId: `c${i}`, startedAtMs, endedAtMs: startedAtMs + (40 + i) * 1000 });
});
const history = [
  span({ containerId: "ta-w", startedAtMs: t0, finishedAtMs: t0 + 2 * hour }),
  ...cold.map(({ callId, startedAtMs }) =>
    span({
      containerId: callId,
      startedAtMs: startedAtMs + 2000,
      finishedAtMs: startedAtMs + minute,
    }),
  ),
];

describe("the estimate of a call", () => {
  it("starts from typical times, at the rate in force", () => {
    const seedRates = ratesInForce({ overrides: { L40S: 0.000694 * 3600 } });
    const range = (endpoint: string): string => {
      const estimate = estimateCall({ ...ask, endpoint, rates: seedRates });
      assert.ok(estimate.basis === "typical" && estimate.low.known && estimate.high.known);
      const text = (amount: MicroUsd) => formatAmount(amount).slice(1);
      return `${text(estimate.low.microUsd)}-${text(estimate.high.microUsd)}`;
    };
    assert.deepEqual(Object.keys(typicalSeconds).map(range), [
      "0.0021-0.0035",
      "0.0069-0.01",
      "0.01-0.02",
      "0.0083-0.01",
      "0.04-0.08",
    ]);
    const now = estimateCall(ask);
    assert.deepEqual(now.basis === "typical" ? now.low : null, knownCost(usd(0.001625)));
    assert.deepEqual(estimateCall({ ...ask, endpoint: "workflow" }), { basis: "none" });
  });

  it("then from the user's own calls, as cold or as warm as this one", () => {
    const calls = [...warm, ...cold];
    const asked = { ...ask, calls, spans: history };
    const whenWarm = estimateCall({ ...asked, temperature: "warm" });
    const whenCold = estimateCall({ ...asked, temperature: "cold" });
    const either = estimateCall(asked);
    assert.ok(whenWarm.basis === "history" && whenCold.basis === "history");
    assert.ok(either.basis === "history");
    assert.deepEqual(
      [whenWarm.temperature, whenWarm.sample, whenWarm.p50Seconds],
      ["warm", 10, 5.5],
    );
    assert.deepEqual([whenCold.temperature, whenCold.sample, whenCold.p50Seconds], ["cold", 5, 42]);
    assert.deepEqual([either.temperature, either.sample], ["any", 15]);
    assert.deepEqual(whenCold.p50, knownCost(usd((42 * 1.95) / 3600)));
  });

  it("does not mistake four calls, failed calls or another endpoint's for a history", () => {
    const calls = [
      ...warm.slice(0, 4),
      ...warm.slice(4).map((one) => ({ ...one, status: "failed" as const })),
      ...cold.map((one) => ({ ...one, endpoint: "wan2" })),
    ];
    assert.equal(estimateCall({ ...ask, calls, spans: history }).basis, "typical");
  });

  it("has an unknown price for a GPU without one", () => {
    for (const gpuType of [null, "X900"]) {
      const estimate = estimateCall({ ...ask, gpuType });
      assert.equal(estimate.basis === "typical" && estimate.low.known, false);
    }
  });

  it("tells cold from warm by the containers, and says when it cannot", () => {
    const of = (over: Parameters<typeof call>[0]) => callTemperature(call(over), history);
    assert.equal(of({ startedAtMs: t0 + hour, endedAtMs: t0 + hour + 1000 }), "warm");
    assert.equal(of({ startedAtMs: t0 + 10 * hour, endedAtMs: t0 + 10 * hour + 40_000 }), "cold");
    assert.equal(of({ startedAtMs: t0 + 5 * hour, endedAtMs: t0 + 5 * hour + 1000 }), undefined);
    assert.equal(of({ appId: "ap-2" }), undefined);
  });

  it("interpolates percentiles", () => {
    assert.equal(percentile([1, 2, 3, 4], 0.5), 2.5);
    assert.equal(percentile([7], 0.9), 7);
    assert.throws(() => percentile([], 0.5), RangeError);
  });
});
