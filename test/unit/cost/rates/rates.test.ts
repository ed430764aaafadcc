import assert from "node:assert/strict";
import {
  describeGpuRate,
  gpuRate,
  rateHistory,
  toldUntil,
  ratesInForce,
  type Rates,
} from "../../../../src/cost/rates/rates.ts";
import { gpuTypes } from "../../../../src/cost/rates/gpu.ts";
import { t0 } from "../arbitraries.ts";

const told = new Map([
  ["gpu_hour_cost_l40s", 1.9],
  ["gpu_hour_cost_a10g", 1.05],
  ["gpu_hour_cost_a100_80gb", 2.45],
  ["gpu_hour_cost_rtx6000", 3],
  ["gpu_hour_cost_r900", 9],
  ["gpu_hour_cost_h100", Number.NaN],
  ["cpu_hour_cost", 0.05],
  ["cpu_hour_cost_sandbox", 0.15],
  ["mem_gib_hour_cost", 0.009],
]);

describe("the rates in force", () => {
  it("bundles a price for each GPU that Modal offers", () => {
    assert.deepEqual([...ratesInForce().gpus.keys()].toSorted(), [...gpuTypes].toSorted());
    const rate = gpuRate(ratesInForce(), "l40s");
    assert.deepEqual(rate, { usdPerHour: 1.95, origin: "bundled", asOf: "2026-09-29" });
  });

  it("prefers the workspace's rates, and the user's before these; each says where it is from", () => {
    const rates = ratesInForce({
      workspace: { usdPerHourByKey: told, fetchedAtMs: t0 },
      overrides: { A10G: 1, memory: 0.01 },
    });
    assert.deepEqual(gpuRate(rates, "L40S"), {
      usdPerHour: 1.9,
      origin: "workspace",
      asOf: "2026-11-21",
    });
    assert.equal(gpuRate(rates, "A10")?.usdPerHour, 1);
    assert.equal(gpuRate(rates, "A10")?.origin, "settings");
    assert.equal(gpuRate(rates, "A100-80GB")?.usdPerHour, 2.45);
    assert.equal(gpuRate(rates, "RTX-PRO-6000")?.usdPerHour, 3);
    assert.equal(gpuRate(rates, "R900")?.usdPerHour, 9);
    assert.equal(gpuRate(rates, "H100")?.origin, "bundled");
    assert.equal(rates.cpu.usdPerHour, 0.05);
    assert.equal(rates.memory.usdPerHour, 0.01);
  });

  it("has no price for what nobody priced", () => {
    assert.equal(gpuRate(ratesInForce(), "X900"), undefined);
    const text = describeGpuRate(ratesInForce(), { type: "X900", count: 1 });
    assert.match(text, /No price is known for the GPU X900/);
  });

  it("passes over numbers that are no prices", () => {
    const rates = ratesInForce({ overrides: { L40S: 0, T4: -1, cpu: Number.NaN } });
    assert.equal(gpuRate(rates, "L40S")?.usdPerHour, 1.95);
    assert.equal(gpuRate(rates, "T4")?.usdPerHour, 0.59);
    assert.equal(rates.cpu.usdPerHour, 0.0473);
  });

  it("has prices of their own for sandboxes, as Modal tells them, else three times the list price", () => {
    const { sandbox, cpu } = ratesInForce();
    assert.equal(cpu.usdPerHour, 0.0473);
    assert.deepEqual([sandbox.cpu.usdPerHour, sandbox.memory.usdPerHour], [0.1419, 0.024]);
    const usdPerHourByKey = new Map([
      ["cpu_hour_cost_sandbox", 0.15],
      ["mem_gib_hour_cost_sandbox", 0.03],
    ]);
    const toldRates = ratesInForce({ workspace: { usdPerHourByKey, fetchedAtMs: t0 } });
    assert.equal(toldRates.cpu.usdPerHour, 0.0473);
    assert.equal(toldRates.sandbox.cpu.usdPerHour, 0.15);
    assert.equal(toldRates.sandbox.memory.usdPerHour, 0.03);
  });

  it("describes a rate for people", () => {
    const text = describeGpuRate(ratesInForce(), { type: "H100", count: 2 });
    assert.equal(text, "H100:2 $7.90/h (bundled, 2026-09-29)");
  });
});

describe("the history of rates", () => {
  const at = (sinceMs: number, l40s: number) => ({
    usdPerHourByKey: new Map([["gpu_hour_cost_l40s", l40s]]),
    sinceMs,
    fetchedAtMs: sinceMs + 1,
  });
  const l40s = (rates: Rates) => gpuRate(rates, "L40S")?.usdPerHour;

  it("has the rates that were last read before an instant, and the first ones before that", () => {
    const history = rateHistory([at(t0, 1.9), at(t0 + 1000, 2.2)]);
    assert.deepEqual(
      [t0 - 1, t0, t0 + 999, t0 + 1000].map((atMs) => l40s(history.at(atMs))),
      [1.9, 1.9, 1.9, 2.2],
    );
    assert.equal(l40s(history.now), 2.2);
  });

  it("is the table where Modal gave no rate, and the user's own rates hold for all of it", () => {
    assert.equal(l40s(rateHistory([]).at(t0)), 1.95);
    const own = rateHistory([at(t0, 1.9)], { overrides: { L40S: 1 } });
    assert.deepEqual([l40s(own.at(t0 - 1)), l40s(own.now)], [1, 1]);
  });

  it("takes nothing from the future where there is an earlier price", () => {
    const [now, ahead] = [at(t0, 1.9), at(t0 + 5000, 9)];
    assert.deepEqual(toldUntil([now, ahead], t0 + 1000), [now]);
    assert.deepEqual(toldUntil([{ ...now, fetchedAtMs: t0 + 5000 }], t0 + 1000), [
      { ...now, fetchedAtMs: t0 + 1000 },
    ]);
    assert.equal(l40s(rateHistory(toldUntil([ahead], t0)).now), 9);
  });

  it("has one key per price", () => {
    const key = rateHistory([at(t0, 1.9)]).key;
    assert.equal(rateHistory([{ ...at(t0, 1.9), fetchedAtMs: t0 + 5 }]).key, key);
    for (const other of [[], [at(t0, 2)], [at(t0, 1.9), at(t0 + 1, 2)]])
      assert.notEqual(rateHistory(other).key, key);
    assert.notEqual(rateHistory([at(t0, 1.9)], { overrides: { L40S: 2 } }).key, key);
  });
});
