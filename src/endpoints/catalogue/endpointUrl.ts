import { ownValue } from "../../base/ownValue.ts";
import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import type { DeployedUrl } from "../../session/deployer.ts";
import type { Endpoint } from "./endpoint.ts";

export interface UrlSources {
  /** Setting "modalMeter.endpointUrls": endpoint name → full address. */
  readonly perEndpoint: Readonly<Record<string, string>>;
  /** Setting "modalMeter.endpointBaseUrl", "" when not set; asked for where the endpoint has no address of its own. */
  readonly base: () => string;
  /** Addresses that the session's deploys printed. */
  readonly deployed: readonly DeployedUrl[];
}

export interface EndpointUrl {
  readonly url: URL;
  readonly from: "setting" | "base" | "deploy";
}

/**
 * The address of an endpoint: its own setting, else the base setting, else the session's deploys.
 * Never guesses between two candidates, because a request to a wrong app starts its container and
 * costs money.
 * @throws Failure "bad-setting" with the setting's name, or "endpoint-not-found".
 */
export function resolveUrl(endpoint: Endpoint, sources: UrlSources): EndpointUrl {
  const configured = ownValue(sources.perEndpoint, endpoint.name) ?? endpoint.url ?? "";
  if (configured !== "") {
    return {
      url: safeUrl(
        configured,
        t('modalMeter.endpointUrls (or the endpoint\'s own "url") for "{0}"', endpoint.name),
      ),
      from: "setting",
    };
  }
  const base = sources.base();
  if (base !== "") {
    return { url: below(safeUrl(base, "modalMeter.endpointBaseUrl"), endpoint), from: "base" };
  }
  return { url: deployedUrl(endpoint, sources.deployed), from: "deploy" };
}

/**
 * An address that may be called: https, or http to this machine itself.
 * @throws Failure "bad-setting".
 */
export function safeUrl(text: string, where: string): URL {
  const problem = urlProblem(text);
  if (problem !== undefined) throw bad(where, problem);
  const url = new URL(text);
  url.hash = "";
  return url;
}

/** Why an address may not be called, after its name: "is not a URL"; undefined: it may be. */
export function urlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return t("is not a URL. It looks like https://….modal.run");
  const url = new URL(text);
  if (url.username !== "" || url.password !== "")
    return t("has a user name or password in it. Save proxy tokens with the command instead");
  return isSafe(url) ? undefined : t("must start with https:// (http:// only for this machine)");
}

/** https anywhere, http on the loopback interface alone. */
export function isSafe(url: URL): boolean {
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
}

export function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname === "[::1]" ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  );
}

function below(base: URL, endpoint: Endpoint): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${endpoint.route.replace(/^\/+/, "")}`;
  return url;
}

function deployedUrl(endpoint: Endpoint, deployed: readonly DeployedUrl[]): URL {
  const wanted = plain(endpoint.route);
  const named = deployed.filter(({ functionName }) => plain(lastPart(functionName)) === wanted);
  const exact = only(named, endpoint);
  if (exact !== undefined) return safeUrl(exact.url, t("the deploy's output"));
  const app = only(bestHosts(deployed, wanted), endpoint);
  if (app !== undefined) return below(safeUrl(app.url, t("the deploy's output")), endpoint);
  throw new Failure(
    "endpoint-not-found",
    t(
      'No address is known for "{0}". Start a session, or set its URL in modalMeter.endpointUrls.',
      endpoint.name,
    ),
  );
}

/** Of several web apps, those that serve whole routes and whose host shares most words with the route. */
function bestHosts(deployed: readonly DeployedUrl[], wanted: string): readonly DeployedUrl[] {
  const words = wanted.split("-");
  const scored = deployed.map((entry) => {
    const host = URL.canParse(entry.url) ? new URL(entry.url).hostname : "";
    const label = new Set(host.split(/[.-]+/));
    const shared = words.filter((word) => label.has(word)).length;
    return { entry, score: shared + (servesRoutes(entry) ? words.length + 1 : 0) };
  });
  // At least one sign is asked for: a lone LLM function is not an address for "/flux".
  const best = Math.max(1, ...scored.map(({ score }) => score));
  return scored.filter(({ score }) => score === best).map(({ entry }) => entry);
}

/** Names that people give to the function behind `@modal.asgi_app()` or `@modal.wsgi_app()`. */
function servesRoutes(entry: DeployedUrl): boolean {
  return /(^|-)(app|api|asgi|wsgi|fastapi|web|server|serve|ui)(-|$)/.test(
    plain(lastPart(entry.functionName)),
  );
}

function only(candidates: readonly DeployedUrl[], endpoint: Endpoint): DeployedUrl | undefined {
  const [first, ...others] = [...new Map(candidates.map((entry) => [entry.url, entry])).values()];
  if (others.length === 0) return first;
  const hosts = candidates.map(({ url }) => (URL.canParse(url) ? new URL(url).host : url));
  throw new Failure(
    "bad-setting",
    t(
      'Several deployed apps could serve "{0}" ({1}). Set its URL in modalMeter.endpointUrls, so that no wrong app is started.',
      endpoint.name,
      hosts.join(", "),
    ),
  );
}

function lastPart(functionName: string): string {
  return functionName.split(".").at(-1) ?? functionName;
}

function plain(name: string): string {
  return name
    .replace(/^\/+/, "")
    .replaceAll(/[_/\s]+/g, "-")
    .toLowerCase();
}

function bad(where: string, what: string): Failure {
  return new Failure("bad-setting", t("The address in {0} {1}.", where, what));
}
