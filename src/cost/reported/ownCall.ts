import type { CallRecord } from "../call.ts";

/** What to do with a cost line now. */
export type LogCallFate =
  /** It was found to be a call's own before. */
  | { readonly do: "nothing" }
  /** A call of this editor still runs that it may belong to: ask again. */
  | { readonly do: "wait" }
  /** It is this call's own. */
  | { readonly do: "complete"; readonly call: CallRecord }
  /** It is somebody else's call. */
  | { readonly do: "write"; readonly call: CallRecord };

/** The `Date` of an answer has whole seconds, so the clocks are known to half of one. */
const certainMs = 600;
/** And the answer was on its way. */
const clockToleranceMs = 1_000;
/** Of two lines with equal figures, one may have taken the other's call: theirs overlapped. */
const farClockMs = 3_000;
/** Where nobody compared the clocks: one that is set wrong by a time zone is off by this much. */
const unknownClockMs = 3_600_000;
/** Headers have milliseconds, a line two decimals of a second. */
const timeToleranceSeconds = 0.011;

/**
 * Decides on one cost line, given this machine's own calls: one of them, or somebody else's. Every
 * call has at most one line and every line at most one call, for good: what was decided once is in
 * `logLineId`. Where Modal tells the call's id on both sides that alone decides; else the figures do,
 * cost, time and GPU, and the time at which the line was written, by Modal's clock.
 *
 * @param clockOffsetMs Modal's clock minus this machine's, as all answers tell it; null: not known.
 */
export function fateOfLogCall(
  line: CallRecord,
  editorCalls: readonly CallRecord[],
  clockOffsetMs: number | null,
): LogCallFate {
  const calls = editorCalls.filter(({ source }) => source === "editor");
  if (calls.some(({ logLineId }) => logLineId === line.callId)) return { do: "nothing" };
  const named = calls.find((call) => sameId(line, call) === true);
  if (named !== undefined) return { do: "complete", call: completed(named, line) };
  const free = calls.filter(
    (call) =>
      call.logLineId === null &&
      sameId(line, call) !== false &&
      (call.appId === null || call.appId === line.appId),
  );
  const isOpen = free.some(
    (call) => call.status === "running" && mayHaveBegun(line, call, clockOffsetMs),
  );
  const best = bestOf(line, free, clockOffsetMs);
  // The running call may fit better than one that merely does not contradict the line.
  if (isOpen && best?.rank !== ranks.certain) return { do: "wait" };
  return best === undefined
    ? { do: "write", call: line }
    : { do: "complete", call: completed(best.call, line) };
}

/** The call with what its line knows of it. */
function completed(call: CallRecord, line: CallRecord): CallRecord {
  return {
    ...call,
    appId: call.appId ?? line.appId,
    appName: call.appName ?? line.appName,
    reportedMicroUsd: call.reportedMicroUsd ?? line.reportedMicroUsd,
    executionSeconds: call.executionSeconds ?? line.executionSeconds,
    gpuType: call.gpuType ?? line.gpuType,
    functionCallId: call.functionCallId ?? line.functionCallId,
    logLineId: line.callId,
  };
}

/** null: one of them does not tell. */
function sameId(line: CallRecord, call: CallRecord): boolean | null {
  if (line.functionCallId === null || call.functionCallId === null) return null;
  return line.functionCallId === call.functionCallId;
}

interface Candidate {
  readonly call: CallRecord;
  readonly rank: number;
  readonly offByMs: number;
}

function bestOf(
  line: CallRecord,
  calls: readonly CallRecord[],
  clockOffsetMs: number | null,
): Candidate | undefined {
  return calls
    .flatMap((call) => {
      const rank = rankOf(line, call, clockOffsetMs);
      if (rank === undefined) return [];
      const endMs = (call.endedAtMs ?? call.startedAtMs) + (offsetOf(call, clockOffsetMs) ?? 0);
      return [{ call, rank, offByMs: Math.abs(endMs - writtenAtMs(line)) }];
    })
    .toSorted((a, b) => a.rank - b.rank || a.offByMs - b.offByMs)[0];
}

