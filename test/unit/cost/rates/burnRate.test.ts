import assert from "node:assert/strict";
import { burnRate } from "../../../../src/cost/rates/burnRate.ts";
import { microUsd } from "../../../../src/cost/money.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { span, t0 } from "../arbitraries.ts";

const rates = ratesInForce({ overrides: { cpu: 0.048 } });
/** L40S, an eighth of a core and 128 MiB. */
const one = 1_950_000 + 6000 + 1000;

describe("the burn rate", () => {
  it("is that of containers that run: not pending, not ended, not gone", () => {
    const burn = burnRate(
      [
        span({ lastSeenAtMs: t0 + 5 }),
        span({ containerId: "ta-2", lastSeenAtMs: t0 + 3 }),
        span({ containerId: "ta-3", startedAtMs: null }),
        span({ containerId: "ta-4", finishedAtMs: t0 }),
        span({ containerId: "ta-5", firstAbsentAtMs: t0 }),
      ],
      rates,
    );
    assert.equal(burn.perHour.microUsd, microUsd(2 * one));
    assert.deepEqual([burn.containers, burn.gpus, burn.seenAtMs], [2, 2, t0 + 3]);
    assert.deepEqual(burn.unknown, []);
  });

  it("is a floor, and names the app, while a GPU or its price is unknown", () => {
    const unknown = span({ containerId: "ta-2", gpu: null, gpuSource: "unknown" });
    const burn = burnRate([span(), unknown, { ...unknown, containerId: "ta-3" }], rates);
    assert.equal(burn.perHour.isFloor, true);
    assert.equal(burn.perHour.microUsd, microUsd(one));
    assert.equal(burn.unknown.length, 1);
    assert.equal(burn.unknown[0]?.appName, "flux-api");
    assert.equal(burn.containers, 3);
  });

  it("is nothing when nothing runs", () => {
    const burn = burnRate([], rates);
    assert.deepEqual([burn.perHour.microUsd, burn.containers, burn.seenAtMs], [0, 0, null]);
  });
});
