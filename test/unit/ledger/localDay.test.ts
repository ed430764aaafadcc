import assert from "node:assert/strict";
import * as fc from "fast-check";
import { zoneOffset } from "../../../src/cost/spending/calendar.ts";
import { fixedOffset, localDay } from "../../../src/ledger/localDay.ts";

const hourMs = 3_600_000;

describe("localDay", () => {
  it("has 23, 24 or 25 hours where the clocks are changed", () => {
    const berlin = zoneOffset("Europe/Berlin");
    const hours = (midnightUtcMs: number): number =>
      (localDay(midnightUtcMs, berlin).endMs - midnightUtcMs) / hourMs;
    assert.equal(hours(Date.UTC(2026, 2, 28, 23)), 23);
    assert.equal(hours(Date.UTC(2026, 9, 24, 22)), 25);
    assert.equal(hours(Date.UTC(2026, 10, 20, 23)), 24);
    assert.equal(localDay(Date.UTC(2026, 9, 25, 22, 59), berlin).day, "2026-10-25");
    assert.equal(localDay(Date.UTC(2026, 9, 25, 23), berlin).day, "2026-10-26");
  });

  it("is the day that the calendar of the zone shows, and ends where the next one begins", () => {
    const zones = ["America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"];
    const calendars = new Map(
      zones.map((timeZone) => [
        timeZone,
        {
          offset: zoneOffset(timeZone),
          day: new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" }),
        },
      ]),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) }),
        (zone, atMs) => {
          const calendar = calendars.get(zone) ?? assert.fail();
          const { day, endMs } = localDay(atMs, calendar.offset);
          assert.equal(day, calendar.day.format(atMs));
          assert.equal(day, calendar.day.format(endMs - 1));
          assert.notEqual(day, calendar.day.format(endMs));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("takes a fixed offset, also one that is no whole hour", () => {
    assert.deepEqual(localDay(Date.UTC(2026, 10, 2, 18, 15), fixedOffset(345)), {
      day: "2026-11-03",
      endMs: Date.UTC(2026, 10, 3, 18, 15),
    });
  });
});
