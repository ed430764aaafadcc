import { t } from "../base/text.ts";
import { formatAmount, formatBilled, formatReported } from "./format.ts";
import type { CostTiers } from "./tiers.ts";

/** "$0.0014 reported, ≈ $0.41 metered, $0.43 billed"; what is not known is left out. */
export function knownTiersText(cost: CostTiers): string {
  const parts: string[] = [];
  if (cost.reported !== null) parts.push(t("{0} reported", formatReported(cost.reported)));
  if (cost.metered !== null) {
    const sign = cost.meteredIsFloor ? "≥" : "≈";
    parts.push(t("{0} metered", `${sign} ${formatAmount(cost.metered)}`));
  }
  if (cost.billed !== null) parts.push(formatBilled(cost.billed));
  return parts.length === 0 ? t("no cost known") : parts.join(", ");
}
