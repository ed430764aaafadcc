import { t } from "../base/text.ts";
import { formatCountdown } from "../cost/format.ts";

/** Less is nothing that a person wants to hear of. */
const leastMs = 5_000;

/** How far this machine's clock is from Modal's; undefined: not worth a line. @param offsetMs Modal's minus this one's */
export function clockText(offsetMs: number): string | undefined {
  if (Math.abs(offsetMs) <= leastMs) return undefined;
  const by = formatCountdown(Math.abs(offsetMs));
  return offsetMs > 0
    ? t("This machine's clock is {0} behind Modal's; costs go by Modal's.", by)
    : t("This machine's clock is {0} ahead of Modal's; costs go by Modal's.", by);
}
