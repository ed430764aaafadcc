import type { CallRecord } from "./call.ts";
import { loggedContainerId } from "./logLineAssembler.ts";
import type { HintsOf } from "./pricedSpan.ts";
import type { ContainerSpan } from "./span.ts";

/** What else is known of when containers of an app end. */
export interface EndKnowledge {
  readonly calls: readonly CallRecord[];
  /** The scaledown window of an app; null where nobody told. */
  readonly scaledownSecondsOf: (appId: string) => number | null;
  /** When the app's containers were ended on purpose: stops, as the listing or a receipt tells them; releases. */
  readonly stoppedAtMsOf: (appId: string) => readonly number[];
}

/**
 * Where the end of a container probably lies that nobody saw end (the CLI tells no ends; a sleeping
 * laptop sees nothing): at a stop, else a scaledown window after a call. Only ever used within the
 * bounds that observations set, so a wrong guess stays within the error that is shown.
 */
export function endHints(knowledge: EndKnowledge): HintsOf {
  const callsByApp = Map.groupBy(knowledge.calls, (call) => call.appId);
  return (span) => {
    if (span.finishedAtMs !== null) return {};
    const latestMs = span.firstAbsentAtMs ?? Number.POSITIVE_INFINITY;
    const isPossible = (atMs: number): boolean => atMs >= span.lastSeenAtMs && atMs <= latestMs;
    const stops = knowledge.stoppedAtMsOf(span.appId).filter(isPossible);
    const stopMs = stops.length === 0 ? null : Math.min(...stops);
    const calls = callsByApp.get(span.appId) ?? [];
    const scaledownMs = (knowledge.scaledownSecondsOf(span.appId) ?? Number.NaN) * 1000;
    let expectedMs = Number.NEGATIVE_INFINITY;
    for (const call of calls) {
      if (!mayHaveRunIn(call, span)) continue;
      const atMs = idleFromMs(call) + scaledownMs;
      if (isPossible(atMs)) expectedMs = Math.max(expectedMs, atMs);
    }
    if (stopMs !== null) return { expectedEndMs: stopMs };
    return Number.isFinite(expectedMs) || expectedMs > 0 ? { expectedEndMs: expectedMs } : {};
  };
}

/** A call that still runs keeps its container for as long as it does. */
function idleFromMs(call: CallRecord): number {
  if (call.endedAtMs !== null) return call.endedAtMs;
  return call.status === "running" ? Number.POSITIVE_INFINITY : call.startedAtMs;
}

function mayHaveRunIn(call: CallRecord, span: ContainerSpan): boolean {
  const containerId = call.source === "log" ? loggedContainerId(call.callId) : null;
  if (containerId !== null) return containerId === span.containerId;
  const endMs = call.endedAtMs ?? Number.POSITIVE_INFINITY;
  return span.startedAtMs !== null && endMs >= span.startedAtMs;
}
