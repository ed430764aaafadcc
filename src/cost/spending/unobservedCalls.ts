import { t } from "../../base/text.ts";
import type { CallRecord } from "../call.ts";
import type { PricedSpan } from "../metered/pricedSpan.ts";
import { mayOverlap } from "../metered/pricedSpan.ts";
import { zeroUsd } from "../money.ts";
import { isOnBill, type LeftCost } from "./figure.ts";

/**
 * Of these calls, those during which no container of their app was observed, and which are not on
 * the bill: what they reported is all that is known of their cost. Each belongs to the range in
 * which it began, so that adjacent ranges add up.
 */
export function unobservedCalls(
  calls: readonly CallRecord[],
  all: readonly PricedSpan[],
  hours: ReadonlySet<string>,
): readonly LeftCost[] {
  const firstMs = calls.reduce((ms, call) => Math.min(ms, call.startedAtMs), Infinity);
  // Of a month, a day's calls are asked about.
  const during = all.filter((priced) => mayOverlap(priced, firstMs, Infinity));
  const byApp = Map.groupBy(during, ({ span }) => span.appId);
  return calls.flatMap((call) => {
    const { appId, startedAtMs, endedAtMs, reportedMicroUsd } = call;
    if (isOnBill(hours, call)) return [];
    const appSpans = appId === null ? [] : (byApp.get(appId) ?? []);
    const endMs = Math.max(endedAtMs ?? Number.POSITIVE_INFINITY, startedAtMs + 1);
    if (appSpans.some((priced) => mayOverlap(priced, startedAtMs, endMs))) return [];
    const low = reportedMicroUsd ?? zeroUsd;
    const isFloor = reportedMicroUsd === null;
    const whys = isFloor
      ? [t("A call reported no cost, and no container was observed meanwhile.")]
      : [];
    return [{ appId, known: { microUsd: low, isFloor, whys }, bounds: { low, high: null } }];
  });
}
