import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { TLSSocket } from "node:tls";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import type { Reached } from "../callTypes.ts";
import { markOverlong } from "../overlong.ts";

export interface Hop {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

export interface HopOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly connectMs: number;
  readonly onConnected: () => void;
}

/** One request that brought no answer. `sent` tells whether any of it can have left the machine. */
export class ExchangeError extends Error {
  override readonly name = "ExchangeError";
  readonly sent: boolean;
  readonly code: string;

  constructor(code: string, sent: boolean, cause: unknown) {
    // not shown: for the log; connectionFailure.ts has the words
    super(`${code}${sent ? "" : " (before anything was sent)"}`, { cause });
    this.code = code;
    this.sent = sent;
  }

  get reached(): Reached {
    return this.sent ? "maybe" : "no";
  }
}

/**
 * One request and the head of its answer, over Node's http and https, which VS Code patches for
 * proxies and certificates. Not global `fetch`: inside VS Code that gives up on a silent server
 * after 300 s, and a cold start with a long video is longer. There is no limit here but the
 * connect timeout and the signal.
 *
 * `Connection: close` and no agent of its own: a pooled socket that the server has just closed
 * would fail a POST after it was sent, and such a POST must not be repeated.
 *
 * Rejects with an ExchangeError, or the signal's reason.
 */
export function exchange(hop: Hop, options: HopOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { clock, signal } = options;
    if (signal.aborted) {
      reject(new ExchangeError("ABORTED", false, signal.reason));
      return;
    }
    let connected = false;
    let settled = false;
    const send = hop.url.protocol === "https:" ? httpsRequest : httpRequest;
    const request = send(hop.url, {
      method: hop.method,
      headers: { ...hop.headers, connection: "close" },
    });

    const timer: Disposable = clock.after(options.connectMs, () => {
      fail(new ExchangeError("CONNECT_TIMEOUT", false, undefined));
    });
    const onAbort = (): void => fail(new ExchangeError("ABORTED", connected, signal.reason));
    const finish = (): void => {
      settled = true;
      timer.dispose();
      signal.removeEventListener("abort", onAbort);
    };
    const fail = (error: ExchangeError): void => {
      if (settled) return;
      finish();
      request.destroy();
      reject(error);
    };

    signal.addEventListener("abort", onAbort, { once: true });
    watchConnection(request, () => {
      if (connected || settled) return;
      connected = true;
      timer.dispose();
      options.onConnected();
    });
    // Stays after the answer's head: bytes after the announced end come as a late parser error.
    let answer: IncomingMessage | undefined;
    request.on("error", (error) => {
      if (answer !== undefined && codeOf(error).startsWith("HPE_")) markOverlong(answer);
      fail(new ExchangeError(codeOf(error), connected, error));
    });
    request.on("response", (message) => {
      answer = message;
      if (settled) {
        message.destroy();
        return;
      }
      finish();
      resolve(message);
    });
    request.end(hop.body ?? undefined);
  });
}

/** Calls back when bytes of the request can leave: after TCP, or after TLS where there is TLS. */
function watchConnection(request: ClientRequest, onConnected: () => void): void {
  request.once("socket", (socket) => {
    // NAT tables forget a silent connection after minutes; probes keep it.
    socket.setKeepAlive(true, 30_000);
    socket.setNoDelay(true);
    if (socket instanceof TLSSocket) {
      // A socket that came through a proxy may have its handshake behind it.
      if (socket.getFinished() === undefined) socket.once("secureConnect", onConnected);
      else onConnected();
    } else if (socket.connecting) socket.once("connect", onConnected);
    else onConnected();
  });
}

function codeOf(error: Error): string {
  if ("code" in error && typeof error.code === "string") return error.code;
  return "FAILED";
}
