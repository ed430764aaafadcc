import type { MicroUsd } from "../../../src/cost/money.ts";
import type { Figure, Tier } from "../../../src/cost/tiers.ts";

/** A figure that is known exactly. */
export function figure(microUsd: MicroUsd, tier: Tier, isFloor: boolean): Figure {
  return { microUsd, tier, isFloor, bounds: { low: microUsd, high: isFloor ? null : microUsd } };
}
