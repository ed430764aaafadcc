import { t } from "../../base/text.ts";
import { CallFailure } from "../callTypes.ts";
import { isLoopback, isSafe } from "../catalogue/endpointUrl.ts";
import { isInward } from "../catalogue/inwardAddress.ts";
import { Redactor } from "../redactor.ts";
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
  redactor = new Redactor(),
): {
  readonly url: URL;
  readonly method: "GET" | "POST";
} {
  const from = redactor.address(hop.url);
  if (!URL.canParse(location, hop.url.href)) {
    throw new CallFailure(
      "bad-response",
      t("{0} redirects to something that is not a URL.", from.host),
      { reached: "maybe", status },
    );
  }
  const url = new URL(location, hop.url);
  url.hash = "";
  url.username = "";
  url.password = "";
  const to = redactor.address(url);
  if (!isSafe(url) || !mayLead(hop.url, url)) {
    throw new CallFailure(
      "bad-response",
      t("{0} redirects to {1}//{2}, which is not safe to follow.", from.host, to.protocol, to.host),
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
      to.origin,
      to.pathname,
    ),
    { reached: "maybe", status },
  );
}

/**
 * Whether an answer from one place may send us to the other. Not to this machine, nor to what only machines
 * near it reach: that would be the answer's way past a firewall. An endpoint on this machine stays with it.
 */
function mayLead(from: URL, to: URL): boolean {
  if (to.origin === from.origin || !isInward(to.hostname)) return true;
  return isLoopback(from.hostname) && isLoopback(to.hostname) && from.port === to.port;
}
