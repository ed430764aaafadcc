import type { FailureReason } from "../../base/failure.ts";
import { CallFailure, type CallFailureFacts } from "../callTypes.ts";
import type { ExchangeError } from "./exchange.ts";

/** Nothing of the request can have left this machine, so another try cannot be billed twice. */
export function isSafeToRetry(error: ExchangeError): boolean {
  return (
    !error.sent &&
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|CONNECT_TIMEOUT|ENETUNREACH)$/.test(error.code)
  );
}

/** A network error in words. */
export function connectionFailure(
  error: ExchangeError,
  url: URL,
  handoverUrl: string | null,
): CallFailure {
  const [reason, what] = wordsFor(error, url);
  const later =
    handoverUrl === null
      ? error.sent
        ? " The request may have reached the app and may be billed; it was not sent again."
        : " Nothing was sent, nothing is billed."
      : ' Modal still works on the call: "Follow Call Again…" picks the result up without paying twice.';
  const facts: Partial<CallFailureFacts> = {
    reached: handoverUrl === null ? error.reached : "yes",
    handoverUrl,
    containerMayGoOn: error.sent || handoverUrl !== null,
  };
  return new CallFailure(reason, `${what}${later}`, facts, {
    cause: error,
    evidence: `${error.code} at ${url.host}`,
  });
}

function wordsFor(error: ExchangeError, url: URL): readonly [FailureReason, string] {
  const { code } = error;
  switch (code) {
    case "ENOTFOUND":
      return ["offline", `There is no server named ${url.hostname}, or this machine is offline.`];
    case "EAI_AGAIN":
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return ["offline", "This machine seems to be offline."];
    case "ECONNREFUSED":
      return ["offline", `Nothing listens at ${url.host}. Check the URL.`];
    case "CONNECT_TIMEOUT":
    case "ETIMEDOUT":
      return [
        "timed-out",
        `No connection to ${url.host} came about. Check the network and the proxy.`,
      ];
    case "ECONNRESET":
    case "EPIPE":
      return ["service-error", `${url.host} closed the connection without an answer.`];
    default:
      if (code.startsWith("HPE_")) {
        return ["bad-response", `${url.host} answered with something that is not HTTP (${code}).`];
      }
      if (/CERT|SSL|TLS|EPROTO|SELF_SIGNED|UNABLE_TO_/.test(code)) {
        return [
          "offline",
          `The connection to ${url.host} is not secure (${code}). Check the URL, the clock and the proxy's certificate.`,
        ];
      }
      return ["service-error", `The connection to ${url.host} failed (${code}).`];
  }
}
