import type { AppFacts } from "../../lens/read/facts.ts";
import type { SessionApp } from "../../session/session.ts";

/** What deploys printed of an origin's addresses. What they printed that is no address belongs to none. */
export function printedAt(
  apps: readonly Pick<SessionApp, "urls">[],
  origin: string,
): SessionApp["urls"] {
  return apps
    .flatMap(({ urls }) => urls)
    .filter(({ url }) => URL.canParse(url) && new URL(url).origin === origin);
}

/**
 * Whether the app's file says that an address refuses calls without a proxy token
 * (`requires_proxy_auth`): the function that the host names (`…--<app>-<function>.modal.run`), else all
 * that have an address. What is not told is no reason to ask.
 */
export function needsTokenByFile({ functions }: AppFacts, { hostname }: URL): boolean {
  const web = [...functions].filter(([, { needsToken }]) => needsToken !== null);
  const [label = ""] = hostname.split(".");
  const named = web.filter(([name]) => label.endsWith(`-${labelOf(name)}`));
  const there = named.length > 0 ? named : web;
  return there.length > 0 && there.every(([, { needsToken }]) => needsToken === true);
}

/** A function's name as it stands in a host's. */
function labelOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9-]+/g, "-");
}
