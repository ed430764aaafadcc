import { addCosts } from "../../cost/cost.ts";
import { metricsWithin, msWithin, type PricedSpan } from "../../cost/metered/pricedSpan.ts";
import type { Listing } from "../ledgerPort.ts";
import { localTime } from "./localTime.ts";
import type { Overnight } from "./reminderPolicy.ts";

/** The night before a day: from 20:00 to 06:00. */
const nightFromMs = -4 * 3_600_000;
const nightToMs = 6 * 3_600_000;
/** What began so shortly before now was not left running: somebody works early, or late. */
const freshMs = 3_600_000;

/**
 * What ran in the night before today among apps that are still live; null: none of them is as old
 * as the night, or all that ran in it began within the last hour. `appIds`: the person's own apps; `nowMs`: by this machine's clock;
 * `offsetMs`: Modal's clock, by which the containers are priced, minus it.
 */
export function overnightOf(
  listing: Pick<Listing, "apps">,
  appIds: ReadonlySet<string>,
  reading: { readonly priced: readonly PricedSpan[]; readonly offsetMs: number },
  nowMs: number,
  timeZone: string,
): Overnight | null {
  const { offsetMs } = reading;
  const dayStartMs = localTime(nowMs, timeZone).dayStartMs + offsetMs;
  const fromMs = dayStartMs + nightFromMs;
  const toMs = Math.min(dayStartMs + nightToMs, nowMs + offsetMs);
  const priced = reading.priced.filter(
    (one) => appIds.has(one.span.appId) && msWithin(one, fromMs, toMs) > 0,
  );
  const isOld = listing.apps.some(
    ({ appId, state, createdAtMs }) =>
      appIds.has(appId) && state !== "stopped" && createdAtMs !== null && createdAtMs < dayStartMs,
  );
  const wasLeft = priced.some(({ interval }) => interval.startMs < nowMs + offsetMs - freshMs);
  if (priced.length > 0 ? !wasLeft : !isOld) return null;
  return {
    ranMs: priced.reduce((sum, one) => sum + msWithin(one, fromMs, toMs), 0),
    cost: addCosts(priced.map((one) => metricsWithin(one, fromMs, toMs).total)),
  };
}
