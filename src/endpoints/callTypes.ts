import type { Clock } from "../base/clock.ts";
import { Failure, type FailureReason } from "../base/failure.ts";
import type { Log } from "../base/log.ts";
import type { ResultKind } from "./resultKind.ts";
import type { JsonObject } from "./json.ts";

/** What a call needs to know beyond its address. */
export interface CallTarget {
  readonly callId: string;
  /** Endpoint name: the first word of the result's file name. */
  readonly endpoint: string;
  readonly expects: ResultKind;
  /** Absolute folder for the result; made when missing. */
  readonly folder: string;
  /** The folder must be in one of these, links followed; left out: the person named it, wherever it is. */
  readonly within?: readonly string[];
  /** A folder of our own, for a result whose folder has gone bad since the call began. */
  readonly spareFolder?: string;
  /** Names the file. Never logged. */
  readonly prompt: string | null;
  /** What else is sent and must not be in a message or a log, besides the query: other words of the person. */
  readonly secrets?: readonly string[];
}

export interface CallRequest extends CallTarget {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly body: JsonObject | null;
}

/** A call that Modal already works on, known by the address of its 303 hand-over. */
export interface ResumeRequest extends CallTarget {
  readonly handoverUrl: string;
}

/** Modal's proxy-auth token pair, as saved for one origin. */
export interface ProxyToken {
  readonly key: string;
  readonly secret: string;
}

export interface CallLimits {
  /** Until the connection stands. */
  readonly connectMs: number;
  /** Until the final answer begins, over all hand-overs. Modal's own cap is about 50 min. */
  readonly answerMs: number;
  /** Between two pieces of a result's body. */
  readonly stallMs: number;
  /** Largest result, after decompression. */
  readonly maxResultBytes: number;
  /** Hand-overs and other redirects. */
  readonly maxHops: number;
}

export const defaultLimits: CallLimits = {
  connectMs: 30_000,
  answerMs: 30 * 60_000,
  stallMs: 5 * 60_000,
  maxResultBytes: 4 * 1024 ** 3,
  maxHops: 60,
};

export type CallPhase = "connecting" | "waiting" | "handed-over" | "retrying" | "receiving";

export interface CallProgress {
  readonly phase: CallPhase;
  readonly elapsedMs: number;
  readonly hops: number;
  readonly receivedBytes: number;
  /** Length of the body as sent; null when the server does not say. */
  readonly totalBytes: number | null;
}

export interface CallOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CallProgress) => void;
  /** Called with the hand-over URL as soon as it is known, so that the ledger can keep it. May be called again: the newest counts. */
  readonly onHandover?: (url: string) => void;
  /** The token saved for exactly this origin ("https://host"), if any. */
  readonly proxyToken?: (origin: string) => Promise<ProxyToken | undefined>;
  readonly limits?: Partial<CallLimits>;
}

/** A result that is whole and on the disk. */
export interface CallOutcome {
  readonly status: number;
  /** Response headers of the final answer, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Absolute path of the result; null for an empty body. */
  readonly resultPath: string | null;
  /** Files made from base64 media inside a JSON result. */
  readonly extractedPaths: readonly string[];
  /** Bytes of the result on the disk. */
  readonly bytes: number;
  readonly mediaType: string;
  /** What looked odd but did no harm, for the output channel. */
  readonly remarks: readonly string[];
  readonly startedAtMs: number;
  /** When the final answer's headers were there. */
  readonly answeredAtMs: number;
  readonly endedAtMs: number;
}

/** Whether the request reached the app, which is when Modal begins to bill for it. */
export type Reached = "no" | "maybe" | "yes";

export interface CallFailureFacts {
  readonly reached: Reached;
  /** Follow it to pick the result up without paying twice; null when there is none. */
  readonly handoverUrl: string | null;
  /** True when the container may still work on the call, and bill for it. */
  readonly containerMayGoOn: boolean;
  /** HTTP status of the answer, if there was one. */
  readonly status: number | null;
  /** Headers of the answer, lower case: a failed call can carry cost headers too. */
  readonly headers: Readonly<Record<string, string>>;
  /** Body fields that the server refused. */
  readonly fields: readonly string[];
  /** What was received and is no result: an incomplete one (".part"), or an error with status 200. */
  readonly keptPath: string | null;
}

const noFacts: CallFailureFacts = {
  reached: "no",
  handoverUrl: null,
  containerMayGoOn: false,
  status: null,
  headers: {},
  fields: [],
  keptPath: null,
};

/** A call that brought no result, with what is known about its money. */
export class CallFailure extends Failure {
  readonly facts: CallFailureFacts;

  constructor(
    reason: FailureReason,
    message: string,
    facts: Partial<CallFailureFacts> = {},
    options: { cause?: unknown; evidence?: string } = {},
  ) {
    super(reason, message, options);
    this.facts = { ...noFacts, ...facts };
  }

  /** The same failure with more known about it. */
  with(facts: Partial<CallFailureFacts>): CallFailure {
    return new CallFailure(
      this.reason,
      this.message,
      { ...this.facts, ...facts },
      {
        cause: this.cause,
        ...(this.evidence === undefined ? {} : { evidence: this.evidence }),
      },
    );
  }
}
