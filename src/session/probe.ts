/** The answer of a web endpoint to one health or warm-up request. */
export interface ProbeAnswer {
  readonly status: number;
}

export interface ProbeOptions {
  /** Gives up after this long; the request may still run on Modal's side. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * One deliberate GET to a web endpoint, following Modal's 303 hand-overs. It starts a container and
 * costs money, so only a start that a person asked for may use it, never a timer.
 *
 * Resolves with any HTTP answer of the app itself. Rejects with a `Failure`: "endpoint-stopped",
 * "endpoint-not-found", "missing-proxy-auth", "spend-limit", "timed-out", "offline", "cancelled", …
 */
export type Probe = (url: string, options: ProbeOptions) => Promise<ProbeAnswer>;
