import type { IncomingMessage } from "node:http";
import { t } from "../../base/text.ts";
import { CallFailure, type ProxyToken } from "../callTypes.ts";
import { acceptedEncodings } from "../result/contentDecoder.ts";
import type { Hop } from "./exchange.ts";

/**
 * The headers of one request. `token` is the one saved for the hop's own origin: a redirect
 * elsewhere cannot carry it along.
 *
 * @throws CallFailure "missing-proxy-auth" when the token cannot be sent.
 */
export function requestHeaders(
  { url, body }: Omit<Hop, "headers">,
  token: ProxyToken | undefined,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {
    accept: "*/*",
    "accept-encoding": acceptedEncodings,
    "user-agent": "modal-meter",
  };
  if (body !== null) {
    headers["content-type"] = "application/json";
    headers["content-length"] = String(body.length);
  }
  if (token !== undefined) {
    if (!/^[\x21-\x7e]+$/.test(token.key) || !/^[\x21-\x7e]+$/.test(token.secret)) {
      throw new CallFailure(
        "missing-proxy-auth",
        t("The proxy token saved for {0} is damaged. Save it again. Nothing was sent.", url.host),
      );
    }
    headers["modal-key"] = token.key;
    headers["modal-secret"] = token.secret;
  }
  return headers;
}

/** An answer's headers, names in lower case, repeated ones joined. */
export function plainHeaders(message: IncomingMessage): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}
