import { plural, sentences, t } from "../../base/text.ts";
import type { FailureReason } from "../../base/failure.ts";
import { CallFailure, type Reached } from "../callTypes.ts";
import type { Address, Redactor } from "../redactor.ts";
import { errorDetail, type ErrorDetail } from "../result/errorDetail.ts";

/** An answer that is no result. */
export interface FailedResponse {
  readonly endpoint: string;
  readonly url: URL;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most the first 64 KiB. */
  readonly body: string;
  /** Takes what is secret in the call out of what the answer says. */
  readonly redactor: Redactor;
}

/** The same as it may be shown. */
interface Answer extends Omit<FailedResponse, "url"> {
  readonly url: Address;
  readonly isModal: boolean;
}

interface Verdict {
  readonly reason: FailureReason;
  readonly message: string;
  readonly reached: Reached;
}

/** What Modal's own front says (plain text, "modal-http: …"), and what a person should do about it. */
const modalTexts: readonly {
  readonly pattern: RegExp;
  readonly verdict: (response: Answer) => Verdict;
}[] = [
  {
    pattern: /app for invoked web endpoint is stopped/i,
    verdict: ({ endpoint }) => ({
      reason: "endpoint-stopped",
      message: t(
        'The app behind "{0}" is stopped. Start a session, then call again. Nothing was billed.',
        endpoint,
      ),
      reached: "no",
    }),
  },
  {
    pattern: /invalid function call/i,
    verdict: ({ endpoint, url }) => ({
      reason: "endpoint-not-found",
      message: t(
        'There is no endpoint at {0}. Check the URL of "{1}" in the settings, or deploy the app. Nothing was billed.',
        url.host,
        endpoint,
      ),
      reached: "no",
    }),
  },
  {
    pattern: /workspace .{0,60}is disabled/i,
    verdict: () => ({
      reason: "spend-limit",
      message: t(
        "Modal has disabled this workspace, most often because its spend limit is reached. Look at Settings, Usage and billing on modal.com.",
      ),
      reached: "no",
    }),
  },
  {
    pattern:
      /(missing|invalid|bad|wrong) credentials for proxy auth|proxy auth\w* (failed|required)/i,
    verdict: ({ endpoint, url }) => missingToken(endpoint, url),
  },
  {
    pattern: /bad redirect method/i,
    verdict: () => ({
      reason: "bad-response",
      message: t("Modal did not hand over the result. Call again, and please report this."),
      reached: "yes",
    }),
  },
  {
    pattern: /function execution timed out/i,
    verdict: ({ endpoint }) => ({
      reason: "timed-out",
      message: t(
        '"{0}" ran longer than its function\'s timeout and was ended by Modal; the time until then is billed. Raise timeout= in the decorator, or ask for less work.',
        endpoint,
      ),
      reached: "yes",
    }),
  },
  {
    pattern: /terminated by signal|out of memory|oom.?kill/i,
    verdict: ({ endpoint }) => ({
      reason: "endpoint-failed",
      message: t(
        'The container of "{0}" was killed, most often because it ran out of memory. Ask for more memory= or a larger gpu= in the decorator, or for a smaller result.',
        endpoint,
      ),
      reached: "yes",
    }),
  },
  {
    pattern: /lost track of input/i,
    verdict: ({ endpoint }) => ({
      reason: "endpoint-failed",
      message: t(
        'Modal lost the call to "{0}", for example because its container was moved. Its time until then may be billed. Call again.',
        endpoint,
      ),
      reached: "yes",
    }),
  },
  {
    pattern: /missing request, possibly due to expiry or cancellation/i,
    verdict: ({ endpoint }) => ({
      reason: "not-found",
      message: t(
        'Modal no longer has the result of this call to "{0}": it was cancelled, or fetched too late. Call again; that is a new call and is billed.',
        endpoint,
      ),
      reached: "yes",
    }),
  },
];

/** An answer that is no result, in words that say what to do. Never contains the prompt or a token. */
export function responseFailure(response: FailedResponse): CallFailure {
  const detail = errorDetail(response.body, response.headers["content-type"], response.redactor);
  const url = response.redactor.address(response.url);
  const verdict = verdictOf({ ...response, url, isModal: isModal(response.url) }, detail);
  return new CallFailure(
    verdict.reason,
    verdict.message,
    {
      reached: verdict.reached,
      status: response.status,
      headers: response.headers,
      fields: detail.fields,
    },
    { evidence: `HTTP ${response.status} from ${url.host}, ${detail.shape} body` },
  );
}

function verdictOf(response: Answer, detail: ErrorDetail): Verdict {
  // Only a text that Modal's front wrote is believed to be Modal's: an app may quote these words.
  if (detail.shape === "text" && isFromModal(detail.raw)) {
    for (const { pattern, verdict } of modalTexts) {
      if (pattern.test(detail.raw)) return verdict(response);
    }
  }
  return ofStatus(response, detail);
}

