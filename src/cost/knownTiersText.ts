import { t } from "../base/text.ts";
import { figureText } from "./figureText.ts";
import { formatBilled, formatReported } from "./format.ts";
import type { CostTiers } from "./tiers.ts";

/** "$0.0014 reported, ≈ $0.41 metered, $0.43 billed"; what is not known is left out. */
export function knownTiersText(cost: CostTiers): string {
  const parts: string[] = [];
  if (cost.reported !== null) parts.push(t("{0} reported", formatReported(cost.reported)));
  if (cost.metered !== null) {
    const { metered: microUsd, meteredIsFloor: isFloor } = cost;
    parts.push(t("{0} metered", figureText({ microUsd, tier: "metered", isFloor })));
  }
  if (cost.billed !== null) parts.push(formatBilled(cost.billed));
  return parts.length === 0 ? t("no cost known") : parts.join(", ");
}
