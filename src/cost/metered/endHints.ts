import type { CallRecord } from "../call.ts";
import { coldStarts, signsOfLife } from "./coldStart.ts";
import { loggedContainerId } from "../reported/logLineAssembler.ts";
import type { EndKnowledge } from "./endKnowledge.ts";
import { presencesByApp, relievedAtMs } from "./presence.ts";
import type { HintsOf } from "./pricedSpan.ts";
import type { ContainerSpan } from "../span.ts";

/**
 * Where the end of a container probably lies that nobody saw end (the CLI tells no ends; a sleeping
 * laptop sees nothing): at a stop, else a scaledown window after its last known activity. Only ever
 * used within the bounds that observations set, and the error that is shown covers all of them.
 */
export function endHints(spans: readonly ContainerSpan[], knowledge: EndKnowledge): HintsOf {
  const byContainer = Map.groupBy(knowledge.calls, ({ callId }) => loggedContainerId(callId));
  const unnamedByApp = new Map(
    [...Map.groupBy(byContainer.get(null) ?? [], ({ appId }) => appId)].map(
      ([appId, calls]) => [appId, calls.toSorted((a, b) => idleFromMs(a) - idleFromMs(b))] as const,
    ),
  );
  const signs = signsOfLife(knowledge.calls, knowledge.logged);
  const coldMsByApp = coldStarts(spans, signs);
  const presences = presencesByApp(spans, signs, knowledge);
  return (span) => {
    if (span.finishedAtMs !== null || span.startedAtMs === null) return {};
    const latestMs = span.firstAbsentAtMs ?? Number.POSITIVE_INFINITY;
    const isPossible = (atMs: number): boolean => atMs >= span.lastSeenAtMs && atMs <= latestMs;
    const purposes = knowledge.endedOnPurposeAtMsOf(span.appId);
    const onPurpose = purposes.filter(isPossible);
    const scaledownSeconds = knowledge.scaledownSecondsOf(span.appId);
    const scaledownMs = scaledownSeconds === null ? null : scaledownSeconds * 1000;
    const named = byContainer.get(span.containerId) ?? [];
    const unnamed = unnamedByApp.get(span.appId) ?? [];
    if (purposes.length > 0) {
      const own = unnamed.filter((call) => idleFromMs(call) >= span.firstSeenAtMs);
      const drainedMs = drainedAtMs([...named, ...own], purposes);
      if (drainedMs !== null && isPossible(drainedMs)) return { expectedEndMs: drainedMs };
    }
    const isKept = knowledge.isKeptWarm?.(span.appId) === true;
    if (isKept && onPurpose.length > 0) return { expectedEndMs: Math.min(...onPurpose) };
    if (scaledownMs === null) {
      return onPurpose.length > 0 ? { expectedEndMs: Math.min(...onPurpose) } : {};
    }
    const idleFrom = named.map(idleFromMs);
    idleFrom.push(span.startedAtMs + (coldMsByApp.get(span.appId) ?? 0));
    const lastLineMs = signs.get(span.containerId)?.lastMs;
    if (lastLineMs !== undefined) idleFrom.push(lastLineMs);
    const lastCall = lastIdleBefore(unnamed, latestMs - scaledownMs);
    if (lastCall !== undefined && lastCall >= span.startedAtMs) idleFrom.push(lastCall);
    const scaledown = idleFrom.map((atMs) => atMs + scaledownMs).filter(isPossible);
    if (isKept && span.firstAbsentAtMs !== null) {
      const fromMs = Math.max(span.lastSeenAtMs, ...scaledown);
      const others = presences.get(span.appId) ?? [];
      const reliefMs = relievedAtMs(span.containerId, others, fromMs);
      return { expectedEndMs: Math.min(latestMs, reliefMs) };
    }
    if (scaledown.length > 0) {
      return { expectedEndMs: Math.min(Math.max(...scaledown), ...onPurpose) };
    }
    if (onPurpose.length > 0) return { expectedEndMs: Math.min(...onPurpose) };
    // Nothing explains why it lived so long. Whatever did, it cannot have outlived it by more than a window.
    const middleMs = (latestMs - span.lastSeenAtMs) / 2;
    return { expectedEndMs: span.lastSeenAtMs + Math.min(middleMs, scaledownMs) };
  };
}

/** When the last of the calls (by that instant) went idle that did so at `atMs` or before. */
function lastIdleBefore(calls: readonly CallRecord[], atMs: number): number | undefined {
  let [low, high] = [0, calls.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const call = calls[middle];
    if (call !== undefined && idleFromMs(call) <= atMs) low = middle + 1;
    else high = middle;
  }
  const call = calls[low - 1];
  return call === undefined ? undefined : idleFromMs(call);
}

/**
 * When a container that was replaced came to its end: it finishes the calls that it runs and takes
 * no new one. null where no deploy fell into a call.
 */
export function drainedAtMs(
  calls: readonly CallRecord[],
  endedOnPurposeAtMs: readonly number[],
): number | null {
  const replaced = calls.flatMap(({ startedAtMs, endedAtMs }) =>
    endedAtMs !== null && endedOnPurposeAtMs.some((at) => at > startedAtMs && at < endedAtMs)
      ? endedAtMs
      : [],
  );
  return replaced.length === 0 ? null : Math.max(...replaced);
}

/** A call that still runs keeps its container for as long as it does. */
function idleFromMs(call: CallRecord): number {
  if (call.endedAtMs !== null) return call.endedAtMs;
  return call.status === "running" ? Number.POSITIVE_INFINITY : call.startedAtMs;
}