function ofStatus(response: Answer, detail: ErrorDetail): Verdict {
  const { endpoint, url, status } = response;
  const said = detail.text === "" ? "" : t("It says: {0}", detail.text);
  const answer =
    detail.shape === "html" ? t("HTTP {0} with a web page", status) : t("HTTP {0}", status);
  switch (status) {
    case 400:
    case 422:
      return badRequest(response, detail, said);
    case 401:
      return response.isModal && detail.shape !== "json"
        ? missingToken(endpoint, url)
        : refused(endpoint, status, said);
    case 403:
    case 407:
      return refused(endpoint, status, said);
    case 404:
      return notFound(response, detail, said, answer);
    case 405:
      return {
        reason: "endpoint-not-found",
        message: t(
          '{0} at {1} accepts another method only. Set "method" (GET or POST) of "{2}" in modalMeter.endpoints.',
          url.pathname,
          url.host,
          endpoint,
        ),
        reached: "yes",
      };
    case 413:
      return {
        reason: "invalid-argument",
        message: t(
          'The request to "{0}" is too large for the server. Pick a smaller file.',
          endpoint,
        ),
        reached: "maybe",
      };
    default:
      return troubleOf(response, said) ?? other(response, detail, said, answer);
  }
}

/** An answer that says that the server, not the request, is the trouble; undefined: it says no such thing. */
function troubleOf({ endpoint, status, headers }: Answer, said: string): Verdict | undefined {
  switch (status) {
    case 408:
    case 504:
      return {
        reason: "timed-out",
        message: sentences(
          t(
            'The server stopped waiting for "{0}" (HTTP {1}). The work may go on and be billed.',
            endpoint,
            status,
          ),
          said,
        ),
        reached: "maybe",
      };
    case 429:
      return {
        reason: "rate-limited",
        message: t(
          "Too many calls at once (HTTP 429). Wait {0} and call again.",
          waitText(headers["retry-after"]),
        ),
        reached: "no",
      };
    case 502:
      return {
        reason: "service-error",
        message: t(
          'The server in front of "{0}" could not reach the app (HTTP 502). Look at the app\'s log, then call again.',
          endpoint,
        ),
        reached: "maybe",
      };
    case 503:
      return {
        reason: "service-error",
        message: t(
          'No container of "{0}" is ready (HTTP 503). It may be starting: wait a minute and call again. If it stays so, look at the app\'s log.',
          endpoint,
        ),
        reached: "maybe",
      };
    default:
      return undefined;
  }
}

function badRequest({ endpoint, status }: Answer, detail: ErrorDetail, said: string): Verdict {
  return {
    reason: "invalid-argument",
    message: sentences(
      detail.fields.length > 0
        ? t('"{0}" refused {1}.', endpoint, detail.fields.map((name) => `"${name}"`).join(", "))
        : t('"{0}" refused the request (HTTP {1}).', endpoint, status),
      said,
    ),
    reached: "yes",
  };
}

function notFound(
  { endpoint, url }: Answer,
  detail: ErrorDetail,
  said: string,
  answer: string,
): Verdict {
  return detail.shape === "json" && !detail.isPlainNotFound && detail.text !== ""
    ? {
        reason: "invalid-argument",
        message: sentences(t('"{0}" did not find what was asked for.', endpoint), said),
        reached: "yes",
      }
    : {
        reason: "endpoint-not-found",
        message: t(
          'The server at {0} answers ({1}), but has nothing at {2}. Check the URL of "{3}" and the app\'s routes.',
          url.host,
          answer,
          url.pathname,
          endpoint,
        ),
        reached: detail.shape === "html" ? "maybe" : "yes",
      };
}

function other(
  { endpoint, url, status }: Answer,
  detail: ErrorDetail,
  said: string,
  answer: string,
): Verdict {
  if (/cuda.{0,20}out of memory|outofmemoryerror|\bOOM\b/i.test(detail.raw)) {
    return {
      reason: "endpoint-failed",
      message: t(
        'The GPU of "{0}" ran out of memory. Ask for a smaller size or fewer frames, or for a larger gpu= in the decorator.',
        endpoint,
      ),
      reached: "yes",
    };
  }
  if (status >= 500) {
    return {
      reason: "endpoint-failed",
      message: sentences(
        t('"{0}" failed ({1}); its time is billed.', endpoint, answer),
        said,
        t("The app's log tells more."),
      ),
      reached: "yes",
    };
  }
  return {
    reason: "bad-response",
    message: sentences(
      t(
        '{0} answered with {1}, which is not a result. Check the URL of "{2}".',
        url.host,
        answer,
        endpoint,
      ),
      said,
    ),
    reached: "maybe",
  };
}

function missingToken(endpoint: string, url: Address): Verdict {
  return {
    reason: "missing-proxy-auth",
    message: t(
      '"{0}" requires a proxy token, and the one saved for {1} is missing or wrong. Make one on modal.com (Settings, Proxy auth tokens) and save it with "Modal Meter: Save Proxy Auth Token…". Nothing was billed.',
      endpoint,
      url.host,
    ),
    reached: "no",
  };
}

function refused(endpoint: string, status: number, said: string): Verdict {
  return {
    reason: "permission-denied",
    message: sentences(t('"{0}" did not allow this call (HTTP {1}).', endpoint, status), said),
    reached: "maybe",
  };
}

function waitText(retryAfter: string | undefined): string {
  return retryAfter !== undefined && /^\d{1,5}$/.test(retryAfter)
    ? plural(Number(retryAfter), { one: "{0} second", other: "{0} seconds" })
    : t("a minute");
}

function isFromModal(text: string): boolean {
  return /^modal(-http)?:|^missing request, possibly due|server has lost track of input|function was terminated by signal/i.test(
    text,
  );
}

function isModal(url: URL): boolean {
  return /\.modal\.(run|direct|host)$/.test(url.hostname);
}
