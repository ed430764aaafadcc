import type { AppInfo } from "./modalControl.ts";
import type { Scope } from "./scope.ts";
import type { SessionRecord } from "./session.ts";

export interface AppAtUrlFacts {
  readonly scope: Scope;
  /** Newest first. */
  readonly sessions: readonly Pick<SessionRecord, "apps">[];
  /** As Modal lists them now. */
  readonly listed: readonly Pick<AppInfo, "appId" | "name" | "state">[];
}

/** An app as a call belongs to it. */
interface NamedApp {
  readonly appId: string;
  readonly appName: string;
}

/**
 * The app that serves an address: the one whose deploy printed it, else the one that its name says,
 * `https://<workspace>[-<environment>]--<app>-<function>.modal.run`. null where two apps could, where
 * it is another workspace's or environment's, and for a custom domain or label: never a guess.
 */
export function appAtUrl(url: URL, { scope, sessions, listed }: AppAtUrlFacts): NamedApp | null {
  const running = listed.filter(({ state }) => state !== "stopped" && state !== "stopping");
  const printed = sessions
    .flatMap(({ apps }) => apps)
    .find(({ urls }) => urls.some((each) => isBelow(url, each.url)));
  // An app that was stopped and deployed again has another id.
  const wanted =
    printed === undefined
      ? running.filter(({ name }) => isNamed(url, scope, name))
      : running.filter(({ appId, name }) => appId === printed.appId || name === printed.appName);
  const [app, other] = wanted;
  if (app === undefined || other !== undefined) return null;
  return { appId: app.appId, appName: app.name };
}

function isBelow(url: URL, base: string): boolean {
  return url.href === base || url.href.startsWith(base.endsWith("/") ? base : `${base}/`);
}

/** Whether the host's name says that it is this app, in this workspace and environment. */
function isNamed({ hostname }: URL, { workspace, environment }: Scope, appName: string): boolean {
  const [, owner, label] = /^(.+?)--(.+)\.modal\.run$/.exec(hostname) ?? [];
  if (owner === undefined || label === undefined) return false;
  // Modal's default environment, "main", has no suffix in an address.
  const expectedOwner = environment === "main" ? workspace : `${workspace}-${environment}`;
  const app = labelOf(appName);
  return owner === labelOf(expectedOwner) && (label === app || label.startsWith(`${app}-`));
}

/** A name as it stands in a host's. */
function labelOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9-]+/g, "-");
}