function rankOf(
  line: CallRecord,
  call: CallRecord,
  clockOffsetMs: number | null,
): number | undefined {
  if (call.status === "running") return undefined;
  const figures = figuresOf(line, call);
  // Of an unknown app's call only its figures tell that the line of this app is its own.
  if (figures === "other" || (call.appId === null && figures !== "equal")) return undefined;
  const offsetMs = offsetOf(call, clockOffsetMs);
  const isNear = isWithin(line, call, offsetMs ?? 0, clockToleranceMs);
  const isCertain = offsetMs !== null && isWithin(line, call, offsetMs, certainMs);
  if (figures === "equal") {
    if (isNear) return isCertain ? ranks.certain : ranks.near;
    if (offsetMs !== null) {
      return isWithin(line, call, offsetMs, farClockMs) ? ranks.far : undefined;
    }
    // Equal figures are worth more than clocks that nobody compared.
    return isWithin(line, call, 0, unknownClockMs) ? ranks.anyTime : undefined;
  }
  if (!isNear) return undefined;
  if (figures === "alike") return isCertain ? ranks.alike : ranks.alikeNear;
  return ranks.silent;
}

/** How sure it is that a line is a call's own, the surest first. */
const ranks = {
  certain: 0,
  alike: 1,
  near: 2,
  anyTime: 3,
  alikeNear: 4,
  silent: 5,
  far: 6,
} as const;

/**
 * "equal": the same cost, and no other time. "alike": one of the two, where a header was wrong (a former
 * price, a time in other units) or refused. "silent": the call's headers told nothing. "other": it is
 * another call's.
 */
function figuresOf(line: CallRecord, call: CallRecord): "equal" | "alike" | "silent" | "other" {
  const cost = isEqual(line.reportedMicroUsd, call.reportedMicroUsd, 0);
  const time = isEqual(line.executionSeconds, call.executionSeconds, timeToleranceSeconds);
  const isOtherGpu =
    line.gpuType !== null && call.gpuType !== null && line.gpuType !== call.gpuType;
  // A cost is time × rate to the micro-dollar: alone it tells as much as both.
  if (cost === true && time !== false) return "equal";
  if (cost === true || (time === true && !isOtherGpu)) return "alike";
  // A call that the app refused, or that broke in it, prints no cost.
  if (cost === null && time === null) return call.status === "failed" ? "other" : "silent";
  return "other";
}

function isEqual(a: number | null, b: number | null, tolerance: number): boolean | null {
  return a === null || b === null ? null : Math.abs(a - b) <= tolerance;
}

/** A handler begins after the request was sent, and prints its line before the answer is there. */
function isWithin(
  line: CallRecord,
  call: CallRecord,
  offsetMs: number,
  toleranceMs: number,
): boolean {
  const [fromMs, toMs] = [line.startedAtMs - offsetMs, writtenAtMs(line) - offsetMs];
  const endMs = call.endedAtMs ?? Number.POSITIVE_INFINITY;
  return fromMs >= call.startedAtMs - toleranceMs && toMs <= endMs + toleranceMs;
}

function mayHaveBegun(line: CallRecord, call: CallRecord, clockOffsetMs: number | null): boolean {
  const offsetMs = offsetOf(call, clockOffsetMs);
  const slackMs = offsetMs === null ? unknownClockMs : clockToleranceMs;
  return call.startedAtMs + (offsetMs ?? 0) - slackMs <= writtenAtMs(line);
}

/** What many answers tell is finer than what one does, unless the clock was set between them. */
function offsetOf(
  { clockOffsetMs: callOffsetMs }: CallRecord,
  clockOffsetMs: number | null,
): number | null {
  if (callOffsetMs === null || clockOffsetMs === null) return callOffsetMs ?? clockOffsetMs;
  return Math.abs(callOffsetMs - clockOffsetMs) <= clockToleranceMs ? clockOffsetMs : callOffsetMs;
}

function writtenAtMs(line: CallRecord): number {
  return line.endedAtMs ?? line.startedAtMs;
}
