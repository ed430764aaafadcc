import type { CallOutcome } from "../../../../src/endpoints/callTypes.ts";

/** A result without a file, sent at `startedAtMs` and there after 2.5 s. */
export function outcomeSample(
  startedAtMs: number,
  headers: CallOutcome["headers"],
  some: Partial<CallOutcome> = {},
): CallOutcome {
  const answeredAtMs = some.answeredAtMs ?? startedAtMs + 2500;
  return {
    status: 200,
    headers,
    resultPath: null,
    extractedPaths: [],
    bytes: 0,
    mediaType: "",
    remarks: [],
    startedAtMs,
    answeredAtMs,
    endedAtMs: answeredAtMs,
    ...some,
  };
}
