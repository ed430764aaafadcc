import assert from "node:assert/strict";
import {
  callTemperature,
  estimateCall,
  likelyCost,
} from "../../../../src/cost/spending/callEstimate.ts";
import { percentile } from "../../../../src/cost/percentile.ts";
import { formatAmount } from "../../../../src/cost/format.ts";
import { knownCost, unknownCost } from "../../../../src/cost/cost.ts";
import { usd, type MicroUsd } from "../../../../src/cost/money.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { builtInEndpoints } from "../../../../src/endpoints/catalogue/catalogue.ts";
import { readEndpointSettings } from "../../../../src/endpoints/catalogue/endpointSetting.ts";
import { call, hour, minute, span, t0 } from "../arbitraries.ts";

const rates = ratesInForce();
const ask = {
  endpoint: "flux",
  typical: { low: 3, high: 5 },
  gpu: "L40S",
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
    const range = ({ name, typicalSeconds }: (typeof builtInEndpoints)[number]): string => {
      const question = { ...ask, endpoint: name, typical: typicalSeconds, rates: seedRates };
      const estimate = estimateCall(question);
      if (estimate.basis === "none") return `${name} varies`;
      assert.ok(estimate.basis === "typical" && estimate.low.known && estimate.high.known);
      const text = (amount: MicroUsd) => formatAmount(amount).slice(1);
      return `${text(estimate.low.microUsd)}-${text(estimate.high.microUsd)}`;
    };
    assert.deepEqual(builtInEndpoints.map(range), [
      "0.0021-0.0035",
      "0.0069-0.01",
      "0.01-0.02",
      "0.0083-0.01",
      "0.04-0.08",
      "workflow varies",
    ]);
    const now = estimateCall(ask);
    assert.deepEqual(now.basis === "typical" ? now.low : null, knownCost(usd(0.001625)));
    assert.deepEqual(estimateCall({ ...ask, typical: null }), { basis: "none" });
  });

  it("takes the typical time that the user wrote for an endpoint that they added", () => {
    const { endpoints } = readEndpointSettings([{ name: "train", typicalSeconds: [600, 1800] }]);
    const [slow] = endpoints;
    assert.ok(slow);
    const estimate = estimateCall({ ...ask, endpoint: slow.name, typical: slow.typicalSeconds });
    const tail = knownCost(usd(0.065));
    assert.deepEqual(likelyCost(estimate, tail), {
      microUsd: usd(1800 * (1.95 / 3600) + 0.065),
      isFloor: false,
      whys: [],
    });
  });

  it("counts each GPU of a container", () => {
    const one = estimateCall(ask);
    const two = estimateCall({ ...ask, gpu: "L40S:2" });
    assert.ok(one.basis === "typical" && one.high.known);
    assert.ok(two.basis === "typical" && two.high.known);
    assert.equal(two.high.microUsd, usd((5 * 2 * 1.95) / 3600));
  });

  it("leaves the idle tail as a floor where all else is unknown", () => {
    const tail = knownCost(usd(4));
    const { microUsd, isFloor } = likelyCost({ basis: "none" }, tail);
    assert.deepEqual([microUsd, isFloor], [usd(4), true]);
    const unknown = likelyCost({ basis: "none" }, unknownCost("The GPU is not known."));
    assert.deepEqual([unknown.microUsd, unknown.isFloor], [0, true]);
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
    for (const gpu of [null, "X900"]) {
      const estimate = estimateCall({ ...ask, gpu });
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
