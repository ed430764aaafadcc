import { namedWorlds, worldNamed } from "../sim/worlds/worlds.ts";
import type { World } from "../sim/worlds/world.ts";
import { median, type BenchOptions, type Figure } from "./figure.ts";
import { calibratedRows, isLikeUsual, type Extent } from "./metering/calibrated.ts";
import type { Adapter } from "./metering/toldControl.ts";
import { workDay, type Conditions, type Day } from "./metering/workDay.ts";

const workloads = 240;
/** Days of which no one was looked into while the meter was made. */
const otherDays = { from: 10_001, count: 40 };
/** Of worlds that show themselves only over some days: each run is as long as several. */
const longRuns = 12;
/** After the billed hours: of each world, of the usual one, and of one alone. */
const shortExtent: Extent = { runs: 3, days: 1 };
const extent: Extent = { runs: 10, days: 2 };
const longExtent: Extent = { runs: 24, days: 7 };
const adapters: readonly Adapter[] = ["sdk", "cli"];

/**
 * Random working days in Local Modal's virtual time, metered as the extension meters them, against
 * the exact bill. The first rows are from the world that the meter was built on first, beside the sum
 * of the cost headers of the same calls, each of them present and at today's price, which is the best
 * that a header can do. Then each world by its name, beside the meter as it was: from the start that
 * Modal tells to the end, and what Modal does not tell is nothing.
 */
export async function bench({ world }: BenchOptions): Promise<readonly Figure[]> {
  if (world !== undefined)
    return [...(await worldRows(world, workloads)), ...(await taughtRows(world, longExtent))];
  const figures: Figure[] = [];
  for (const adapter of adapters) figures.push(...(await believedRows(adapter)));
  for (const { name } of namedWorlds) figures.push(...(await worldRows(name, runsOf(name))));
  for (const { name } of namedWorlds)
    figures.push(...(await taughtRows(name, name === "default" ? extent : shortExtent)));
  for (const adapter of adapters) figures.push(...(await bareRows(adapter)));
  for (const adapter of adapters) figures.push(...(await briefRows(adapter)));
  return figures;
}

function runsOf(name: string): number {
  if (name === "default") return workloads;
  const { lid, prices } = worldNamed(name);
  return lid === "nights" || prices === "changing" ? longRuns : otherDays.count;
}

/** On the days after a bill that has taught. */
async function taughtRows(name: string, measured: Extent): Promise<readonly Figure[]> {
  const world = worldNamed(name);
  if (isLikeUsual(world, worldNamed("default"))) return [];
  const rows: Figure[] = [];
  for (const adapter of adapters)
    rows.push(...(await calibratedRows(name, { adapter, world }, measured)));
  return rows;
}

async function believedRows(adapter: Adapter): Promise<readonly Figure[]> {
  const world = worldNamed("believed-2025");
  const runs = await days({ adapter, world }, { from: 1, count: workloads });
  const awake = runs.filter(({ slept }) => !slept);
  const slept = runs.filter(({ slept }) => slept);
  const lost = await days({ adapter, world, isLogLost: true }, { from: 1, count: workloads });
  const unread = lost.filter((day) => day.slept);
  const [typical, worst] = adapter === "sdk" ? ["0.1 %", "1 %"] : ["1 %", "5 %"];
  const name = `metering error, ${adapter.toUpperCase()} adapter,`;
  const row = (what: string, from: readonly Day[], of: Of, goal: string, error = live): Figure =>
    figure(`${name} ${what}`, { runs: from, error, peer: headers, of, goal });
  return [
    row("median", runs, median, `<= ${typical}`),
    row("worst, laptop awake", awake, largest, `<= ${worst}`),
    row("95th percentile, laptop slept", slept, highest, "none"),
    row("worst, laptop slept", slept, largest, `<= ${worst}`),
    row(
      "worst, laptop slept and the log cannot be read",
      unread,
      largest,
      "none: shows what the log is worth",
    ),
    row("worst, with the bill of whole hours", runs, largest, `<= ${worst}`, billed),
  ];
}

async function worldRows(name: string, count: number): Promise<readonly Figure[]> {
  const rows: Figure[] = [];
  for (const adapter of adapters) rows.push(...(await adapterRows(name, adapter, count)));
  return rows;
}

