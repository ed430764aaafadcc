import type { MicroUsd } from "./money.ts";

/** Who made a call: this editor, or somebody whose `💰` line was read in the app's logs. */
export type CallSource = "editor" | "log";

export type CallStatus = "running" | "succeeded" | "failed" | "cancelled" | "abandoned";

/** One request to a web endpoint. Idempotent by `callId`: a follower that reads a log line twice writes one row. */
export interface CallRecord {
  readonly callId: string;
  readonly scope: string;
  readonly source: CallSource;
  readonly sessionId: string | null;
  readonly appId: string | null;
  readonly appName: string | null;
  /** Endpoint name such as "flux"; null where a log line does not tell. */
  readonly endpoint: string | null;
  readonly mode: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly status: CallStatus;
  /** What the response header or the log line claims; null when it claims nothing readable. */
  readonly reportedMicroUsd: MicroUsd | null;
  readonly executionSeconds: number | null;
  readonly gpuType: string | null;
  /** Findings of the header audit, as codes (cost/audit.ts). */
  readonly audit: readonly string[];
  /** The 303 hand-over URL while Modal still works on the call: following it again never pays twice. */
  readonly handoverUrl: string | null;
  readonly resultPath: string | null;
  /** What was asked (prompt, seed, …), as JSON, so that a call can be repeated. Stays on this machine. */
  readonly inputJson: string | null;
  readonly failure: string | null;
  /** Modal's own id of the call ("fc-…"), from the answer's header or the log; null where neither told. */
  readonly functionCallId: string | null;
  /** Of a call of this editor: the cost line in the app's log that is its own (the id of its log call). */
  readonly logLineId: string | null;
  /** Modal's clock minus this machine's when the answer came; null where the answer did not tell. */
  readonly clockOffsetMs: number | null;
}

/** A call of which nothing is known yet but these. */
export function emptyCall(
  given: Pick<CallRecord, "callId" | "scope" | "source" | "startedAtMs" | "status">,
): CallRecord {
  return {
    ...given,
    sessionId: null,
    appId: null,
    appName: null,
    endpoint: null,
    mode: null,
    endedAtMs: null,
    reportedMicroUsd: null,
    executionSeconds: null,
    gpuType: null,
    audit: [],
    handoverUrl: null,
    resultPath: null,
    inputJson: null,
    failure: null,
    functionCallId: null,
    logLineId: null,
    clockOffsetMs: null,
  };
}
