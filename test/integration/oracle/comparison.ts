import { microUsdOf, type CostRange } from "../../oracle/money.ts";

/** A container's three parts are rounded to the micro-dollar each, at both of their ends. */
const roundingMicroUsd = 3;

/** Where the product says something else than what can be known, in words. */
export class Comparison {
  readonly faults: string[] = [];
  /** Sums that were compared. */
  sums = 0;

  isWithin(what: string, microUsd: number, known: CostRange, containers: number): void {
    this.sums += 1;
    const tolerance = 1 + roundingMicroUsd * containers;
    const [low, high] = [microUsdOf(known.low), microUsdOf(known.high)];
    if (microUsd >= low - tolerance && microUsd <= high + tolerance) return;
    this.faults.push(`${what}: ${microUsd} µ$ is not within ${low} to ${high}`);
  }

  isEqual(what: string, actual: unknown, expected: unknown): void {
    this.sums += 1;
    const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (a !== b) this.faults.push(`${what}: ${a} is not ${b}`);
  }
}
