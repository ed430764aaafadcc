import { median, type Figure } from "../figure.ts";
import type { Bounds } from "../../../src/cost/bounds.ts";
import { microUsd } from "../../../src/cost/money.ts";
import { planWorkload, type Workload } from "../../sim/workload/workload.ts";
import type { World } from "../../sim/worlds/world.ts";
import { usdOf, Watch, type Conditions } from "./workDay.ts";

const hour = 3_600_000;
const day = 24 * hour;
const mondayMs = Date.UTC(2026, 10, 23, 9);
/** The bill has so many hours when it is read; of those that come later the meter gets no row. */
const billedHours = 24;
/** Nobody works for so long to get them. */
const mostDaysBilled = 5;
/** Work of which no one was looked into while the estimator was made. */
const firstSeed = 40_001;

/** How much is measured: so many runs, of so many days after the billed hours each. */
export interface Extent {
  readonly runs: number;
  readonly days: number;
}

/** The days after some billed hours. */
interface After {
  readonly exactUsd: number;
  readonly taughtUsd: number;
  readonly untaughtUsd: number;
  /** In micro-dollars. */
  readonly bounds: Bounds;
}

/** Rows of a world that has a report; without one nothing can be learned, and there are none. */
export async function calibratedRows(
  name: string,
  conditions: Conditions,
  { runs, days }: Extent,
): Promise<readonly Figure[]> {
  if (conditions.world.report === "none") return [];
  const all: After[] = [];
  for (let seed = firstSeed; seed < firstSeed + runs; seed += 1)
    all.push(await daysAfterBill(seed, conditions, days));
  const row = `metering ${name}, ${conditions.adapter.toUpperCase()}, calibrated,`;
  const errors = (of: "taughtUsd" | "untaughtUsd"): readonly number[] =>
    all.map((one) => (one.exactUsd === 0 ? 0 : Math.abs(one[of] / one.exactUsd - 1)));
  const figure = (
    what: string,
    goal: string,
    of: (values: readonly number[]) => number,
  ): Figure => {
    const [ours, peer] = [of(errors("taughtUsd")) * 100, of(errors("untaughtUsd")) * 100];
    return {
      name: `${row} ${what}`,
      ours,
      peer,
      ratio: peer / ours,
      unit: "% of the bill",
      goal,
      runs,
    };
  };
  const covered = all.filter(isWithin).length / all.length;
  const alone = { peer: 0, ratio: 0, runs };
  return [
    figure("median", "<= 1 %", median),
    figure("worst", "<= 3 %", (values) => Math.max(...values)),
    {
      ...alone,
      name: `${row} coverage`,
      ours: covered * 100,
      unit: `% of runs of ${days} days within the interval`,
      goal: ">= 95 %",
    },
    {
      ...alone,
      name: `${row} interval width`,
      ours: median(all.map(widthOf)) * 100,
      unit: "% of the bill, median",
      goal: "<= 5 %",
    },
  ];
}

function isWithin({ exactUsd, bounds: { low, high } }: After): boolean {
  const exact = exactUsd * 1e6;
  return low <= exact + 100 && (high === null || high >= exact - 100);
}

/** What may be any sum is as wide as nothing can be told. */
function widthOf({ exactUsd, bounds: { low, high } }: After): number {
  if (exactUsd === 0) return 0;
  return high === null ? Number.POSITIVE_INFINITY : (high - low) / 1e6 / exactUsd;
}

/** Work until so many hours were billed, then some days more, with traffic and starts of their own and one load that takes half as long again. */
async function daysAfterBill(seed: number, conditions: Conditions, days: number): Promise<After> {
  const { world } = conditions;
  const toMs = mondayMs + (mostDaysBilled + days) * day;
  const work = planWorkload({ world, seed, fromMs: mondayMs, toMs });
  const watch = new Watch(work, seed, conditions);
  let billedToMs = mondayMs;
  while (hoursOf(work) < billedHours && billedToMs < mondayMs + mostDaysBilled * day) {
    billedToMs += 2 * hour;
    await watch.until(billedToMs);
  }
  watch.learnFromBill(billedToMs);
  slowOneLoad(work);
  const endMs = watch.whenAwake(billedToMs + days * day);
  await watch.until(endMs);
  const { taught, untaught } = watch.meteredSince(billedToMs);
  return {
    exactUsd: watch.billedUsd(billedToMs, endMs),
    taughtUsd: usdOf(taught),
    untaughtUsd: usdOf(untaught),
    bounds: taught.figure?.bounds ?? { low: microUsd(0), high: microUsd(0) },
  };
}

function hoursOf({ cloud }: Workload): number {
  return new Set(cloud.bill({ byAppHour: true }).map(({ hourStartMs }) => hourStartMs)).size;
}

/** A new version of the first app that is deployed; the next deploy of its author's has the old load again. */
function slowOneLoad({ cloud, apps }: Workload): void {
  const app = apps.findLast(({ appId }) => cloud.app(appId).state === "deployed");
  if (app === undefined) return;
  const { name, environment, by } = app;
  const functions = [...cloud.app(app.appId).functions.values()].map(({ spec }) => ({
    ...spec,
    coldStartMs: spec.coldStartMs * 1.5,
    slowestColdStartMs: spec.slowestColdStartMs * 1.5,
  }));
  cloud.deploy({ name, environment, by, functions });
}

/**
 * What is no question here: rows of the report are taken as they are in the end, whole, and who
 * deployed an app changes no sum. Worlds that differ from the usual one in these alone have its rows.
 */
export function isLikeUsual(world: World, usual: World): boolean {
  const { authorTold, report, reportLag, reportLimit, costByResource } = usual;
  const same = { ...world, authorTold, report, reportLag, reportLimit, costByResource };
  return world !== usual && JSON.stringify(same) === JSON.stringify({ ...usual });
}
