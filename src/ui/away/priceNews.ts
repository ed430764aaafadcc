import { t } from "../../base/text.ts";
import { priceChangeText, type PriceChange } from "../../cost/rates/priceChange.ts";
import { runCommand } from "../command.ts";
import { sayInfo } from "../say.ts";
import type { Services } from "../services.ts";

/** Says that Modal has other prices than before. */
export async function tellPrices(
  { costs }: Pick<Services, "costs">,
  changes: readonly PriceChange[],
): Promise<void> {
  const text = priceChangeText(changes);
  costs.line(`🏷️ ${text}`);
  const explain = t("Explain Costs");
  if ((await sayInfo(text, explain)) === explain) await runCommand("explainCost");
}
