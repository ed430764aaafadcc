import { addCosts, type Cost } from "../cost.ts";
import { addUsd, zeroUsd, type MicroUsd } from "../money.ts";
import { burnOf, burnPerHour, type HourlyRate, type Resources } from "./costMetrics.ts";
import type { Rates } from "./rates.ts";

/** A container that burns. */
export type Burning = Resources & { readonly containerId: string };

/** What a container costs per hour by what the bill has taught; undefined: nothing is known of it but what it asks for. */
export type HourlyOf = (containerId: string) => HourlyRate | undefined;

/** What containers burn together, per hour. One that loads burns like one that works: Modal bills application load time. */
export function burnRate(
  containers: Iterable<Burning>,
  rates: Rates,
  hourlyOf: HourlyOf = () => undefined,
): Cost {
  return addCosts(Array.from(containers, (container) => burnOfOne(container, rates, hourlyOf)));
}

function burnOfOne(container: Burning, rates: Rates, hourlyOf: HourlyOf): Cost {
  const hourly = hourlyOf(container.containerId);
  // Its GPU may have been named since.
  return hourly?.gpu.known === true ? burnOf(hourly) : burnPerHour(container, rates);
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
  containers: readonly Burning[],
  rates: Rates,
  hourlyOf: HourlyOf = () => undefined,
): ReadonlyMap<string, MicroUsd | null> {
  return new Map(
    containers.map((container) => {
      const burn = burnOfOne(container, rates, hourlyOf);
      return [container.containerId, burn.known ? burn.microUsd : null];
    }),
  );
}
