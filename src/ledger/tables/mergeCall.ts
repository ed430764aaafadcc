import type { CallRecord, CallStatus } from "../../cost/call.ts";

/** How far a call has come. A late write of an earlier stage adds what it knows and takes nothing away. */
const stage: Readonly<Record<CallStatus, number>> = {
  running: 0,
  abandoned: 1,
  cancelled: 2,
  failed: 2,
  succeeded: 2,
};

/**
 * What the ledger holds after `next` is written over `known`. A record of a later or of the same
 * stage wins; what it does not know is kept. So a reported cost is never lost, and a call that ended
 * never runs again, whatever the order in which two windows write.
 */
export function mergeCall(saved: CallRecord, next: CallRecord): CallRecord {
  const [winner, other] = stage[next.status] >= stage[saved.status] ? [next, saved] : [saved, next];
  const ended = stage[winner.status] === 2;
  return {
    callId: saved.callId,
    scope: winner.scope,
    source: saved.source === "editor" ? saved.source : next.source,
    sessionId: winner.sessionId ?? other.sessionId,
    // Only of a request that reached no app it is known that it has none.
    appId: winner.audit.includes("not-reached") ? null : (winner.appId ?? other.appId),
    appName: winner.appName ?? other.appName,
    endpoint: winner.endpoint ?? other.endpoint,
    mode: winner.mode ?? other.mode,
    startedAtMs: Math.min(winner.startedAtMs, other.startedAtMs),
    endedAtMs: winner.endedAtMs ?? (ended ? other.endedAtMs : null),
    status: winner.status,
    reportedMicroUsd: winner.reportedMicroUsd ?? other.reportedMicroUsd,
    executionSeconds: winner.executionSeconds ?? other.executionSeconds,
    gpuType: winner.gpuType ?? other.gpuType,
    // The audit of a call that ended is complete, also when it found nothing.
    audit: ended ? winner.audit : [...new Set([...winner.audit, ...other.audit])].sort(),
    // A hand-over is of use only while the call is not over.
    handoverUrl: ended ? winner.handoverUrl : (winner.handoverUrl ?? other.handoverUrl),
    resultPath: winner.resultPath ?? other.resultPath,
    inputJson: winner.inputJson ?? other.inputJson,
    failure: ended ? winner.failure : (winner.failure ?? other.failure),
    functionCallId: winner.functionCallId ?? other.functionCallId,
    // The first line that was found to be its own stays: another one is another call's.
    logLineId: saved.logLineId ?? next.logLineId,
    clockOffsetMs: winner.clockOffsetMs ?? other.clockOffsetMs,
  };
}
