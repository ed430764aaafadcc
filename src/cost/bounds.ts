import { addUsd, microUsd, zeroUsd, type MicroUsd } from "./money.ts";

/** Between what the true cost lies. `high` null: it may be more than anybody can say. */
export interface Bounds {
  readonly low: MicroUsd;
  readonly high: MicroUsd | null;
}

export function addBounds(parts: Iterable<Bounds>): Bounds {
  let low: MicroUsd = zeroUsd;
  let high: MicroUsd | null = zeroUsd;
  for (const part of parts) {
    low = addUsd(low, part.low);
    high = high === null || part.high === null ? null : addUsd(high, part.high);
  }
  return { low, high };
}

/** What is left of a whole without some of its parts. */
export function withoutBounds(whole: Bounds, parts: Iterable<Bounds>): Bounds {
  const { low, high } = addBounds(parts);
  return {
    low: microUsd(Math.max(0, whole.low - low)),
    high: whole.high === null || high === null ? null : microUsd(Math.max(0, whole.high - high)),
  };
}
