import assert from "node:assert/strict";
import { priceAge, priceAgeText } from "../../../../src/cost/rates/priceAge.ts";
import { priceChanges, priceChangeText } from "../../../../src/cost/rates/priceChange.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";

const nowMs = Date.UTC(2026, 10, 26, 12);

describe("the age of prices", () => {
  it("is the day on which they were read from Modal, or that of the built-in table", () => {
    const told = ratesInForce({
      workspace: { usdPerHourByKey: new Map([["gpu_hour_cost_l40s", 1.95]]), fetchedAtMs: nowMs },
      overrides: { H100: 3.5, memory: 0.007 },
    });
    assert.equal(
      priceAgeText(priceAge(told), nowMs),
      "Prices of 26 Nov, from Modal. Your own for H100, memory.",
    );
    const bundled = priceAge(ratesInForce());
    assert.match(priceAgeText(bundled, nowMs), /^List prices of 29 Sept?, built in\.$/);
    const nextYearMs = Date.UTC(2027, 1, 1);
    assert.match(priceAgeText(bundled, nextYearMs), /^List prices of 29 Sept? 2026, built in\.$/);
  });
});

describe("a change of prices", () => {
  it("names what a function pays for, with both prices", () => {
    const before = new Map([
      ["gpu_hour_cost_l40s", 1.95],
      ["cpu_hour_cost", 0.0473],
      ["cpu_hour_cost_sandbox", 0.14],
      ["gpu_hour_cost_old", 1],
    ]);
    const now = new Map([
      ["gpu_hour_cost_l40s", 1.75],
      ["cpu_hour_cost", 0.05],
      ["cpu_hour_cost_sandbox", 0.15],
      ["gpu_hour_cost_new", 9],
    ]);
    assert.match(
      priceChangeText(priceChanges(before, now)),
      /^Modal's prices have changed: L40S \$1\.95 → \$1\.75\/h, cpu \$0\.0473 → \$0\.05\/h\. /,
    );
    assert.deepEqual(priceChanges(now, now), []);
  });
});
