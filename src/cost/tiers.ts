import { t } from "../base/text.ts";
import type { Bounds } from "./bounds.ts";
import type { MicroUsd } from "./money.ts";

/** How an amount is known. */
export type Tier = "reported" | "metered" | "billed";

/** What each tier means, for people: shown wherever the tiers stand side by side. */
export function tierDefinition(tier: Tier): string {
  switch (tier) {
    case "reported":
      return t(
        "The sum of what response headers and log lines claim. It covers the GPU while a handler runs and leaves out cold starts, idle time, CPU and memory: a floor.",
      );
    case "metered":
      return t(
        "Seconds of containers that were observed × the rate in force: GPU, CPU and memory from start to end, cold start and idle time included. An estimate of the bill.",
      );
    default:
      return t(
        "Modal's own billing report, whole hours only. It arrives later and is final; an hour that two sessions shared is split by what each was metered for.",
      );
  }
}

/**
 * The one amount that stands for a cost: what is billed where the bill is final, what is metered
 * elsewhere, and there never less than what the calls reported.
 */
export interface Figure {
  readonly microUsd: MicroUsd;
  /** "metered" as soon as a part of it is. */
  readonly tier: Tier;
  /** It is at least so much. */
  readonly isFloor: boolean;
  /** Between what the true cost lies, as far as anybody can say. */
  readonly bounds: Bounds;
}

/** The three tiers of a cost (see docs/costs.md). null: nothing known in that tier. */
export interface CostTiers {
  readonly reported: MicroUsd | null;
  readonly metered: MicroUsd | null;
  readonly billed: MicroUsd | null;
  /** True when a part of the metered cost has no known rate, so that the figure is a floor. */
  readonly meteredIsFloor: boolean;
}

/** A cost as it is shown: the figure, and the tiers behind it. */
export interface ShownCost extends CostTiers {
  /** null: nothing is known. */
  readonly figure: Figure | null;
}
