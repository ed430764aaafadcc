import { usd } from "../cost/money.ts";
import type { SummaryLine } from "../session/modalControl.ts";

/** Lines of a billing summary that are not 0, the largest first. */
export function summaryLines(
  usdByName: Readonly<Record<string, number>> | undefined,
): readonly SummaryLine[] {
  return Object.entries(usdByName ?? {})
    .filter(([, cost]) => cost !== 0)
    .map(([name, cost]) => ({ name, cost: usd(cost) }))
    .toSorted((a, b) => Math.abs(b.cost) - Math.abs(a.cost));
}
