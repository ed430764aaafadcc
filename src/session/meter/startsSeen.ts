import type { StartSeen } from "../../cost/learned/billCheck.ts";
import { recallNotes } from "../logs/appNotes.ts";
import type { Ledger, TimeRange } from "../ledgerPort.ts";

/** What is told of the starts of the containers that looks showed and that became ready. */
export function startsSeen(
  ledger: Pick<Ledger, "recall" | "spans">,
  scope: string,
  range: TimeRange,
): readonly StartSeen[] {
  const byApp = Map.groupBy(ledger.spans({ scope, ...range }), ({ appId }) => appId);
  return [...byApp].flatMap(([appId, ofApp]) => {
    const { startups, logged } = recallNotes(ledger, { scope, appId });
    const startupOf = new Map(startups.map((one) => [one.containerId, one.startupMs]));
    const firstLineOf = new Map(logged.map((one) => [one.containerId, one.firstLineMs]));
    return ofApp.flatMap(({ containerId, enqueuedAtMs, startedAtMs }) =>
      startedAtMs === null
        ? []
        : [
            {
              enqueuedMs: enqueuedAtMs,
              startedMs: startedAtMs,
              startupMs: startupOf.get(containerId) ?? null,
              firstLineMs: firstLineOf.get(containerId) ?? null,
            },
          ],
    );
  });
}
