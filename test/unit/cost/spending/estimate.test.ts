import assert from "node:assert/strict";
import {
  forgottenNight,
  hoursCost,
  idleBufferCost,
  keepWarmCost,
  requestCost,
  savings,
} from "../../../../src/cost/spending/estimate.ts";
import { formatAmount } from "../../../../src/cost/format.ts";
import { usd } from "../../../../src/cost/money.ts";

const rate = 4;

describe("estimates at $4.00 an hour", () => {
  it("price a lone request and its idle buffer in each mode", () => {
    assert.equal(formatAmount(requestCost(60, 120, rate)), "$0.20");
    assert.equal(formatAmount(idleBufferCost(120, rate)), "$0.13");
    assert.equal(formatAmount(requestCost(60, 600, rate)), "$0.73");
    assert.equal(formatAmount(idleBufferCost(600, rate)), "$0.67");
    assert.equal(formatAmount(idleBufferCost(300, rate)), "$0.33");
  });

  it("price months of work", () => {
    assert.equal(hoursCost(80, rate), usd(320));
    const frugal = hoursCost(80 + 10, rate);
    const careless = hoursCost(80 + 40, rate);
    const keptWarm = keepWarmCost(1, 30, rate);
    assert.equal(frugal, usd(360));
    assert.equal(careless, usd(480));
    assert.equal(keptWarm, usd(2880));
    assert.equal(savings(keptWarm, frugal), usd(2520));
    assert.equal(savings(careless, frugal), usd(120));
  });

  it("price a forgotten night: $20 to $40 when something keeps it warm, one window when nothing does", () => {
    assert.equal(forgottenNight(5, 600, rate).most, usd(20));
    assert.equal(forgottenNight(10, 600, rate).most, usd(40));
    assert.equal(formatAmount(forgottenNight(10, 600, rate).least), "$0.67");
    assert.deepEqual(forgottenNight(0, 600, rate), { least: usd(0), most: usd(0) });
  });
});
