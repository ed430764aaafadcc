import { t } from "../../base/text.ts";
import { formatParts } from "../../cost/apportion.ts";
import { zeroUsd, type MicroUsd } from "../../cost/money.ts";
import { burnOfApps } from "../../session/meter/runningApps.ts";
import type { RunningApp } from "../../session/meter/meterState.ts";

/** What apps cost per hour, as it stands beside them: so rounded that they add up to their sum. */
export interface PerHourTexts {
  /** Of each. */
  readonly apps: readonly string[];
  /** Of those from `from` on together. */
  readonly rest: (from: number) => string;
}

/**
 * The one way in which what burns is rounded: the rows of the side bar, those of the hover and the sum in
 * the status bar say the same.
 *
 * @param apps all that are mine: what is shown of them is up to the place.
 */
export function perHourTexts(apps: readonly RunningApp[]): PerHourTexts {
  const burns = apps.map(({ microUsdPerHour }) => microUsdPerHour);
  const { parts, rest } = formatParts(burns.map((burn) => burn ?? zeroUsd));
  return {
    apps: burns.map((burn, index) => textOf(burn, parts[index] ?? "")),
    rest: (from) => textOf(burnOfApps(apps.slice(from)), rest(from)),
  };
}

function textOf(burn: MicroUsd | null, amount: string): string {
  if (burn === null) return t("unknown");
  return burn === zeroUsd ? t("idle") : `${amount}/h`;
}
