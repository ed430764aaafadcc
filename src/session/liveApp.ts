import type { Listing } from "./ledgerPort.ts";
import type { AppState } from "./modalControl.ts";

/** An app that is not proven to be over. */
export interface LiveApp {
  readonly appId: string;
  readonly name: string;
  readonly state: AppState;
  /** Containers, running or pending: the larger of Modal's count and of what the listing shows. */
  readonly containerCount: number;
}

/**
 * Everything in the listing that is not proven to be over. "stopping…" is not stopped; a stopped
 * app with containers still listed is not over; containers of an app that the listing does not
 * show (it hides apps that stopped about two hours ago) are a live app of unknown state.
 */
export function liveApps(listing: Pick<Listing, "apps" | "containers">): readonly LiveApp[] {
  const listed = new Map<string, { name: string; count: number }>();
  for (const { appId, appName } of listing.containers) {
    const known = listed.get(appId);
    listed.set(appId, { name: known?.name ?? appName, count: (known?.count ?? 0) + 1 });
  }
  const live: LiveApp[] = [];
  const shown = new Set<string>();
  for (const app of listing.apps) {
    shown.add(app.appId);
    const containerCount = Math.max(app.containerCount, listed.get(app.appId)?.count ?? 0);
    if (app.state === "stopped" && containerCount === 0) continue;
    live.push({ appId: app.appId, name: app.name, state: app.state, containerCount });
  }
  for (const [appId, { name, count }] of listed)
    if (!shown.has(appId)) live.push({ appId, name, state: "unknown", containerCount: count });
  return live;
}
