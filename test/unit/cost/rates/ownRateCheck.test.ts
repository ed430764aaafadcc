import assert from "node:assert/strict";
import * as fc from "fast-check";
import { burnPerHour } from "../../../../src/cost/rates/costMetrics.ts";
import { gpuTypes } from "../../../../src/cost/rates/gpu.ts";
import { checkOwnRates } from "../../../../src/cost/rates/ownRateCheck.ts";
import { gpuRate, ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { span } from "../arbitraries.ts";

/** Modal's prices per second (modal.com/pricing, 2026-09-01), as a person copies them from there. */
const perSecond = {
  B300: 0.001972,
  B200: 0.001736,
  H200: 0.001261,
  H100: 0.001097,
  "RTX-PRO-6000": 0.000842,
  "A100-80GB": 0.000694,
  "A100-40GB": 0.000583,
  L40S: 0.000542,
  A10: 0.000306,
  L4: 0.000222,
  T4: 0.000164,
  cpu: 0.0000131,
  memory: 0.00000222,
} as const;

describe("the user's own rates", () => {
  it("are used as they are when they are prices per hour", () => {
    const rates = { L40S: 1.5, a10g: 0.9, "H100!": 3, CPU: 0.04, mem: 0.007, X900: 12 };
    assert.deepEqual(checkOwnRates(rates), { rates, problems: [] });
  });

  for (const [name, value, message, meant] of [
    ["L40S", 0.000542, "$0.000542 looks like a price per second: $1.95/h?", ["L40S", 1.95]],
    ["cpu", 0.0000131, "$0.0000131 looks like a price per second: $0.0472/h?", ["cpu", 0.0472]],
    ["H200", 0.0757, "$0.0757 looks like a price per minute: $4.54/h?", ["H200", 4.54]],
    ["X900", 0.002, "$0.002 looks like a price per second: $7.20/h?", ["X900", 7.2]],
    ["L40S:2", 3.9, "rates are per GPU: $1.95/h for one L40S?", ["L40S", 1.95]],
    ["2xH100", 3.95, "rates are per GPU: $3.95/h for one H100?", ["H100", 3.95]],
    ["H100", 0, "must be above 0. Remove it to use Modal's own price", null],
    ["T4", -1, "must be above 0. Remove it to use Modal's own price", null],
    ["B300", 1e300, "$1.00e+300 cannot be a price per hour: Modal's list price is $7.10", null],
    ["L4", "0.80", "must be a number of dollars per hour", null],
    ["💰", 1, 'names neither a GPU nor "cpu" nor "memory"', null],
  ] as const) {
    it(`say what is wrong with ${name}: ${value}`, () => {
      assert.deepEqual(checkOwnRates({ [name]: value }), {
        rates: {},
        problems: [
          {
            name,
            message,
            meant: meant === null ? null : { name: meant[0], usdPerHour: meant[1] },
          },
        ],
      });
    });
  }

  it("are not decided by the order of two names of one GPU", () => {
    const { rates, problems } = checkOwnRates({ A10: 1, A10G: 1.2 });
    assert.deepEqual(rates, { A10: 1 });
    assert.match(problems[0]?.message ?? "", /another name for "A10"/);
  });

  it("keep the others when one is wrong", () => {
    assert.deepEqual(checkOwnRates({ L40S: 0, T4: 0.5 }).rates, { T4: 0.5 });
  });

  it("per second are recognised for all that Modal sells, and what is offered is Modal's price", () => {
    const { rates, problems } = checkOwnRates(perSecond);
    assert.deepEqual(rates, {});
    const offered = Object.fromEntries(
      problems.map(({ meant }) => [meant?.name ?? "", meant?.usdPerHour ?? 0]),
    );
    assert.deepEqual(checkOwnRates(offered), { rates: offered, problems: [] });
    for (const [name, usdPerSecond] of Object.entries(perSecond)) {
      const offBy = (offered[name] ?? 0) / (usdPerSecond * 3600) - 1;
      assert.ok(Math.abs(offBy) < 0.005, `${name}: ${offered[name]}`);
    }
  });

  it("never throw, and never make a price that is none, whatever is written there", () => {
    const name = fc.oneof(fc.constantFrom(...gpuTypes, "cpu", "mem", "L40S:2", "2x"), fc.string());
    const value = fc.oneof(fc.double(), fc.double({ min: 0, max: 10 }), fc.jsonValue());
    fc.assert(
      fc.property(fc.dictionary(name, value), (raw) => {
        const { rates, problems } = checkOwnRates(raw);
        const accounted = [...Object.keys(rates), ...problems.map((problem) => problem.name)];
        assert.deepEqual(new Set(accounted), new Set(Object.keys(raw)));
        const inForce = ratesInForce({ overrides: rates });
        assert.ok(burnPerHour(span({ gpu: { type: "B300", count: 8 } }), inForce).known);
      }),
    );
  });
});

describe("the rates that a workspace tells", () => {
  it("name a GPU by their whole key: another product's price is not that GPU's", () => {
    const usdPerHourByKey = new Map([
      ["gpu_hour_cost_h100", 3.9],
      ["gpu_hour_cost_h100_reserved", 2],
      ["gpu_hour_cost_h100_sandbox", 9],
      ["gpu_hour_cost_a10g", 1.05],
    ]);
    const rates = ratesInForce({ workspace: { usdPerHourByKey, fetchedAtMs: 0 } });
    assert.equal(gpuRate(rates, "H100")?.usdPerHour, 3.9);
    assert.equal(gpuRate(rates, "NVIDIA H100 80GB HBM3")?.usdPerHour, 3.9);
    assert.equal(gpuRate(rates, "A10")?.usdPerHour, 1.05);
  });

  it("are passed over where they are no prices", () => {
    const usdPerHourByKey = new Map([
      ["gpu_hour_cost_l40s", 1e300],
      ["cpu_hour_cost", Number.POSITIVE_INFINITY],
    ]);
    const rates = ratesInForce({ workspace: { usdPerHourByKey, fetchedAtMs: 0 } });
    assert.deepEqual([gpuRate(rates, "L40S")?.origin, rates.cpu.origin], ["bundled", "bundled"]);
  });
});
