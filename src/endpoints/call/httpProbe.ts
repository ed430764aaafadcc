import { t } from "../../base/text.ts";
import type { Clock } from "../../base/clock.ts";
import { failureOf } from "../../base/failure.ts";
import { cancelled, isAborted } from "../../base/abort.ts";
import { within } from "../../session/concurrent.ts";
import type { Probe, ProbeAnswer } from "../../session/probe.ts";
import type { ProxyToken } from "../callTypes.ts";
import { connectionFailure } from "./connectionFailure.ts";
import { safeUrl } from "../catalogue/endpointUrl.ts";
import { errorBody } from "./errorBody.ts";
import { exchange, ExchangeError } from "./exchange.ts";
import { isRedirect, nextHop } from "./redirect.ts";
import { Redactor } from "../redactor.ts";
import { responseFailure } from "./responseFailure.ts";

export interface HttpProbeParts {
  readonly clock: Clock;
  /** The token saved for exactly this origin ("https://host"), if any. */
  readonly proxyToken: (origin: string) => Promise<ProxyToken | undefined>;
}

const connectMs = 20_000;
const maxHops = 60;

/**
 * The probe over HTTP: one GET, hand-overs followed, the body thrown away. An answer of Modal's own
 * ("modal-http: …": stopped, unknown, missing credentials, disabled) is a `Failure`; any other answer
 * is the app's, whatever its status.
 */
export function httpProbe({ clock, proxyToken }: HttpProbeParts): Probe {
  return (url, { timeoutMs, signal }) => {
    const first = safeUrl(url, t("the URL of the health check or of the warm-up"));
    return within(clock, timeoutMs, first.host, signal, async (limit): Promise<ProbeAnswer> => {
      const redactor = new Redactor([], first);
      let hop: { readonly url: URL; readonly method: "GET" | "POST" } = {
        url: first,
        method: "GET",
      };
      for (let hops = 0; ; hops += 1) {
        const status = await ask(hop.url, limit, redactor);
        if (typeof status === "number" || hops >= maxHops) {
          return { status: typeof status === "number" ? status : 310 };
        }
        hop = nextHop(hop, status.status, status.location, redactor);
      }
    });
  };

  async function ask(
    url: URL,
    signal: AbortSignal,
    redactor: Redactor,
  ): Promise<number | { readonly status: number; readonly location: string }> {
    const token = await proxyToken(url.origin);
    const headers: Record<string, string> = { accept: "*/*", "user-agent": "modal-meter" };
    if (token !== undefined) {
      redactor.add(token.key, token.secret);
      headers["modal-key"] = token.key;
      headers["modal-secret"] = token.secret;
    }
    try {
      const message = await exchange(
        { method: "GET", url, headers, body: null },
        { clock, signal, connectMs, onConnected: () => undefined },
      );
      const status = message.statusCode ?? 0;
      const { location } = message.headers;
      if (isRedirect(status) && location !== undefined) {
        message.destroy();
        return { status, location };
      }
      if (status < 400) {
        message.destroy();
        return status;
      }
      const body = await errorBody(message, clock, signal);
      if (!/^\s*modal-http:/.test(body) && status !== 401) return status;
      const endpoint = redactor.address(url).pathname;
      throw responseFailure({ endpoint, url, status, headers: {}, body, redactor });
    } catch (error) {
      if (isAborted(signal)) throw failureOf(signal.reason) ?? cancelled();
      if (error instanceof ExchangeError)
        throw connectionFailure(error, redactor.address(url), null);
      throw error;
    }
  }
}
