import assert from "node:assert/strict";
import type { Adapter } from "../../bench/metering/toldControl.ts";
import { workDay, type Day } from "../../bench/metering/workDay.ts";
import type { World } from "../../sim/worlds/world.ts";
import { namedWorlds } from "../../sim/worlds/worlds.ts";

/** Days of their own: neither the bench's nor those that the meter was made with. */
const firstSeed = 50_001;
const daysPerAdapter = 6;
/** A night, a weekend or a change of prices shows itself in runs of three days only. */
const daysPerLongRun = 3;
const adapters: readonly Adapter[] = ["sdk", "cli"];

/** On this share of the days the interval holds the bill, in every world. */
const coveredShare = 0.9;

/** How far off the metered figure may be in the middle of the days, in percent. */
const usualPercent = 2;
/** Where only the bill can teach more: what is billed, what is in use. Where the figure is a floor, its interval is open. */
const percentIn: Readonly<Record<string, number>> = {
  "billed-from-ready": 15,
  "use-above-while-busy": 5,
  "worst-plausible": 100,
  team: 100,
};

/** How many runs with each adapter, and how many days they are together. */
function extentOf({ lid, prices }: World): { readonly runs: number; readonly days: number } {
  const perRun = lid === "nights" || prices === "changing" ? daysPerLongRun : 1;
  const runs = daysPerAdapter / perRun;
  return { runs, days: runs * perRun * adapters.length };
}

async function daysIn(world: World): Promise<readonly Day[]> {
  const days: Day[] = [];
  for (const adapter of adapters)
    for (let index = 0; index < extentOf(world).runs; index += 1)
      days.push(await workDay(firstSeed + index, { adapter, world, isFocused: index % 2 === 0 }));
  return days;
}

function percentOff({ liveUsd, exactUsd }: Day): number {
  if (exactUsd === 0) return liveUsd === 0 ? 0 : Number.POSITIVE_INFINITY;
  return Math.abs(liveUsd / exactUsd - 1) * 100;
}

/** The least and the most that was said to be possible hold the bill, but for a cent of a cent. */
function isCovered({ exactUsd, bounds: { low, high } }: Day): boolean {
  const exact = exactUsd * 1e6;
  return low <= exact + 100 && (high === null || high >= exact - 100);
}

describe("what days of work cost in each world", () => {
  for (const { name, line, world } of namedWorlds)
    it(`${name}, ${extentOf(world).days} days: ${line}`, async () => {
      const days = await daysIn(world);
      const medianPercent = percentIn[name] ?? usualPercent;
      const errors = days.map(percentOff).toSorted((a, b) => a - b);
      const median = errors[Math.floor(errors.length / 2)] ?? Number.NaN;
      const covered = days.filter(isCovered).length;
      const told = `median ${median.toFixed(2)} % off, ${covered} of ${days.length} within the interval`;
      assert.ok(median <= medianPercent, told);
      assert.ok(covered >= coveredShare * days.length, told);
      // Once the bill has told of whole hours, at most the rest of the day is a guess.
      for (const { liveUsd, withBillUsd } of days)
        assert.ok(liveUsd >= 0 && withBillUsd >= 0, "a cost below nothing");
    });
});
