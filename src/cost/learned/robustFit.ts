/** One observation: what was paid, what of it needs no explanation, and what may explain the rest, in the order of the coefficients. */
export interface Observation {
  readonly paid: number;
  readonly given: number;
  readonly causes: readonly number[];
}

export interface RobustFit {
  /** None is negative. */
  readonly coefficients: readonly number[];
  /** What is left unexplained of the nine tenths that are explained best, as a share of what was paid for them. */
  readonly spread: number;
}

const rounds = 40;
/** A miss of less than this share is none: the fit does not chase it. */
const fine = 0.0005;
/** The prior weighs like so much of an observation: it decides only where the observations do not. */
const priorWeight = 1e-4;
const trimmedShare = 0.1;

/**
 * The coefficients that leave least unexplained: least absolute deviations by reweighting, so that
 * one odd hour moves nothing, none of them negative, and near to `priors` where nothing tells.
 */
export function robustFit(
  observations: readonly Observation[],
  priors: readonly number[],
): RobustFit {
  let coefficients = [...priors];
  // Nothing was paid for what is not used: of that, no more than what is nothing beside the rest.
  const least = fine * meanPaid(observations) || Number.MIN_VALUE;
  const paidFor = ({ paid }: Observation): number => Math.max(paid, least);
  let weights = observations.map((one) => 1 / paidFor(one));
  for (let round = 0; round < rounds; round += 1) {
    coefficients = leastSquares(observations, weights, priors);
    weights = observations.map((one) => {
      const missed = Math.abs(missedBy(one, coefficients));
      return 1 / Math.max(missed, fine * paidFor(one));
    });
  }
  return { coefficients, spread: spreadOf(observations, coefficients) };
}

function meanPaid(observations: readonly Observation[]): number {
  return observations.reduce((sum, { paid }) => sum + paid, 0) / observations.length;
}

/** What the coefficients leave unexplained: of all, but for the tenth that is explained worst. */
function spreadOf(observations: readonly Observation[], coefficients: readonly number[]): number {
  const misses = observations
    .map((one) => ({ missed: Math.abs(missedBy(one, coefficients)), paid: one.paid }))
    .filter(({ missed, paid }) => missed > 0 || paid > 0)
    .toSorted((a, b) => a.missed / a.paid - b.missed / b.paid);
  const kept = misses.slice(0, Math.ceil(misses.length * (1 - trimmedShare)));
  const sum = (of: "missed" | "paid"): number => kept.reduce((all, one) => all + one[of], 0);
  return sum("paid") > 0 ? sum("missed") / sum("paid") : 0;
}

/** What is left unexplained; negative where too much was. */
export function missedBy(
  { causes, given, paid }: Observation,
  coefficients: readonly number[],
): number {
  return paid - given - causes.reduce((sum, cause, at) => sum + cause * (coefficients[at] ?? 0), 0);
}

/** A coefficient that would come out negative is taken as 0, and the others are fitted without it. */
function leastSquares(
  observations: readonly Observation[],
  weights: readonly number[],
  priors: readonly number[],
): number[] {
  const free = new Set(priors.keys());
  for (;;) {
    const columns = [...free];
    const solved = solve(normalEquations(observations, weights, priors, columns));
    const result = priors.map(() => 0);
    for (const [at, column] of columns.entries()) result[column] = solved[at] ?? 0;
    const negative = columns.filter((column) => (result[column] ?? 0) < 0);
    if (negative.length === 0) return result;
    for (const column of negative) free.delete(column);
  }
}

function normalEquations(
  observations: readonly Observation[],
  weights: readonly number[],
  priors: readonly number[],
  columns: readonly number[],
): number[][] {
  const rows = columns.map(() => columns.map(() => 0).concat(0));
  for (const [index, { causes, given, paid }] of observations.entries()) {
    const weight = weights[index] ?? 0;
    for (const [i, row] of rows.entries()) {
      const cause = (causes[columns[i] ?? 0] ?? 0) * weight;
      for (const [j, column] of columns.entries())
        row[j] = (row[j] ?? 0) + cause * (causes[column] ?? 0);
      row[columns.length] = (row[columns.length] ?? 0) + cause * (paid - given);
    }
  }
  for (const [i, row] of rows.entries()) {
    const pull = (row[i] ?? 0) * priorWeight + Number.MIN_VALUE;
    row[i] = (row[i] ?? 0) + pull;
    row[columns.length] = (row[columns.length] ?? 0) + pull * (priors[columns[i] ?? 0] ?? 0);
  }
  return rows;
}

/** Gauss with pivoting: each row holds the factors, then the right side. A column that tells nothing comes out as 0. */
function solve(rows: number[][]): number[] {
  const size = rows.length;
  for (let at = 0; at < size; at += 1) {
    const [pivot] = rows.slice(at).toSorted((a, b) => Math.abs(b[at] ?? 0) - Math.abs(a[at] ?? 0));
    if (pivot === undefined || Math.abs(pivot[at] ?? 0) < 1e-300) continue;
    const from = rows.indexOf(pivot);
    [rows[at], rows[from]] = [pivot, rows[at] ?? pivot];
    for (const row of rows) {
      if (row === pivot) continue;
      const share = (row[at] ?? 0) / (pivot[at] ?? 1);
      for (let j = at; j <= size; j += 1) row[j] = (row[j] ?? 0) - share * (pivot[j] ?? 0);
    }
  }
  return rows.map((row, at) => {
    const diagonal = row[at] ?? 0;
    return Math.abs(diagonal) < 1e-300 ? 0 : (row[size] ?? 0) / diagonal;
  });
}
