import { formatBilled, formatFloor, formatMetered, formatReported } from "./format.ts";
import type { Figure } from "./tiers.ts";

/** "$0.43 billed", "≈ $0.41", "≥ $0.41", "$0.0014": how sure it is stands in its form. `space` for where there is room. */
export function figureText(
  { microUsd, tier, isFloor }: Pick<Figure, "microUsd" | "tier" | "isFloor">,
  space = " ",
): string {
  if (isFloor) return formatFloor(microUsd, space);
  switch (tier) {
    case "billed":
      return formatBilled(microUsd);
    case "reported":
      return formatReported(microUsd);
    default:
      return formatMetered(microUsd, space);
  }
}
