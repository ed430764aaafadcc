import { CallFailure } from "../callTypes.ts";
import { isLoopback, isSafe } from "../catalogue/endpointUrl.ts";
import type { Hop } from "./exchange.ts";

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return redirectStatuses.has(status);
}

/**
 * Where an answer sends us, and how to go there.
 *
 * 303 is Modal's hand-over (and HTTP's "see other"): always GET, without a body. 307 and 308 ask
 * for the same request elsewhere; a POST goes only to the same origin, because the body holds the
 * prompt. 301 and 302 of a POST are refused: clients differ in what they would do, and one of the
 * two ways pays twice.
 *
 * @throws CallFailure "bad-response" or "bad-setting".
 */
export function nextHop(
  hop: Pick<Hop, "method" | "url">,
  status: number,
  location: string,
): {
  readonly url: URL;
  readonly method: "GET" | "POST";
} {
  if (!URL.canParse(location, hop.url.href)) {
    throw new CallFailure(
      "bad-response",
      `${hop.url.host} redirects to something that is not a URL.`,
      { reached: "maybe", status },
    );
  }
  const url = new URL(location, hop.url);
  url.hash = "";
  url.username = "";
  url.password = "";
  if (!isSafe(url) || (isLoopback(url.hostname) && !isLoopback(hop.url.hostname))) {
    throw new CallFailure(
      "bad-response",
      `${hop.url.host} redirects to ${url.protocol}//${url.host}, which is not safe to follow.`,
      { reached: "maybe", status },
    );
  }
  if (status === 303 || hop.method === "GET") return { url, method: "GET" };
  if ((status === 307 || status === 308) && url.origin === hop.url.origin) {
    return { url, method: "POST" };
  }
  throw new CallFailure(
    "bad-setting",
    `The endpoint has moved to ${url.origin}${url.pathname}. Set that address in modalMeter.endpointUrls and call again.`,
    { reached: "maybe", status },
  );
}
