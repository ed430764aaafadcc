import { t } from "../../base/text.ts";
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
      t("{0} redirects to something that is not a URL.", hop.url.host),
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
      t(
        "{0} redirects to {1}//{2}, which is not safe to follow.",
        hop.url.host,
        url.protocol,
        url.host,
      ),
      { reached: "maybe", status },
    );
  }
  if (status === 303 || hop.method === "GET") return { url, method: "GET" };
  if ((status === 307 || status === 308) && url.origin === hop.url.origin) {
    return { url, method: "POST" };
  }
  throw new CallFailure(
    "bad-setting",
    t(
      "The endpoint has moved to {0}{1}. Set that address in modalMeter.endpointUrls and call again.",
      url.origin,
      url.pathname,
    ),
    { reached: "maybe", status },
  );
}
