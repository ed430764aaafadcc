import { median, type Figure } from "../figure.ts";
import type { Bounds } from "../../../src/cost/bounds.ts";
import { planWorkload, type Workload } from "../../sim/workload/workload.ts";
import type { World } from "../../sim/worlds/world.ts";
import { toldTheWorld } from "./toldTheWorld.ts";
import { usdOf, Watch, type Conditions } from "./workDay.ts";

const hour = 3_600_000;
const day = 24 * hour;
const mondayMs = Date.UTC(2026, 10, 23, 9);
/** The bill has so many hours when it is read; of those that come later the meter gets no row. */
const billedHours = 24;
/** Nobody works for so long to get them. */
const mostDaysBilled = 5;
/** Work of which no one was looked into while the estimator was made. */
const firstSeed = 40_101;

/** The days after some billed hours. */
export interface After {
  readonly exactUsd: number;
  readonly taughtUsd: number;
  readonly untaughtUsd: number;
  /** In micro-dollars. */
  readonly bounds: Bounds;
  /** What one could say who is told the world. */
  readonly told: ReturnType<typeof toldTheWorld>;
}

/** Whether a world has such rows: without a report nothing can be learned, and what differs in the report alone is measured once. */
export function isTaught(world: World, usual: World): boolean {
  return world.report !== "none" && !isLikeUsual(world, usual);
}

/** Rows of the days after the bill of a world. */
export function calibratedRows(
  name: string,
  adapter: Conditions["adapter"],
  all: readonly After[],
  days: number,
): readonly Figure[] {
  const runs = all.length;
  const row = `metering ${name}, ${adapter.toUpperCase()}, calibrated,`;
  const unit = "% of the bill";
  const offBy = (usd: number, { exactUsd }: After): number =>
    exactUsd === 0 ? 0 : Math.abs(usd / exactUsd - 1) * 100;
  const figure = (name: string, goal: string, [ours, peer]: readonly [number, number]): Figure => {
    return { name: `${row} ${name}`, ours, peer, ratio: peer / ours, unit, goal, runs };
  };
  const errors = (of: (values: readonly number[]) => number): readonly [number, number] => [
    of(all.map((one) => offBy(one.taughtUsd, one))),
    of(all.map((one) => offBy(one.untaughtUsd, one))),
  ];
  const worst = (values: readonly number[]): number => Math.max(...values);
  const [ours] = errors(worst);
  const width = median(all.map(widthOf)) * 100;
  const toldWidth = median(
    all.map(({ exactUsd, told: { low, high } }) => (exactUsd === 0 ? 0 : (high - low) / exactUsd)),
  );
  const untold = all.map(({ exactUsd, told }) =>
    exactUsd === 0 ? 0 : (told.untoldUsd / exactUsd) * 100,
  );
  const toldWorst = worst(all.map((one) => offBy(one.told.usd, one)));
  const covered = (all.filter(isWithin).length / runs) * 100;
  return [
    figure("median", "<= 1 %", errors(median)),
    figure("worst", "<= 3 %", errors(worst)),
    {
      ...figure("coverage", ">= 95 %", [covered, 0]),
      unit: `% of runs of ${days} days within the interval`,
    },
    figure("interval width", "<= 5 %", [width, 0]),
    // Where a goal is below what can be known: how far off one is who is told the world.
    figure("told the world, worst", "none: what can be known", [toldWorst, ours]),
    figure("told the world, interval width", "none: what can be known", [toldWidth * 100, width]),
    figure("of which nothing tells", "none: what can be known", [median(untold), worst(untold)]),
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
export async function daysAfterBill(
  run: number,
  conditions: Conditions,
  days: number,
): Promise<After> {
  const seed = firstSeed + run;
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
    bounds: watch.boundsOf(taught, billedToMs),
    told: toldTheWorld(work.cloud, watch.pricedSince(billedToMs), {
      fromMs: billedToMs,
      toMs: endMs,
    }),
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
function isLikeUsual(world: World, usual: World): boolean {
  const { authorTold, report, reportLag, reportLimit, costByResource } = usual;
  const same = { ...world, authorTold, report, reportLag, reportLimit, costByResource };
  return world !== usual && JSON.stringify(same) === JSON.stringify({ ...usual });
}
