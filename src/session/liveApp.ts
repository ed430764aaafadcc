import { plural, t } from "../base/text.ts";
import type { Listing } from "./ledgerPort.ts";
import { isPendingSandbox, sandboxKind } from "./sandboxInfo.ts";
import type { AppState } from "./modalControl.ts";

/** An app that is not proven to be over. */
export interface LiveApp {
  readonly appId: string;
  readonly name: string;
  readonly state: AppState;
  /** Containers, running or pending: the larger of Modal's count and of what the listing shows. */
  readonly containerCount: number;
  /** Of a sandbox: the app in which it runs, whose owner is its owner. Absent: it is an app itself. */
  readonly inApp?: string;
}

/**
 * Everything in the listing that is not proven to be over. "stopping…" is not stopped; a stopped
 * app with containers still listed is not over; containers of an app that the listing does not
 * show (it hides apps that stopped about two hours ago) are a live app of unknown state.
 */
export function liveApps(listing: Pick<Listing, "apps" | "containers">): readonly LiveApp[] {
  const listed = new Map<string, { name: string; count: number }>();
  for (const { appId, appName } of listing.containers) {
    const earlier = listed.get(appId);
    listed.set(appId, { name: earlier?.name ?? appName, count: (earlier?.count ?? 0) + 1 });
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

/** Everything that can be stopped by itself: the live apps, and the sandboxes that run in them. */
export function liveThings(
  listing: Pick<Listing, "apps" | "containers" | "sandboxes">,
): readonly LiveApp[] {
  return [...liveApps(listing), ...liveSandboxes(listing)];
}

/** The sandboxes that run, as far as the look knows of them. Their ids are Modal's ("sb-…"). */
function liveSandboxes({
  containers,
  sandboxes,
}: Pick<Listing, "containers" | "sandboxes">): readonly LiveApp[] {
  const live = new Set(containers.map(({ containerId }) => containerId));
  return (sandboxes?.sandboxes ?? [])
    .filter((sandbox) => live.has(sandbox.containerId) || isPendingSandbox(sandbox))
    .map(({ sandboxId, appId, name }) => ({
      appId: sandboxId,
      name: name === "" ? sandboxId : name,
      state: "unknown",
      containerCount: 1,
      inApp: appId,
    }));
}

/** Whether what is called an app in a plan or a receipt is a sandbox. */
export function isSandbox({ appId }: Pick<LiveApp, "appId">): boolean {
  return sandboxKind(appId) !== null;
}

/** "2 apps", "1 sandbox", "1 app and 2 sandboxes": what is called an app in a plan or a receipt, counted. */
export function countText(things: readonly Pick<LiveApp, "appId">[]): string {
  const sandboxes = things.filter(isSandbox).length;
  const apps = things.length - sandboxes;
  const appsText = plural(apps, { one: "{0} app", other: "{0} apps" });
  if (sandboxes === 0) return appsText;
  const sandboxesText = plural(sandboxes, { one: "{0} sandbox", other: "{0} sandboxes" });
  return apps === 0 ? sandboxesText : t("{0} and {1}", appsText, sandboxesText);
}