async function adapterRows(
  name: string,
  adapter: Adapter,
  count: number,
): Promise<readonly Figure[]> {
  const runs = await days({ adapter, world: worldNamed(name) }, { from: otherDays.from, count });
  const row = `metering ${name}, ${adapter.toUpperCase()},`;
  const covered = runs.filter(isCovered).length / runs.length;
  const widths = runs.map(({ bounds: { low, high }, exactUsd }) =>
    exactUsd === 0 || high === null ? 0 : (high - low) / 1e6 / exactUsd,
  );
  const alone = { peer: 0, ratio: 0, runs: runs.length };
  return [
    ...errorRows(row, runs, name === "default" ? adapter : null),
    {
      ...alone,
      name: `${row} coverage`,
      ours: covered * 100,
      unit: "% of days within the interval",
      goal: ">= 95 %",
    },
    {
      ...alone,
      name: `${row} interval width`,
      ours: median(widths) * 100,
      unit: "% of the bill, median",
      goal: "none before calibration",
    },
  ];
}

/** @param goals those of the default world with this adapter; null: there are none */
function errorRows(row: string, runs: readonly Day[], goals: Adapter | null): readonly Figure[] {
  const [typical, worst] = goals === "sdk" ? ["0.5 %", "3 %"] : ["2 %", "8 %"];
  const goalOf = (limit: string): string => (goals === null ? "none" : `<= ${limit}`);
  const base = { runs, error: live, peer: asItWas };
  return [
    figure(`${row} median`, { ...base, of: median, goal: goalOf(typical) }),
    figure(`${row} worst`, { ...base, of: largest, goal: goalOf(worst) }),
  ];
}

/** With no session and no app file: what remains is what Modal tells. */
async function bareRows(adapter: Adapter): Promise<readonly Figure[]> {
  const conditions = { adapter, world: worldNamed("default"), isBare: true };
  const runs = await days(conditions, { ...otherDays });
  const row = `metering default without session and file, ${adapter.toUpperCase()},`;
  return errorRows(row, runs, null);
}

/** Jobs of 10-90 s, a window of 2 s and crash loops alone, on days that have many; half of them in an unfocused window. */
async function briefRows(adapter: Adapter): Promise<readonly Figure[]> {
  const world: World = worldNamed("short-lives-many");
  const half = { from: otherDays.from, count: otherDays.count / 2 };
  const focused = await days({ adapter, world }, half);
  const unfocused = await days({ adapter, world, isFocused: false }, half);
  const name = `metering short lives, ${adapter.toUpperCase()}`;
  const goal = `<= ${adapter === "sdk" ? "2 %" : "5 %"}`;
  const error = ({ brief }: Day): number => offBy(brief.liveUsd, brief.exactUsd);
  const row = (what: string, runs: readonly Day[], of: Of): Figure =>
    figure(`${name}${what}`, { runs, error, peer: asItWas, of, goal });
  const all = [...focused, ...unfocused];
  return [
    row("", all, median),
    row(", focused", focused, median),
    row(", unfocused", unfocused, median),
    { ...row(", worst", all, largest), goal: "none" },
  ];
}

async function days(
  conditions: Conditions,
  { from, count }: { readonly from: number; readonly count: number },
): Promise<readonly Day[]> {
  const runs: Day[] = [];
  for (let seed = from; seed < from + count; seed += 1) runs.push(await workDay(seed, conditions));
  return runs;
}

type Of = (values: readonly number[]) => number;

const live = (day: Day): number => offBy(day.liveUsd, day.exactUsd);
const billed = (day: Day): number => offBy(day.withBillUsd, day.exactUsd);
const headers = (day: Day): number => offBy(day.headersUsd, day.exactUsd);
const asItWas = (day: Day): number => offBy(day.asItWasUsd, day.exactUsd);

/** As a fraction of the exact bill. On a day on which nothing ran, nothing is right. */
function offBy(usd: number, exactUsd: number): number {
  if (exactUsd === 0) return usd === 0 ? 0 : Number.POSITIVE_INFINITY;
  return Math.abs(usd / exactUsd - 1);
}

/** The least and the most that was said to be possible hold the bill, but for a cent of a cent. */
function isCovered({ exactUsd, bounds: { low, high } }: Day): boolean {
  const exact = exactUsd * 1e6;
  return low <= exact + 100 && (high === null || high >= exact - 100);
}

interface Errors {
  readonly runs: readonly Day[];
  readonly error: (day: Day) => number;
  readonly peer: (day: Day) => number;
  readonly of: Of;
  readonly goal: string;
}

function figure(name: string, { runs, error, peer: peerError, of, goal }: Errors): Figure {
  const ours = of(runs.map(error)) * 100;
  const peer = of(runs.map(peerError)) * 100;
  return { name, ours, peer, ratio: peer / ours, unit: "% of the bill", goal, runs: runs.length };
}

function largest(values: readonly number[]): number {
  return Math.max(...values);
}

function highest(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? 0;
}
