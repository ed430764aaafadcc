import {
  rateHistory,
  toldUntil,
  type RateHistory,
  type RateSources,
} from "../../cost/rates/rates.ts";
import type { Ledger } from "../ledgerPort.ts";

/**
 * Rates over time, as the ledger has them of a scope until now, under the user's own. Without a scope, or
 * before any were read, they are those of the built-in table.
 */
export function recordedRates(
  ledger: Pick<Ledger, "rateHistory">,
  scopeKey: string | undefined,
  overrides: NonNullable<RateSources["overrides"]>,
  nowMs: number,
): RateHistory {
  const history = scopeKey === undefined ? [] : ledger.rateHistory(scopeKey);
  const versions = history.map(({ rates, ...when }) => ({ ...rates, ...when }));
  return rateHistory(toldUntil(versions, nowMs), { overrides });
}
