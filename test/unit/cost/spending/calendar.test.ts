import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  periodOf,
  periodsBetween,
  type PeriodUnit,
} from "../../../../src/cost/spending/calendar.ts";
import { hour } from "../arbitraries.ts";

const zones = [
  "UTC",
  "Europe/Berlin",
  "America/Los_Angeles",
  "Asia/Kolkata",
  // Their clocks are changed at midnight.
  "America/Sao_Paulo",
  "America/Havana",
  "Africa/Cairo",
  "Asia/Beirut",
];

describe("the calendar", () => {
  it("names days, weeks and months in the local time", () => {
    const at = Date.UTC(2026, 10, 22, 23, 30);
    assert.equal(periodOf("day", at, "UTC").key, "2026-11-22");
    assert.equal(periodOf("day", at, "Europe/Berlin").key, "2026-11-23");
    assert.equal(periodOf("week", at, "UTC").key, "2026-W47");
    assert.equal(periodOf("week", at, "Europe/Berlin").key, "2026-W48");
    assert.equal(periodOf("month", at, "UTC").key, "2026-11");
    assert.equal(periodOf("week", Date.UTC(2027, 0, 1), "UTC").key, "2026-W53");
  });

  it("knows days of 23 and 25 hours", () => {
    const length = (at: number) => {
      const { fromMs, toMs } = periodOf("day", at, "Europe/Berlin");
      return (toMs - fromMs) / hour;
    };
    assert.equal(length(Date.UTC(2026, 2, 29, 12)), 23);
    assert.equal(length(Date.UTC(2026, 9, 25, 12)), 25);
    assert.equal(length(Date.UTC(2026, 10, 21, 12)), 24);
  });

  it("knows where midnight comes twice, and where it does not come at all", () => {
    const hours = (at: number) => {
      const { key, fromMs, toMs } = periodOf("day", at, "America/Sao_Paulo");
      return [key, (toMs - fromMs) / hour];
    };
    assert.deepEqual(hours(Date.UTC(2018, 1, 17, 15)), ["2018-02-17", 25]);
    assert.deepEqual(hours(Date.UTC(2018, 1, 18, 15)), ["2018-02-18", 24]);
    assert.deepEqual(hours(Date.UTC(2018, 10, 4, 15)), ["2018-11-04", 23]);
  });

  it("covers time without a gap, in every zone, also where midnight does not exist", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<PeriodUnit>("day", "week", "month"),
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2017, 0), max: Date.UTC(2027, 0) }),
        (unit, zone, atMs) => {
          const period = periodOf(unit, atMs, zone);
          assert.ok(period.fromMs <= atMs && atMs < period.toMs);
          assert.deepEqual(periodOf(unit, period.fromMs, zone), period);
          assert.equal(periodOf(unit, period.toMs, zone).fromMs, period.toMs);
          assert.deepEqual(periodOf(unit, period.toMs - 1, zone), period);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("ends a day where the next begins, also on the eve of a change of clocks at midnight", () => {
    for (const [zone, eve] of [
      ["Africa/Cairo", Date.UTC(2026, 3, 23, 12)],
      ["Asia/Beirut", Date.UTC(2026, 2, 28, 12)],
      ["America/Havana", Date.UTC(2026, 2, 7, 17)],
    ] as const) {
      const calendar = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
      const day = periodOf("day", eve, zone);
      const next = periodOf("day", day.toMs, zone);
      assert.deepEqual(
        [calendar.format(day.toMs - 1), calendar.format(day.toMs), calendar.format(next.toMs - 1)],
        [day.key, next.key, next.key],
      );
      assert.deepEqual(
        [(day.toMs - day.fromMs) / hour, (next.toMs - next.fromMs) / hour],
        [24, 23],
      );
    }
  });

  it("lists the periods of a range", () => {
    const days = periodsBetween("day", Date.UTC(2026, 10, 1, 5), Date.UTC(2026, 11, 1), "UTC");
    assert.equal(days.length, 30);
    assert.deepEqual([days[0]?.key, days.at(-1)?.key], ["2026-11-01", "2026-11-30"]);
  });
});
