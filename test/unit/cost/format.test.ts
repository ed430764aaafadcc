import assert from "node:assert/strict";
import * as fc from "fast-check";
import { knownCost, unknownCost } from "../../../src/cost/cost.ts";
import {
  approximately,
  formatBounds,
  formatFloor,
  formatRange,
  formatAmount,
  formatBilled,
  formatClock,
  formatCost,
  formatCountdown,
  formatDrift,
  formatDuration,
  formatExactUsd,
  formatMetered,
  formatPerHour,
  formatReported,
  parseUsd,
} from "../../../src/cost/format.ts";
import { addUsd, microUsd, sumUsd, usd } from "../../../src/cost/money.ts";
import { amounts } from "./arbitraries.ts";

describe("money as text", () => {
  it("shows each tier in its own form", () => {
    assert.equal(formatReported(microUsd(1388)), "$0.0014");
    assert.equal(formatReported(usd(1.5)), "$1.50");
    assert.equal(formatMetered(usd(0.41)), "≈ $0.41");
    assert.equal(formatBilled(usd(0.43)), "$0.43 billed");
    assert.equal(formatPerHour(usd(1.95)), "$1.95/h");
    assert.equal(formatCost(unknownCost("no rate")), "unknown");
    assert.equal(formatCost(knownCost(usd(2880))), "≈ $2,880.00");
  });

  it("never rounds something to nothing", () => {
    assert.equal(formatAmount(microUsd(0)), "$0.00");
    assert.equal(formatAmount(microUsd(40)), "<$0.0001");
    assert.equal(formatAmount(microUsd(1388)), "$0.0014");
    assert.equal(formatAmount(microUsd(10_000)), "$0.01");
    assert.equal(formatAmount(microUsd(-410_000)), "-$0.41");
    assert.equal(formatAmount(usd(1_234_567.895)), "$1,234,567.90");
  });

  it("says once that it is not exact", () => {
    assert.equal(formatMetered(microUsd(40)), "<$0.0001");
    assert.equal(approximately("<$0.01"), "<$0.01");
    assert.equal(formatFloor(usd(0.41)), "≥ $0.41");
    assert.equal(formatFloor(microUsd(40), ""), ">$0");
  });

  it("shows a range to the digit of the amount that it stands behind", () => {
    const bounds = { low: microUsd(6789), high: usd(0.44) };
    assert.equal(formatRange(usd(0.41), bounds), " ($0.01–$0.44)");
    assert.equal(formatRange(microUsd(7000), bounds), " ($0.0068–$0.4400)");
    assert.equal(formatRange(usd(0.41), { low: usd(0.41), high: usd(0.41) }), "");
    assert.equal(formatRange(usd(0.41), { low: usd(0.41), high: null }), "");
    assert.equal(formatBounds(bounds), "$0.01 to $0.44");
    assert.equal(formatBounds({ low: microUsd(6789), high: microUsd(7000) }), "$0.0068 to $0.0070");
    assert.equal(formatBounds({ low: usd(0.36), high: null }), "at least $0.36");
  });

  it("writes and reads the header's form without a loss: parse(format(x)) = x", () => {
    assert.equal(formatExactUsd(microUsd(1388)), "0.001388");
    assert.equal(formatExactUsd(usd(12)), "12.000000");
    fc.assert(
      fc.property(amounts, (amount) => {
        assert.equal(parseUsd(formatExactUsd(amount)), amount);
        assert.equal(parseUsd(`$${formatExactUsd(amount)}`), amount);
        assert.equal(parseUsd(`-${formatExactUsd(amount)}`), microUsd(0 - amount));
      }),
    );
  });

  it("reads amounts as programs write them, and nothing else", () => {
    assert.equal(parseUsd(" 1.388e-3 USD "), 1388);
    assert.equal(parseUsd("1e-06"), 1);
    assert.equal(parseUsd(".5"), 500_000);
    assert.equal(parseUsd("0.0013885"), 1389);
    for (const text of ["", "$", "abc", "NaN", "Infinity", "1,5", "1.2.3", "0x10", "1e99", "--1"]) {
      assert.equal(parseUsd(text), undefined, text);
    }
  });

  it("never shows NaN or a bare sign, for any amount", () => {
    const any = fc.maxSafeInteger().map(microUsd);
    const form = /^-?<?\$\d{1,3}(?:,\d{3})*\.\d{2,4}$/;
    fc.assert(fc.property(any, (amount) => assert.match(formatAmount(amount), form)));
    fc.assert(fc.property(any, (amount) => assert.match(formatReported(amount), form)));
  });

  it("refuses to make money from what is none", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
      assert.throws(() => microUsd(bad), RangeError);
    }
    assert.ok(Object.is(microUsd(-0.2), 0));
    assert.equal(addUsd(usd(0.1), usd(0.2)), usd(0.3));
    assert.equal(sumUsd(Array.from({ length: 300_000 }, () => microUsd(1))), 300_000);
  });
});

describe("time as text", () => {
  it("shows durations", () => {
    assert.equal(formatDuration(2000), "2.0 s");
    assert.equal(formatDuration(59_960), "1 min");
    assert.equal(formatDuration(245_000), "4 min 5 s");
    assert.equal(formatDuration(4_320_000), "1 h 12 min");
    assert.equal(formatDuration(51 * 3_600_000), "2 d 3 h");
    assert.equal(formatDuration(-5), "0.0 s");
  });

  it("counts down, and reaches 0 only at the end", () => {
    assert.equal(formatCountdown(200_000), "3 min 20 s");
    assert.equal(formatCountdown(1), "1 s");
    assert.equal(formatCountdown(0), "0 s");
    assert.equal(formatCountdown(-5000), "0 s");
    assert.equal(formatCountdown(41.5 * 60_000), "42 min");
  });

  it("shows the time on the wall, and drifts with their sign", () => {
    const at = Date.UTC(2026, 10, 21, 13, 32);
    assert.equal(formatClock(at, "UTC"), "13:32");
    assert.equal(formatClock(at, "Europe/Berlin"), "14:32");
    assert.equal(formatDrift(0.014), "+1.4 %");
    assert.equal(formatDrift(-0.032), "-3.2 %");
    assert.equal(formatDrift(-0.0001), "0.0 %");
  });
});
