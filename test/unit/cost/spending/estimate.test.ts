import assert from "node:assert/strict";
import { knownCost, unknownCost } from "../../../../src/cost/cost.ts";
import {
  estimateModes,
  forgottenNight,
  hoursCost,
  idleBufferCost,
  idleTail,
  keepWarmCost,
  monthCost,
  requestCost,
  savings,
} from "../../../../src/cost/spending/estimate.ts";
import { formatAmount } from "../../../../src/cost/format.ts";
import { usd } from "../../../../src/cost/money.ts";
import { minute, t0 } from "../arbitraries.ts";

const rate = 4;

describe("estimates at $4.00 an hour", () => {
  it("price a lone request and its idle buffer in each mode", () => {
    assert.equal(formatAmount(requestCost(60, 120, rate)), "$0.20");
    assert.equal(formatAmount(idleBufferCost(120, rate)), "$0.13");
    assert.equal(formatAmount(requestCost(60, 600, rate)), "$0.73");
    assert.equal(formatAmount(idleBufferCost(600, rate)), "$0.67");
    assert.equal(formatAmount(idleBufferCost(300, rate)), "$0.33");
    const modes = [
      { mode: "dev", scaledownSeconds: 120 },
      { mode: "demo", scaledownSeconds: 600 },
      { mode: "prod", scaledownSeconds: 300 },
    ];
    const texts = estimateModes(modes, 60, rate).map(
      ({ mode, idleBuffer, request }) =>
        `${mode} ${formatAmount(idleBuffer)} ${formatAmount(request)}`,
    );
    assert.deepEqual(texts, ["dev $0.13 $0.20", "demo $0.67 $0.73", "prod $0.33 $0.40"]);
  });

  it("price months of work", () => {
    assert.equal(hoursCost(80, rate), usd(320));
    const frugal = monthCost({ activeHours: 80, idleHours: 10 }, rate);
    const careless = monthCost({ activeHours: 80, idleHours: 40 }, rate);
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

describe("the idle tail", () => {
  const burn = knownCost(usd(1.95));

  it("says until when it is warm and what is left of it", () => {
    assert.deepEqual(idleTail(t0, 600, burn, t0 + 5 * minute), {
      warmUntilMs: t0 + 10 * minute,
      leftMs: 5 * minute,
      left: knownCost(usd(0.1625)),
    });
  });

  it("is over after the window, and never longer than it", () => {
    assert.equal(idleTail(t0, 600, burn, t0 + 10 * minute), undefined);
    assert.equal(idleTail(t0, 600, burn, t0 - 60 * minute)?.leftMs, 10 * minute);
    assert.equal(idleTail(t0, -5, burn, t0), undefined);
  });

  it("has an unknown price where the rate is unknown", () => {
    assert.deepEqual(idleTail(t0, 60, unknownCost("no rate"), t0)?.left, unknownCost("no rate"));
  });
});
