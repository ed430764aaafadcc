import assert from "node:assert/strict";
import { knownCost } from "../../../../src/cost/cost.ts";
import { microUsd, usd } from "../../../../src/cost/money.ts";
import { burnByContainer, burnRate, sumPerHour } from "../../../../src/cost/rates/burnRate.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { span } from "../arbitraries.ts";

const rates = ratesInForce({ overrides: { cpu: 0.048 } });
/** L40S, an eighth of a core and 128 MiB. */
const one = 1_950_000 + 6000 + 1000;
const noGpu = span({ containerId: "ta-2", gpu: null, gpuSource: "unknown" });

describe("the burn rate", () => {
  it("is that of all containers, also of those that still load", () => {
    const loading = span({ containerId: "ta-3", startedAtMs: null });
    assert.deepEqual(burnRate([span(), loading], rates), knownCost(microUsd(2 * one)));
    assert.deepEqual(burnRate([], rates), knownCost(usd(0)));
  });

  it("is unknown, and names the app, while a GPU or its price is", () => {
    const burn = burnRate([span(), noGpu], rates);
    assert.match(burn.known ? "" : burn.why, /flux-api/);
  });

  it("of each container is an amount or null", () => {
    const burns = burnByContainer([span(), noGpu], rates);
    assert.deepEqual(
      [...burns],
      [
        ["ta-1", one],
        ["ta-2", null],
      ],
    );
  });

  it("is no sum when a part is unknown", () => {
    assert.equal(sumPerHour([usd(1), usd(2)]), usd(3));
    assert.equal(sumPerHour([usd(1), null]), null);
    assert.equal(sumPerHour([]), usd(0));
  });
});
