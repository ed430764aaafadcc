import { readIncidents, type IncidentRecord } from "../../../src/guardian/incident/record.ts";
import type { Ledger } from "../../../src/session/ledgerPort.ts";

/** The incident that was written to last; undefined: there was none. */
export function lastIncident(ledger: Pick<Ledger, "recall">): IncidentRecord | undefined {
  return readIncidents(ledger).at(-1);
}
