import { sentences, t } from "../../base/text.ts";
import type { FailureReason } from "../../base/failure.ts";
import { CallFailure, type CallFailureFacts } from "../callTypes.ts";
import type { Address } from "../redactor.ts";
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
  url: Address,
  handoverUrl: string | null,
): CallFailure {
  const [reason, what] = wordsFor(error, url);
  const later =
    handoverUrl === null
      ? error.sent
        ? t("The request may have reached the app and may be billed; it was not sent again.")
        : t("Nothing was sent and nothing is billed.")
      : t(
          'Modal still works on the call: "Follow Call Again…" picks the result up without paying twice.',
        );
  const facts: Partial<CallFailureFacts> = {
    reached: handoverUrl === null ? error.reached : "yes",
    handoverUrl,
    containerMayGoOn: error.sent || handoverUrl !== null,
  };
  return new CallFailure(reason, sentences(what, later), facts, {
    cause: error,
    evidence: `${error.code} at ${url.host}`,
  });
}

function wordsFor(error: ExchangeError, url: Address): readonly [FailureReason, string] {
  const { code } = error;
  switch (code) {
    case "ENOTFOUND":
      return [
        "offline",
        t("There is no server named {0}, or this machine is offline.", url.hostname),
      ];
    case "EAI_AGAIN":
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return ["offline", t("This machine seems to be offline.")];
    case "ECONNREFUSED":
      return ["offline", t("Nothing listens at {0}. Check the URL.", url.host)];
    case "CONNECT_TIMEOUT":
    case "ETIMEDOUT":
      return [
        "timed-out",
        t("Could not connect to {0}. Check the network and the proxy.", url.host),
      ];
    case "ECONNRESET":
    case "EPIPE":
      return ["service-error", t("{0} closed the connection without an answer.", url.host)];
    default:
      if (code.startsWith("HPE_")) {
        return [
          "bad-response",
          t("{0} answered with something that is not HTTP ({1}).", url.host, code),
        ];
      }
      if (/CERT|SSL|TLS|EPROTO|SELF_SIGNED|UNABLE_TO_/.test(code)) {
        return [
          "offline",
          t(
            "The connection to {0} is not secure ({1}). Check the URL, the clock and the proxy's certificate.",
            url.host,
            code,
          ),
        ];
      }
      return ["service-error", t("The connection to {0} failed ({1}).", url.host, code)];
  }
}
