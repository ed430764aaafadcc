import { t } from "../../base/text.ts";
import type { CallRecord } from "../call.ts";
import type { PricedSpan } from "../metered/pricedSpan.ts";
import { mayOverlap } from "../metered/pricedSpan.ts";
import { zeroUsd } from "../money.ts";
import { isOnBill, type LeftCost } from "./figure.ts";

export interface ObservedCalls {
  /** During which a container of their app was observed. */
  readonly observed: readonly CallRecord[];
  readonly unobserved: readonly CallRecord[];
}

/** Parts the calls by whether a container of their app was observed while they ran. */
export function byObservation(
  calls: readonly CallRecord[],
  all: readonly PricedSpan[],
): ObservedCalls {
  const firstMs = calls.reduce((ms, call) => Math.min(ms, call.startedAtMs), Infinity);
  // Of a month, a day's calls are asked about.
  const during = all.filter((priced) => mayOverlap(priced, firstMs, Infinity));
  const byApp = Map.groupBy(during, ({ span }) => span.appId);
  const isObserved = ({ appId, startedAtMs, endedAtMs }: CallRecord): boolean => {
    const appSpans = appId === null ? [] : (byApp.get(appId) ?? []);
    const endMs = Math.max(endedAtMs ?? Number.POSITIVE_INFINITY, startedAtMs + 1);
    return appSpans.some((priced) => mayOverlap(priced, startedAtMs, endMs));
  };
  const [observed, unobserved]: [CallRecord[], CallRecord[]] = [[], []];
  for (const call of calls) (isObserved(call) ? observed : unobserved).push(call);
  return { observed, unobserved };
}

/**
 * What calls cost during which no container of their app was observed, and which are not on the bill:
 * what they reported is all that is known of it.
 */
export function costOfUnobserved(
  unobserved: readonly CallRecord[],
  hours: ReadonlySet<string>,
): readonly LeftCost[] {
  return (
    unobserved
      // One that cost nothing has not reached its app.
      .filter((call) => call.reportedMicroUsd !== zeroUsd && !isOnBill(hours, call))
      .map(({ appId, reportedMicroUsd }) => {
        const low = reportedMicroUsd ?? zeroUsd;
        const why =
          reportedMicroUsd === null
            ? t("A call reported no cost, and no container was observed meanwhile.")
            : t(
                "No container was observed while a call ran: what it reported is all that is known.",
              );
        return {
          appId,
          known: { microUsd: low, isFloor: true, whys: [why] },
          bounds: { low, high: null },
        };
      })
  );
}
