import { addUsd, zeroUsd, type MicroUsd } from "./money.ts";

/** An amount that may not be known. Unknown is never $0: it says why, so that a person can do something about it. */
export type Cost =
  | { readonly known: true; readonly microUsd: MicroUsd }
  | { readonly known: false; readonly why: string };

export function knownCost(microUsd: MicroUsd): Cost {
  return { known: true, microUsd };
}

export function unknownCost(why: string): Cost {
  return { known: false, why };
}

/** The sum; unknown as soon as one part is, for the first reason. */
export function addCosts(costs: Iterable<Cost>): Cost {
  let sum: MicroUsd = zeroUsd;
  for (const cost of costs) {
    if (!cost.known) return cost;
    sum = addUsd(sum, cost.microUsd);
  }
  return knownCost(sum);
}

/** The sum of what is known, a floor of the whole when `isFloor`; `whys` are the different reasons for what is missing. */
export interface KnownPart {
  readonly microUsd: MicroUsd;
  readonly isFloor: boolean;
  readonly whys: readonly string[];
}

export function knownPart(costs: Iterable<Cost>): KnownPart {
  let sum: MicroUsd = zeroUsd;
  const whys = new Set<string>();
  for (const cost of costs) {
    if (cost.known) sum = addUsd(sum, cost.microUsd);
    else whys.add(cost.why);
  }
  return { microUsd: sum, isFloor: whys.size > 0, whys: [...whys] };
}

/** The sum of parts of which some may be floors. */
export function addParts(parts: readonly KnownPart[]): KnownPart {
  return knownPart(
    parts.flatMap((part) => [knownCost(part.microUsd), ...part.whys.map(unknownCost)]),
  );
}
