import assert from "node:assert/strict";
import { defaultTimings, timingsOf } from "../../../src/guardian/timings.ts";

describe("timingsOf", () => {
  it("waits 20 s, or as the machine says, but never so short that a reload is the end", () => {
    const waits = (value?: string) => {
      const timings = timingsOf(value === undefined ? {} : { MODAL_METER_GRACE_SECONDS: value });
      assert.deepEqual(
        { ...timings, graceMs: 0, confirmMs: 0 },
        { ...defaultTimings, graceMs: 0, confirmMs: 0 },
      );
      return [timings.graceMs, timings.confirmMs];
    };
    const usual = [20_000, 15_000];
    assert.deepEqual(waits(), usual);
    assert.deepEqual(waits("90"), [90_000, 15_000]);
    assert.deepEqual(waits("8"), [8_000, 8_000]);
    assert.deepEqual(waits("1"), [5_000, 5_000]);
    for (const odd of ["", "0", "-5", "soon", "NaN", "Infinity"]) {
      assert.deepEqual(waits(odd), usual, odd);
    }
  });
});
