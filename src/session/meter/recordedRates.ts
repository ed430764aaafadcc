import { rateHistory, type RateHistory, type RateSources } from "../../cost/rates/rates.ts";
import type { Ledger } from "../ledgerPort.ts";

/**
 * Rates over time, as the ledger has them of a scope, under the user's own. Without a scope, or before
 * any were read, they are those of the built-in table.
 */
export function recordedRates(
  ledger: Pick<Ledger, "rateHistory">,
  scopeKey: string | undefined,
  overrides: NonNullable<RateSources["overrides"]>,
): RateHistory {
  const versions = scopeKey === undefined ? [] : ledger.rateHistory(scopeKey);
  return rateHistory(
    versions.map(({ rates, sinceMs, fetchedAtMs }) => ({ ...rates, sinceMs, fetchedAtMs })),
    { overrides },
  );
}
