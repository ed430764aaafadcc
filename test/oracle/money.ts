// Sums without rounding. A rate is a whole number of 10⁻¹⁶ dollars an hour, a cost is such a rate times
// milliseconds: every price of Modal, every share of a core and of a GiB, and two percentages of them
// are whole numbers of these.

/** 10⁻¹⁶ dollars an hour. */
export type ExactRate = bigint;

/** An {@link ExactRate} times milliseconds. */
export type ExactCost = bigint;

const ratePerUsd = 10n ** 16n;
const msPerHour = 3_600_000n;
const costPerUsd = ratePerUsd * msPerHour;

const decimalShape = /^(\d+)(?:\.(\d{1,16}))?$/u;

/** The rate that a decimal text of dollars an hour names, as Modal writes prices. */
export function rateOf(usdPerHour: string): ExactRate {
  const parts = decimalShape.exec(usdPerHour);
  if (!parts) throw new Error(`not a price: ${usdPerHour}`);
  return BigInt(`${parts[1]}${(parts[2] ?? "").padEnd(16, "0")}`);
}

export function costOver(rate: ExactRate, milliseconds: number): ExactCost {
  return rate * BigInt(milliseconds);
}

/** Dollars as a decimal text with ten places, cut off below: a bill's rows look like this. */
export function usdText(cost: ExactCost): string {
  const tenBillionths = (cost * 10n ** 10n) / costPerUsd;
  const digits = tenBillionths.toString().padStart(11, "0");
  return `${digits.slice(0, -10)}.${digits.slice(-10)}`;
}

export function costOfUsd(usd: string): ExactCost {
  return rateOf(usd) * msPerHour;
}

/** Micro-dollars, exact to about a billionth of one. */
export function microUsdOf(cost: ExactCost): number {
  return Number((cost * 10n ** 15n) / costPerUsd) / 1e9;
}

export function sumOf(costs: Iterable<ExactCost>): ExactCost {
  let total = 0n;
  for (const cost of costs) total += cost;
  return total;
}

export function larger(a: ExactCost, b: ExactCost): ExactCost {
  return a > b ? a : b;
}

/** What is known of a cost: it lies between the two, and is exact where they are equal. */
export interface CostRange {
  readonly low: ExactCost;
  readonly high: ExactCost;
}

export function rangeSum(ranges: Iterable<CostRange>): CostRange {
  let low = 0n;
  let high = 0n;
  for (const range of ranges) {
    low += range.low;
    high += range.high;
  }
  return { low, high };
}
