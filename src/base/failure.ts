/** Why an expected operation did not succeed. Closed: every place that shows a failure handles each. */
export type FailureReason =
  | "cli-missing"
  | "cli-too-old"
  | "not-authenticated"
  | "permission-denied"
  | "not-found"
  | "already-stopped"
  | "invalid-argument"
  | "offline"
  | "timed-out"
  | "rate-limited"
  | "spend-limit"
  | "bad-output"
  | "bad-setting"
  | "unsupported"
  | "service-error"
  | "deploy-failed"
  | "endpoint-stopped"
  | "endpoint-not-found"
  | "endpoint-failed"
  | "missing-proxy-auth"
  | "bad-response"
  | "disk"
  | "ledger"
  | "cancelled";

/**
 * An expected failure: what happened and what to do next, in one sentence a person can act on.
 * Anything that is thrown and is not a `Failure` is a bug and is logged with its stack.
 */
export class Failure extends Error {
  override readonly name = "Failure"; // not shown: the name of a class
  readonly reason: FailureReason;
  /** Raw evidence for the diagnostics log (first lines of an output, say). Never a secret or a prompt. */
  readonly evidence: string | undefined;

  constructor(
    reason: FailureReason,
    message: string,
    options: { cause?: unknown; evidence?: string } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.evidence = options.evidence;
  }
}

/** The failure with this reason, else undefined. */
export function failureOf(error: unknown): Failure | undefined {
  return error instanceof Failure ? error : undefined;
}
