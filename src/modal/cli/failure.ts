import { t } from "../../base/text.ts";
import { sentence, unknownEnvironment } from "../commonFailures.ts";
import { Failure, type FailureReason } from "../../base/failure.ts";
import { cliError } from "./text.ts";
import { firstLines } from "../plainText.ts";

/** How one run of the `modal` command ended. */
export interface CliEnd {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

// modal/exception.py and modal/_grpc_client.py of the Python client: gRPC status → class.
const reasonByClass: Readonly<Record<string, FailureReason>> = {
  AuthError: "not-authenticated",
  PermissionDeniedError: "permission-denied",
  NotFoundError: "not-found",
  ResourceExhaustedError: "rate-limited",
  UnimplementedError: "unsupported",
  ConnectionError: "offline",
  gaierror: "offline",
  StreamTerminatedError: "offline",
  InvalidError: "invalid-argument",
  AlreadyExistsError: "invalid-argument",
  ConflictError: "service-error",
  ServiceError: "service-error",
  InternalError: "service-error",
  DataLossError: "service-error",
  VersionError: "cli-too-old",
  LogsFetchError: "invalid-argument",
};

const reasonByText: readonly (readonly [RegExp, FailureReason])[] = [
  [/spend limit|workspace \S+ is disabled|billing cycle/i, "spend-limit"],
  [/is already stopped/i, "already-stopped"],
  [/No such (option|command)/, "cli-too-old"],
  [
    /Could not connect to the Modal server|Name or service not known|Network is unreachable/,
    "offline",
  ],
  [
    /Token missing|token (is|was) (invalid|expired|revoked|malformed)|unauthenticated/i,
    "not-authenticated",
  ],
  [
    /profile '.*' was not found|No Modal profile is active|More than one Modal profile/i,
    "bad-setting",
  ],
  [/Error when reading the modal configuration|Invalid value for \w+ config/, "bad-setting"],
  [/No module named '?modal'?/, "cli-missing"],
  [
    /permission denied|do(es)? not have (permission|access)|not authorized|forbidden/i,
    "permission-denied",
  ],
  [/^(No App with name|App '.*' not found|.* not found)/i, "not-found"],
  [/rate limit|too many requests/i, "rate-limited"],
  [/client version .* (is )?(too old|no longer supported|unsupported)/i, "cli-too-old"],
  [/unimplemented|method not found/i, "unsupported"],
];

/** What a failed run of the `modal` command means. `what` names the operation: "list the apps". */
export function cliFailure(what: string, end: CliEnd): Failure {
  const { className, message } = cliError(end.stderr === "" ? end.stdout : end.stderr);
  const isAboutName = className === null || className === "NotFoundError";
  const environment = isAboutName ? unknownEnvironment(message) : undefined;
  if (environment !== undefined) return environment;
  const named = className === null ? message : `${className}: ${message}`;
  const evidence = firstLines(`exit code ${end.exitCode ?? "none"}; ${named}`); // not shown: for the log
  const reason = reasonOf(className, message);
  return new Failure(reason, sentence(what, reason, message), { evidence });
}

function reasonOf(className: string | null, message: string): FailureReason {
  const reason = reasonByText.find(([pattern]) => pattern.test(message))?.[1];
  const byClass = className === null ? undefined : reasonByClass[className];
  // Two texts say more than their class: a reached spend limit comes as ResourceExhausted, an
  // unusable profile as InvalidError. Else the class, which no server message can forge, decides.
  if (reason === "spend-limit" || reason === "bad-setting" || reason === "already-stopped")
    return reason;
  if (byClass !== undefined) return byClass;
  if (reason !== undefined) return reason;
  return className === null ? "service-error" : "bad-output";
}

/** The command has no such operation, in any version. */
export function unsupported(what: string): Failure {
  return new Failure(
    "unsupported",
    t('The modal command cannot {0}. Set modalMeter.control to "auto" or "sdk".', what),
  );
}

/** The command has it in newer versions. */
export function tooOld(what: string): Failure {
  return new Failure(
    "cli-too-old",
    t(
      'The installed modal command is too old to {0}. Update it with "pip install --upgrade modal".',
      what,
    ),
  );
}
