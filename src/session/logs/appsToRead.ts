import type { Ledger, Listing } from "../ledgerPort.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** An unfocused window looks every 10 minutes with the CLI. Then only logs of apps in use are worth a second of CPU each. */
const ordinaryMs = 15 * 60_000;

export interface NamedApp {
  readonly appId: string;
  readonly appName: string;
}

/** Apps that are up or were in the gap, those with containers first. */
export function appsToRead(
  ledger: Pick<Ledger, "spans">,
  listing: Listing,
  fromMs: number,
): readonly NamedApp[] {
  const { scope, observedAtMs } = listing;
  const spans = ledger.spans({ scope, fromMs: fromMs - dayMs, toMs: observedAtMs });
  const active = new Map(spans.map((span) => [span.appId, span.lastSeenAtMs]));
  const wanted = new Map<string, string>();
  for (const { appId, appName, lastSeenAtMs } of spans) {
    if (lastSeenAtMs >= fromMs - hourMs) wanted.set(appId, appName);
  }
  for (const { appId, name, state, stoppedAtMs } of listing.apps) {
    if (state !== "stopped" || (stoppedAtMs ?? 0) > fromMs) wanted.set(appId, name);
  }
  for (const { appId, appName } of listing.containers) {
    wanted.set(appId, appName);
    active.set(appId, observedAtMs);
  }
  const isOrdinary = listing.adapter === "cli" && observedAtMs - fromMs < ordinaryMs;
  return [...wanted]
    .map(([appId, appName]) => ({ appId, appName }))
    .filter(({ appId }) => !isOrdinary || active.has(appId))
    .toSorted((a, b) => (active.get(b.appId) ?? 0) - (active.get(a.appId) ?? 0));
}
