import { microUsd, type MicroUsd } from "../../cost/money.ts";
import type { RunningApp } from "./meterState.ts";

type Kept = Pick<RunningApp, "warmUntilMs" | "tailMicroUsd" | "keptWarmMicroUsdPerDay">;

/**
 * What `min_containers` in force costs, of an app that keeps so many of its containers: those have no idle
 * tail. Where it keeps fewer than run, the others have one; and where these cost differently, nobody tells
 * which are kept, and no price is made up.
 *
 * @param prices what each container that is ready costs per hour; null: a rate is unknown
 */
export function keptWarm(
  { running, warmUntilMs, tailMicroUsd }: RunningApp,
  kept: number,
  prices: readonly (MicroUsd | null)[],
): Partial<Kept> {
  if (kept === 0 || running === 0) return {};
  const isWhole = prices.length === running;
  const perHour = isWhole ? prices.filter((price) => price !== null) : [];
  const isKnown = isWhole && perHour.length === running;
  if (kept >= running)
    return {
      warmUntilMs: null,
      tailMicroUsd: null,
      keptWarmMicroUsdPerDay: isKnown ? dayOf(perHour) : null,
    };
  const areAlike = isKnown && new Set(perHour).size === 1;
  return {
    warmUntilMs,
    tailMicroUsd:
      tailMicroUsd === null || !areAlike
        ? null
        : microUsd((tailMicroUsd * (running - kept)) / running),
    keptWarmMicroUsdPerDay: areAlike ? dayOf(perHour.slice(0, kept)) : null,
  };
}

function dayOf(prices: readonly MicroUsd[]): MicroUsd {
  return microUsd(prices.reduce((sum, price) => sum + price, 0) * 24);
}
