import { t } from "../../base/text.ts";
import { Failure, type FailureReason } from "../../base/failure.ts";
import { cancelled } from "../../base/abort.ts";
import { sentence, unknownEnvironment } from "../commonFailures.ts";

const notFound = 5;
// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
const reasonByCode: ReadonlyMap<number, FailureReason> = new Map([
  [3, "invalid-argument"],
  [4, "timed-out"],
  [notFound, "not-found"],
  [6, "invalid-argument"],
  [7, "permission-denied"],
  [8, "rate-limited"],
  [11, "invalid-argument"],
  [12, "unsupported"],
  [16, "not-authenticated"],
]);
const internal = 13;
const unavailable = 14;

/** What an error that the SDK threw means. `what` names the operation: "list the apps". */
export function sdkFailure(what: string, error: unknown, aborted: boolean): Failure {
  if (error instanceof Failure) return error;
  if (aborted) return cancelled(what);
  const status = statusOf(error);
  if (status === undefined) {
    // Not a gRPC status: the RPC is not there (TypeError), or the SDK broke. The CLI may still know.
    const message = error instanceof Error ? error.message : String(error);
    const text = t("The Modal SDK could not {0}: {1}", what, message);
    return new Failure(error instanceof TypeError ? "unsupported" : "bad-output", text, {
      cause: error,
    });
  }
  const { code, details } = status;
  const environment = code === notFound ? unknownEnvironment(details) : undefined;
  if (environment !== undefined) return environment;
  const reason = reasonOf(code, details);
  return new Failure(reason, sentence(what, reason, details), {
    evidence: `gRPC status ${code}: ${details.slice(0, 500)}`,
  });
}

function reasonOf(code: number, details: string): FailureReason {
  if (/spend limit|workspace \S+ is disabled|billing cycle/i.test(details)) return "spend-limit";
  if (
    code === internal &&
    /pars(ing|e) error|deserializ|index out of range|invalid wire type/i.test(details)
  ) {
    return "bad-output";
  }
  if (code === unavailable && isConnectionTrouble(details)) return "offline";
  return reasonByCode.get(code) ?? "service-error";
}

/** grpc-js reports a connection that it could not make as UNAVAILABLE, like a server's own refusal. */
function isConnectionTrouble(details: string): boolean {
  return /No connection established|ECONN|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|Name resolution failed|Connection dropped|socket hang up|TLS|certificate/i.test(
    details,
  );
}

/** nice-grpc's ClientError, known by its shape: code, details and the RPC's path. */
function statusOf(error: unknown): { readonly code: number; readonly details: string } | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if (!("code" in error) || typeof error.code !== "number") return undefined;
  if (!("details" in error) || typeof error.details !== "string") return undefined;
  return { code: error.code, details: error.details };
}
