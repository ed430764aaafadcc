import type { CallRecord } from "../call.ts";
import { coldStarts } from "./coldStart.ts";
import { loggedContainerId } from "../reported/logLineAssembler.ts";
import { defaultScaledownSeconds } from "./endKnowledge.ts";
import { restartMs } from "./crashes.ts";
import { usualStartupMs } from "./spanInterval.ts";
import { presencesByApp, relievedAtMs } from "./presence.ts";
import type { HintsOf } from "./pricedSpan.ts";
import type { SignedKnowledge } from "./signedKnowledge.ts";
import type { ContainerSpan } from "../span.ts";

/**
 * Where the end of a container probably lies that nobody saw end (the CLI tells no ends; a sleeping
 * laptop sees nothing): at a stop, else a scaledown window after its last known activity. Only ever
 * used within the bounds that observations set, and the error that is shown covers all of them.
 */
export function endHints(spans: readonly ContainerSpan[], knowledge: SignedKnowledge): HintsOf {
  const byContainer = Map.groupBy(knowledge.calls, ({ callId }) => loggedContainerId(callId));
  const unnamedByApp = byAppInOrder(byContainer.get(null) ?? []);
  const { signs, crashed } = knowledge;
  const coldMsByApp = coldStarts(spans, signs);
  const presences = presencesByApp(spans, knowledge);
  return (span) => {
    // A sandbox has no window: it runs until somebody ends it, or its time is over.
    if (span.finishedAtMs !== null || span.terms?.isSandbox === true) return {};
    const sign = signs.get(span.containerId);
    const servedMs = sign?.servedMs ?? Number.POSITIVE_INFINITY;
    // One that was never seen ready goes on to load as long as most do.
    const readyMs = span.startedAtMs ?? Math.min(servedMs, span.firstSeenAtMs + usualStartupMs);
    const latestMs = span.firstAbsentAtMs ?? Number.POSITIVE_INFINITY;
    const lastLineMs = sign?.lastMs;
    const aliveMs = Math.min(latestMs, Math.max(span.lastSeenAtMs, lastLineMs ?? 0));
    const isPossible = (atMs: number): boolean => atMs >= aliveMs && atMs <= latestMs;
    const nextMs = crashed.get(span.containerId);
    if (nextMs !== undefined) {
      const crashedMs = Math.max(aliveMs, nextMs - restartMs);
      if (isPossible(crashedMs)) return { expectedEndMs: crashedMs };
    }
    const purposes = knowledge.endedOnPurposeAtMsOf(span.appId);
    const onPurpose = purposes.filter(isPossible);
    const scaledownSeconds = knowledge.scaledownSecondsOf(span, aliveMs);
    const scaledownMs = (scaledownSeconds ?? defaultScaledownSeconds) * 1000;
    const named = byContainer.get(span.containerId) ?? [];
    const unnamed = unnamedByApp.get(span.appId) ?? [];
    if (purposes.length > 0) {
      const possible = unnamed.filter((call) => idleFromMs(call) >= span.firstSeenAtMs);
      const drainedMs = drainedAtMs([...named, ...possible], purposes);
      if (drainedMs !== null && isPossible(drainedMs)) return { expectedEndMs: drainedMs };
    }
    const isKept = knowledge.isKeptWarm?.(span) === true;
    // A stop is a fact, a window that nobody told is not.
    if ((isKept || scaledownSeconds === null) && onPurpose.length > 0)
      return { expectedEndMs: Math.min(...onPurpose) };
    const idleFrom = named.map(idleFromMs);
    idleFrom.push(readyMs + (coldMsByApp.get(span.appId) ?? 0));
    if (lastLineMs !== undefined) idleFrom.push(lastLineMs);
    const lastCall = lastIdleBefore(unnamed, latestMs - scaledownMs);
    if (lastCall !== undefined && lastCall >= readyMs) idleFrom.push(lastCall);
    const scaledown = idleFrom.map((atMs) => atMs + scaledownMs).filter(isPossible);
    if (isKept && span.firstAbsentAtMs !== null) {
      const fromMs = Math.max(aliveMs, ...scaledown);
      const others = presences.get(span.appId) ?? [];
      const reliefMs = relievedAtMs(span.containerId, others, fromMs);
      return { expectedEndMs: Math.min(latestMs, reliefMs) };
    }
    if (scaledown.length > 0) {
      return { expectedEndMs: Math.min(Math.max(...scaledown), ...onPurpose) };
    }
    if (onPurpose.length > 0) return { expectedEndMs: Math.min(...onPurpose) };
    // Nothing explains why it lived so long. Whatever did, it cannot have outlived it by more than a window.
    const middleMs = (latestMs - aliveMs) / 2;
    return { expectedEndMs: aliveMs + Math.min(middleMs, scaledownMs) };
  };
}

/** The calls of each app, by when they went idle. */
function byAppInOrder(
  calls: readonly CallRecord[],
): ReadonlyMap<string | null, readonly CallRecord[]> {
  return new Map(
    [...Map.groupBy(calls, ({ appId }) => appId)].map(
      ([appId, hintsOfApp]) =>
        [appId, hintsOfApp.toSorted((a, b) => idleFromMs(a) - idleFromMs(b))] as const,
    ),
  );
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
export function idleFromMs(call: CallRecord): number {
  if (call.endedAtMs !== null) return call.endedAtMs;
  return call.status === "running" ? Number.POSITIVE_INFINITY : call.startedAtMs;
}
