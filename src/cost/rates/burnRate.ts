import { addCosts, type Cost } from "../cost.ts";
import { addUsd, zeroUsd, type MicroUsd } from "../money.ts";
import { burnPerHour, type Resources } from "./costMetrics.ts";
import type { Rates } from "./rates.ts";

/** What the containers that have started burn together, per hour. Pending ones burn nothing yet. */
export function burnRate(
  containers: Iterable<Resources & { readonly startedAtMs: number | null }>,
  rates: Rates,
): Cost {
  const started = [...containers].filter(({ startedAtMs }) => startedAtMs !== null);
  return addCosts(started.map((container) => burnPerHour(container, rates)));
}

/** The sum of rates per hour; null when one of them is not known: a floor must not pose as the rate. */
export function sumPerHour(rates: Iterable<MicroUsd | null>): MicroUsd | null {
  let sum: MicroUsd = zeroUsd;
  for (const perHour of rates) {
    if (perHour === null) return null;
    sum = addUsd(sum, perHour);
  }
  return sum;
}

/** What each container costs in an hour, in micro-dollars; null: its rate is not known. */
export function burnByContainer(
  containers: readonly (Resources & { readonly containerId: string })[],
  rates: Rates,
): ReadonlyMap<string, MicroUsd | null> {
  return new Map(
    containers.map((container) => {
      const burn = burnPerHour(container, rates);
      return [container.containerId, burn.known ? burn.microUsd : null];
    }),
  );
}
