import { join } from "node:path";
import { execa } from "execa";
import { namedWorlds, worldNamed } from "../sim/worlds/worlds.ts";
import type { World } from "../sim/worlds/world.ts";
import { figureOf, median, type BenchOptions, type Figure } from "./figure.ts";
import { calibratedRows, daysAfterBill, isTaught, type After } from "./metering/calibrated.ts";
import type { Adapter } from "./metering/toldControl.ts";
import { workDay, type Conditions, type Day } from "./metering/workDay.ts";

/** Days of which no one was looked into while the meter was made. */
const firstSeed = 10_101;
/** One world alone is measured on so many days, and so many times on so many days after a bill. */
const alone = { days: 240, longRuns: 48, afters: 24, daysAfter: 7 };
/** Of all of them, no more than these of each; in the world that is the most likely, more. */
const amongAll = { days: 12, longRuns: 3, afters: 3, daysAfter: 1 };
const usualAmongAll = { days: 120, longRuns: 0, afters: 6, daysAfter: 2 };
/** All of it is over within eight minutes on two cores. */
const mostMinutes = 6;
const parts = 2;
const adapters: readonly Adapter[] = ["sdk", "cli"];

type Extent = typeof alone;

/** Rows of one kind, and what has to be lived through for them: the first of the runs in any case. */
interface Group {
  readonly runs: readonly (() => Promise<void>)[];
  readonly rows: () => readonly Figure[];
}

/**
 * Random working days in Local Modal's virtual time, metered as the extension meters them, against
 * the exact bill. The first rows are from the world that the meter was built on first, beside the sum
 * of the cost headers of the same calls, each of them present and at today's price, which is the best
 * that a header can do. Then each world by its name, beside the meter as it was: from the start that
 * Modal tells to the end, and what Modal does not tell is nothing. All worlds are measured by two
 * processes, a run of each group by turns, until the time is over: `runs` says how many there were.
 */
export async function bench({ world, minutes, part }: BenchOptions): Promise<readonly Figure[]> {
  if (world !== undefined) return liveThrough(ofWorld(world, alone), minutes);
  if (part === undefined) return inParts(minutes);
  // Both adapters of a world are one pair.
  const mine = all().filter((_, index) => Math.floor(index / adapters.length) % parts === part);
  return liveThrough(mine, minutes ?? mostMinutes);
}

async function inParts(minutes: number | undefined): Promise<readonly Figure[]> {
  const figures = await Promise.all(
    Array.from({ length: parts }, async (_, index) => {
      const limit = minutes === undefined ? [] : ["--minutes", `${minutes}`];
      const args = ["metering", "--json", "--part", `${index}`, ...limit];
      const { stdout } = await execa(
        process.execPath,
        [join(import.meta.dirname, "run.ts"), ...args],
        {
          stderr: "inherit",
        },
      );
      return stdout.split("\n").map(figureOf);
    }),
  );
  return figures.flat();
}

/** A run of each group by turns; after so many minutes, no further turn begins. */
async function liveThrough(
  groups: readonly Group[],
  minutes = Number.POSITIVE_INFINITY,
): Promise<readonly Figure[]> {
  const untilMs = performance.now() + minutes * 60_000;
  const turns = Math.max(...groups.map(({ runs }) => runs.length));
  for (let turn = 0; turn < turns; turn += 1)
    for (const { runs } of groups)
      if (turn === 0 || performance.now() < untilMs) await runs[turn]?.();
  return groups.flatMap(({ rows }) => rows());
}

function all(): readonly Group[] {
  const extentOf = (name: string): Extent => (name === "default" ? usualAmongAll : amongAll);
  return [
    ...adapters.map(believed),
    ...namedWorlds.flatMap(({ name }) => ofWorld(name, extentOf(name))),
    ...adapters.map(bare),
    ...adapters.map(brief),
  ];
}

function ofWorld(name: string, extent: Extent): readonly Group[] {
  const world = worldNamed(name);
  const isTaughtHere = isTaught(world, worldNamed("default"));
  return [
    ...adapters.map((adapter) => daysOf(name, adapter, extent)),
    ...(isTaughtHere ? adapters.map((adapter) => aftersOf(name, adapter, extent)) : []),
  ];
}

/** On the days after a bill that has taught. */
function aftersOf(name: string, adapter: Adapter, { afters, daysAfter }: Extent): Group {
  const lived: After[] = [];
  const conditions = { adapter, world: worldNamed(name) };
  return {
    runs: Array.from({ length: afters }, (_, run) => async () => {
      lived.push(await daysAfterBill(run, conditions, daysAfter));
    }),
    rows: () => calibratedRows(name, adapter, lived, daysAfter),
  };
}

