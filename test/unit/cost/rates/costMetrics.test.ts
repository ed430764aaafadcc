import assert from "node:assert/strict";
import * as fc from "fast-check";
import { addCosts, knownCost, knownPart, unknownCost } from "../../../../src/cost/cost.ts";
import {
  addMetrics,
  burnPerHour,
  hourlyRate,
  metricsBetween,
  type Resources,
} from "../../../../src/cost/rates/costMetrics.ts";
import { microUsd, usd } from "../../../../src/cost/money.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { unknownTerms, type InUse, type Terms } from "../../../../src/cost/terms.ts";
import { plainTerms } from "../plainTerms.ts";
import { hour, span, spans } from "../arbitraries.ts";

const rates = ratesInForce();

function metricsFor(seconds: number, resources: Resources, inForce = rates) {
  return metricsBetween(hourlyRate(resources, inForce), 0, 0, seconds * 1000);
}

describe("what a container costs", () => {
  it("is three times as much for CPU and memory where functions are non-preemptible, and have no GPU", () => {
    const asked = { cpuCores: 4, memoryGib: 16 };
    const kept = { ...unknownTerms, nonPreemptible: true };
    const cpuAndMemory = (resources: Resources): readonly unknown[] => {
      const { cpu, memory } = metricsFor(3600, resources);
      return [cpu, memory];
    };
    const withGpu = span(asked);
    assert.deepEqual(cpuAndMemory({ ...withGpu, terms: kept }), cpuAndMemory(withGpu));
    const unknown = span({ ...asked, gpu: null, gpuSource: "unknown" });
    assert.deepEqual(cpuAndMemory({ ...unknown, terms: kept }), cpuAndMemory(unknown));
    const without = span({ ...asked, gpu: null, gpuSource: "container", terms: kept });
    assert.deepEqual(cpuAndMemory(without), [knownCost(usd(0.5676)), knownCost(usd(0.384))]);
  });

  it("costs more in a region, as a sandbox and with a large disk; the user's own prices are final", () => {
    const without = span({ gpu: null, gpuSource: "container", cpuCores: 2, memoryGib: 4 });
    const hour = (change: Partial<Terms>, inForce = rates): number => {
      const rate = hourlyRate({ ...without, terms: { ...plainTerms, ...change } }, inForce);
      assert.equal(rate.least, rate.most);
      assert.deepEqual(rate.doubts, []);
      return rate.cpu + rate.memory;
    };
    const plain = 2 * 0.0473 + 4 * 0.008;
    const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-9, `${a} ${b}`);
    near(hour({}), plain);
    near(hour({ region: "broad" }), 1.15 * plain);
    near(hour({ region: "narrow", nonPreemptible: true }), 1.75 * 3 * plain);
    near(hour({ isSandbox: true }), 3 * plain);
    near(hour({ diskGib: 60 }), plain);
    near(hour({ diskGib: 2000 }), 2 * 0.0473 + 100 * 0.008);
    const own = ratesInForce({ overrides: { cpu: 1, memory: 1, L40S: 2 } });
    near(hour({ region: "narrow", nonPreemptible: true, isSandbox: true }, own), 6);
    const gpu = hourlyRate({ ...span(), terms: { ...plainTerms, region: "narrow" } }, own).gpu;
    assert.deepEqual(gpu, { known: true, usdPerHour: 2 });
  });

  it("is billed for what is in use where that is more than was asked for", () => {
    const gib = (inUse: InUse | null): readonly unknown[] => {
      const terms = { ...plainTerms, gibInUse: inUse };
      const rate = hourlyRate({ ...span({ cpuCores: 0.125, memoryGib: 4 }), terms }, rates);
      const rest = 1.95 + 0.125 * 0.0473;
      return [rate.least - rest, rate.memory, (rate.most ?? 0) - rest].map((usd) =>
        Number((usd / 0.008).toFixed(3)),
      );
    };
    assert.deepEqual(gib([0, 0, 0]), [4, 4, 4]);
    assert.deepEqual(gib([24, 24, 24]), [14, 24, 24]);
    // Nobody told: at least what was asked for, and as much as an app is known to hold.
    assert.deepEqual(gib(null), [4, 4, 100]);
  });

  it("says what is unknown, and between what the price then lies", () => {
    const { least, most, doubts } = hourlyRate(
      { ...span({ cpuCores: 1, memoryGib: 1 }), terms: { ...plainTerms, region: null } },
      rates,
    );
    assert.ok(Math.abs((most ?? 0) / least - 1.75) < 1e-9);
    assert.deepEqual(doubts, ["flux-api: whether it asks for a region (up to 1.75 × the price)."]);
    const nothing = hourlyRate(span({ gpu: null, gpuSource: "deploy-file" }), rates);
    assert.equal(nothing.doubts.length, 6);
    assert.equal(hourlyRate(span({ gpu: null, gpuSource: "unknown" }), rates).most, null);
  });

  it("is time × price, split into GPU, CPU and memory", () => {
    const metrics = metricsFor(3600, span({ cpuCores: 4, memoryGib: 16 }));
    assert.deepEqual(metrics, {
      gpu: knownCost(usd(1.95)),
      cpu: knownCost(usd(0.1892)),
      memory: knownCost(usd(0.128)),
      total: knownCost(usd(2.2672)),
    });
  });

  it("counts each GPU, and at least Modal's minimum of CPU and memory", () => {
    const two = metricsFor(3600, span({ gpu: { type: "H100", count: 2 } }));
    assert.deepEqual(two.gpu, knownCost(usd(7.9)));
    assert.deepEqual(two.cpu, knownCost(microUsd(5913)));
    assert.deepEqual(two.memory, knownCost(usd(0.001)));
    const less = metricsFor(3600, span({ cpuCores: 0.01, memoryGib: 0 }));
    assert.deepEqual(less.cpu, two.cpu);
  });

  it("of a container without a GPU is its CPU and memory", () => {
    const cpuOnly = metricsFor(3600, span({ gpu: null, gpuSource: "container" }));
    assert.deepEqual(cpuOnly.gpu, knownCost(usd(0)));
    assert.deepEqual(cpuOnly.total, knownCost(microUsd(6913)));
  });

  it("is unknown, never $0, when the GPU or its price is, and says how to tell us", () => {
    const unseen = metricsFor(60, span({ gpu: null, gpuSource: "unknown" }));
    assert.equal(unseen.gpu.known, false);
    assert.equal(unseen.total.known, false);
    assert.equal(unseen.cpu.known, true);
    assert.match(unseen.total.known ? "" : unseen.total.why, /flux-api.*modalMeter\.deployTargets/);
    const unpriced = burnPerHour(span({ gpu: { type: "X900", count: 1 } }), rates);
    assert.match(unpriced.known ? "" : unpriced.why, /X900.*modalMeter\.rates/);
  });

  it("reports what the seed's tracker reports for the GPU", () => {
    const seed = ratesInForce({ overrides: { L40S: 0.000694 * 3600 } });
    assert.deepEqual(metricsFor(2, span(), seed).gpu, knownCost(microUsd(1388)));
  });

  it("adds up exactly, however time is cut: total = GPU + CPU + memory, whole = sum of parts", () => {
    fc.assert(
      fc.property(spans, fc.array(fc.nat(3 * hour), { maxLength: 6 }), (list, cuts) => {
        const at = [0, ...cuts, 3 * hour].sort((a, b) => a - b);
        for (const one of list) {
          const rate = hourlyRate(one, rates);
          const parts = at.slice(1).map((to, i) => metricsBetween(rate, 0, at[i] ?? 0, to));
          const whole = metricsBetween(rate, 0, 0, 3 * hour);
          assert.deepEqual(addMetrics(parts), whole);
          assert.deepEqual(addCosts([whole.gpu, whole.cpu, whole.memory]), whole.total);
          for (const part of parts) assert.ok(!part.total.known || part.total.microUsd >= 0);
        }
      }),
    );
  });
});

describe("costs that may be unknown", () => {
  it("stay unknown in a sum, and leave a floor", () => {
    const some = [knownCost(usd(1)), unknownCost("a"), unknownCost("a"), knownCost(usd(2))];
    assert.deepEqual(addCosts(some), unknownCost("a"));
    assert.deepEqual(knownPart(some), { microUsd: usd(3), isFloor: true, whys: ["a"] });
    assert.deepEqual(addCosts([]), knownCost(usd(0)));
  });
});
