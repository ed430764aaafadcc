import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import { catalogue } from "../../endpoints/catalogue/catalogue.ts";
import type { Endpoint } from "../../endpoints/catalogue/endpoint.ts";
import { readEndpointSettings, wrongEndpoint } from "../../endpoints/catalogue/endpointSetting.ts";
import { resolveUrl } from "../../endpoints/catalogue/endpointUrl.ts";
import { appAtUrl } from "../../session/appAtUrl.ts";
import { ifReadable } from "../../session/ifReadable.ts";
import type { SessionRecord } from "../../session/session.ts";
import type { Services } from "../services.ts";
import { thisSession } from "../thisSession.ts";

/** What the functions here work with. */
type PlanServices = Pick<Services, "connection" | "ledger" | "project" | "settings">;

/** Where a call goes, and what it belongs to. */
export interface Prepared {
  readonly endpoint: Endpoint;
  readonly url: URL;
  readonly session: SessionRecord | undefined;
  readonly app: { readonly appId: string; readonly appName: string } | null;
  readonly folder: string | null;
}

/** Built-in endpoints and the user's own that can be read. Throws `Failure("bad-setting")` when none can. */
export function endpointsOf({ settings }: Pick<Services, "settings">): readonly Endpoint[] {
  const { endpoints, wrong } = readEndpointSettings(settings.current.get("endpoints"));
  // What stands for a built-in endpoint and cannot be read is not that one.
  const unread = new Set(wrong.map(({ name }) => name));
  return catalogue(endpoints).filter(
    ({ name, source }) => source !== "built-in" || !unread.has(name),
  );
}

/** The endpoint of this name. Throws `Failure("not-found")` or `Failure("bad-setting")`. */
export function endpointNamed(services: Pick<Services, "settings">, name: string): Endpoint {
  const found = endpointsOf(services).find((endpoint) => endpoint.name === name);
  if (found !== undefined) return found;
  const { wrong } = readEndpointSettings(services.settings.current.get("endpoints"));
  const unread = wrong.find((one) => one.name === name);
  if (unread !== undefined) throw wrongEndpoint(unread);
  throw new Failure("not-found", t('There is no endpoint "{0}".', name));
}

/** Where a call would go now and what it belongs to. Throws a `Failure` when no address is known. */
export function planCall(services: PlanServices, endpoint: Endpoint): Prepared {
  const { settings, project } = services;
  const folder = project.currentFolder();
  const session = thisSession(services);
  const apps = session?.apps ?? [];
  settings.current.require("endpointUrls", endpoint.name);
  const { url } = resolveUrl(endpoint, {
    perEndpoint: settings.current.get("endpointUrls"),
    base: () => settings.current.get("endpointBaseUrl"),
    deployed: apps.flatMap(({ urls }) => urls),
  });
  const app = apps.find(({ urls }) => urls.some((each) => url.href.startsWith(each.url)));
  return {
    endpoint,
    url,
    session,
    app: app === undefined ? appOf(services, url) : { appId: app.appId, appName: app.appName },
    folder,
  };
}

/** The app at an address that no session's deploy printed; null: not known. */
function appOf({ connection, ledger }: PlanServices, url: URL): Prepared["app"] {
  const { scope, scopeKey } = connection.last ?? {};
  if (scope === undefined || scopeKey === undefined) return null;
  const listed = ledger.latestListing(scopeKey)?.apps ?? [];
  const sessions = ifReadable(() => ledger.sessions({ scope: scopeKey })) ?? [];
  return appAtUrl(url, { scope, sessions, listed });
}