/** Days that are lived through some at a time, and what their rows are made of. */
function daysFor(
  conditions: Conditions,
  count: number,
  rows: (days: readonly Day[]) => readonly Figure[],
  perRun = Math.max(1, Math.floor(count / 3)),
): Group {
  const lived: Day[] = [];
  const runs = Array.from({ length: Math.ceil(count / perRun) }, (_, run) => async () => {
    const toSeed = firstSeed + Math.min(count, (run + 1) * perRun);
    for (let seed = firstSeed + run * perRun; seed < toSeed; seed += 1)
      lived.push(await workDay(seed, conditions));
  });
  return { runs, rows: () => rows(lived) };
}

/** A world that shows itself only over some days has fewer runs: each is as long as several. */
function daysOf(name: string, adapter: Adapter, { days, longRuns }: Extent): Group {
  const world = worldNamed(name);
  const isLong = world.lid === "nights" || world.prices === "changing";
  return daysFor({ adapter, world }, isLong ? longRuns : days, (runs) =>
    adapterRows(name, adapter, runs),
  );
}

function believed(adapter: Adapter): Group {
  const world = worldNamed("believed-2025");
  const [typical, worst] = adapter === "sdk" ? ["0.1 %", "1 %"] : ["1 %", "5 %"];
  const name = `metering error, ${adapter.toUpperCase()} adapter,`;
  const row = (what: string, from: readonly Day[], of: Of, goal: string, error = live): Figure =>
    figure(`${name} ${what}`, { runs: from, error, peer: headers, of, goal });
  const conditions = { adapter, world };
  const { days } = usualAmongAll;
  const lost = daysFor({ ...conditions, isLogLost: true }, days, (runs) => [
    row(
      "worst, laptop slept and the log cannot be read",
      runs.filter(({ slept }) => slept),
      largest,
      "none: shows what the log is worth",
    ),
  ]);
  const usual = daysFor(conditions, days, (runs) => {
    const awake = runs.filter(({ slept }) => !slept);
    const slept = runs.filter((day) => day.slept);
    return [
      row("median", runs, median, `<= ${typical}`),
      row("worst, laptop awake", awake, largest, `<= ${worst}`),
      row("95th percentile, laptop slept", slept, highest, "none"),
      row("worst, laptop slept", slept, largest, `<= ${worst}`),
      row("worst, with the bill of whole hours", runs, largest, `<= ${worst}`, billed),
    ];
  });
  return together(usual, lost);
}

/** Two groups as one: their runs by turns. */
function together(first: Group, second: Group): Group {
  return {
    runs: [...first.runs.keys()].map((turn) => async () => {
      await first.runs[turn]?.();
      await second.runs[turn]?.();
    }),
    rows: () => [...first.rows(), ...second.rows()],
  };
}

function adapterRows(name: string, adapter: Adapter, runs: readonly Day[]): readonly Figure[] {
  const row = `metering ${name}, ${adapter.toUpperCase()},`;
  const covered = runs.filter(isCovered).length / runs.length;
  const widths = runs.map(({ bounds: { low, high }, exactUsd }) =>
    exactUsd === 0 || high === null ? 0 : (high - low) / 1e6 / exactUsd,
  );
  const withoutPeer = { peer: 0, ratio: 0, runs: runs.length };
  return [
    ...errorRows(row, runs, name === "default" ? adapter : null),
    {
      ...withoutPeer,
      name: `${row} coverage`,
      ours: covered * 100,
      unit: "% of days within the interval",
      goal: ">= 95 %",
    },
    {
      ...withoutPeer,
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
function bare(adapter: Adapter): Group {
  const conditions = { adapter, world: worldNamed("default"), isBare: true };
  const row = `metering default without session and file, ${adapter.toUpperCase()},`;
  return daysFor(conditions, amongAll.days, (runs) => errorRows(row, runs, null));
}

/** Jobs of 10-90 s, a window of 2 s and crash loops alone, on days that have many; half of them in an unfocused window. */
function brief(adapter: Adapter): Group {
  const world: World = worldNamed("short-lives-many");
  const name = `metering short lives, ${adapter.toUpperCase()}`;
  const goal = `<= ${adapter === "sdk" ? "2 %" : "5 %"}`;
  const error = ({ brief: { liveUsd, exactUsd } }: Day): number => offBy(liveUsd, exactUsd);
  const everyDay: Day[] = [];
  const row = (what: string, runs: readonly Day[], of: Of): Figure =>
    figure(`${name}${what}`, { runs, error, peer: asItWas, of, goal });
  const half = (what: string, isFocused: boolean): Group =>
    daysFor({ adapter, world, isFocused }, amongAll.days, (runs) => {
      everyDay.push(...runs);
      return [row(`, ${what}`, runs, median)];
    });
  const both = together(half("focused", true), half("unfocused", false));
  return {
    runs: both.runs,
    rows: () => {
      const halves = both.rows();
      const worst = { ...row(", worst", everyDay, largest), goal: "none" };
      return [row("", everyDay, median), ...halves, worst];
    },
  };
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
