import * as z from "zod/mini";

/** One measured figure. Both sides come from the same run on the same machine. */
export interface Figure {
  readonly name: string;
  readonly ours: number;
  readonly peer: number;
  /** peer / ours when smaller is better, ours / peer when larger is better. */
  readonly ratio: number;
  readonly unit: string;
  /** What is aimed at, in words and numbers. */
  readonly goal: string;
  readonly runs: number;
}

/** One bench file, named `<name>.bench.ts` after its name on the command line. */
export interface Bench {
  bench(options: BenchOptions): Promise<readonly Figure[]>;
}

export interface BenchOptions {
  /** The world (docs/engineering/worlds.md) to measure alone, and thoroughly, by the benches that have worlds. */
  readonly world?: string | undefined;
  /** No more of what is measured often begins after so many minutes, in the benches that last long. */
  readonly minutes?: number | undefined;
  /** Which half of the worlds to measure, in a process of its own: 0 or 1. */
  readonly part?: number | undefined;
}

/** The middle value; of an even count, the mean of the two in the middle. Throws on an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new RangeError("No runs.");
  return (upper + lower) / 2;
}

/** What is not finite has no number in JSON. */
const finite = z.pipe(
  z.nullable(z.number()),
  z.transform((value) => value ?? Number.POSITIVE_INFINITY),
);
const shape = z.object({
  name: z.string(),
  ours: finite,
  peer: finite,
  ratio: finite,
  unit: z.string(),
  goal: z.string(),
  runs: z.number(),
});

export function jsonOf(figure: Figure): string {
  return JSON.stringify(figure);
}

/** Reads what `jsonOf` wrote. */
export function figureOf(json: string): Figure {
  return shape.parse(JSON.parse(json));
}
