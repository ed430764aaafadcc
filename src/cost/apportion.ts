import { formatRounded } from "./format.ts";
import { microUsd, sumUsd, type MicroUsd } from "./money.ts";

/** A sum and its parts as they are shown: in one unit, and so rounded that the parts add up to the sum. */
export interface ShownParts {
  readonly whole: string;
  readonly parts: readonly string[];
  /** The sum of the parts from `from` on, of those that are shown. */
  readonly rest: (from: number) => string;
}

/** To the cent, finer where all of it is less than one: `$0.42` of `$0.14`, `$0.14`, `$0.14`. None may be negative. */
export function formatParts(parts: readonly MicroUsd[]): ShownParts {
  const whole = sumUsd(parts);
  const decimals = whole < 10_000 && whole !== 0 ? 4 : 2;
  const unit = decimals === 2 ? 10_000 : 100;
  const units = apportion(parts, unit);
  const shown = (count: number, exact: MicroUsd): string =>
    formatRounded(microUsd(count * unit), decimals, exact !== 0);
  const rest = (from: number): string =>
    shown(
      units.slice(from).reduce((sum, count) => sum + count, 0),
      sumUsd(parts.slice(from)),
    );
  return {
    whole: rest(0),
    parts: parts.map((part, index) => shown(units[index] ?? 0, part)),
    rest,
  };
}

/**
 * Each part in whole units, so that together they are the sum, rounded: each is rounded down, and the
 * units that are left go to the parts that lost most (largest remainder; of equal ones, the first).
 */
export function apportion(parts: readonly number[], unit: number): readonly number[] {
  const floors = parts.map((part) => Math.floor(part / unit));
  const whole = Math.round(parts.reduce((sum, part) => sum + part, 0) / unit);
  const left = whole - floors.reduce((sum, floor) => sum + floor, 0);
  const byLoss = parts
    .map((part, index) => ({ index, lost: part / unit - Math.floor(part / unit) }))
    .toSorted((a, b) => b.lost - a.lost || a.index - b.index);
  const raised = new Set(byLoss.slice(0, left).map(({ index }) => index));
  return floors.map((floor, index) => floor + (raised.has(index) ? 1 : 0));
}
