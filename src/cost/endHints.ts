import type { CallRecord } from "./call.ts";
import { coldStarts, signsOfLife } from "./coldStart.ts";
import { loggedContainerId } from "./logLineAssembler.ts";
import type { LoggedContainer } from "./loggedContainers.ts";
import type { HintsOf } from "./pricedSpan.ts";
import type { ContainerSpan } from "./span.ts";

/** What else is known of when containers of an app end. */
export interface EndKnowledge {
  readonly calls: readonly CallRecord[];
  /** Containers that the apps' logs name. */
  readonly logged?: readonly LoggedContainer[];
  /** The scaledown window of an app; null where nobody told. */
  readonly scaledownSecondsOf: (appId: string) => number | null;
  /** Whether `min_containers` keeps some of the app's containers beyond their scaledown window. */
  readonly isKeptWarm?: (appId: string) => boolean;
  /** When the app's containers were ended on purpose: stops as the listing or a receipt tells them, releases, deploys. */
  readonly endedOnPurposeAtMsOf: (appId: string) => readonly number[];
}

/**
 * Where the end of a container probably lies that nobody saw end (the CLI tells no ends; a sleeping
 * laptop sees nothing): at a stop, else a scaledown window after its last known activity. Only ever
 * used within the bounds that observations set, and the error that is shown covers all of them.
 */
export function endHints(spans: readonly ContainerSpan[], knowledge: EndKnowledge): HintsOf {
  const callsByApp = Map.groupBy(knowledge.calls, (call) => call.appId);
  const signs = signsOfLife(knowledge.calls, knowledge.logged);
  const coldMsByApp = coldStarts(spans, signs);
  return (span) => {
    if (span.finishedAtMs !== null || span.startedAtMs === null) return {};
    const latestMs = span.firstAbsentAtMs ?? Number.POSITIVE_INFINITY;
    const isPossible = (atMs: number): boolean => atMs >= span.lastSeenAtMs && atMs <= latestMs;
    const onPurpose = knowledge.endedOnPurposeAtMsOf(span.appId).filter(isPossible);
    const scaledownSeconds = knowledge.scaledownSecondsOf(span.appId);
    const scaledownMs = scaledownSeconds === null ? null : scaledownSeconds * 1000;
    const calls = (callsByApp.get(span.appId) ?? []).filter((call) => mayHaveRunIn(call, span));
    const idleFrom = calls.map(idleFromMs);
    idleFrom.push(span.startedAtMs + (coldMsByApp.get(span.appId) ?? 0));
    const lastLineMs = signs.get(span.containerId)?.lastMs;
    if (lastLineMs !== undefined) idleFrom.push(lastLineMs);
    const scaledown =
      scaledownMs === null ? [] : idleFrom.map((atMs) => atMs + scaledownMs).filter(isPossible);
    const drainedMs = drainedAtMs(calls, knowledge.endedOnPurposeAtMsOf(span.appId));
    if (drainedMs !== null && isPossible(drainedMs)) return { expectedEndMs: drainedMs };
    const isKept = knowledge.isKeptWarm?.(span.appId) === true;
    if (isKept && onPurpose.length > 0) return { expectedEndMs: Math.min(...onPurpose) };
    if (scaledown.length > 0)
      return { expectedEndMs: Math.min(Math.max(...scaledown), ...onPurpose) };
    if (onPurpose.length > 0) return { expectedEndMs: Math.min(...onPurpose) };
    if (scaledownMs === null) return {};
    // Nothing explains why it lived so long. Whatever did, it cannot have outlived it by more than a window.
    const middleMs = (latestMs - span.lastSeenAtMs) / 2;
    return { expectedEndMs: span.lastSeenAtMs + Math.min(middleMs, scaledownMs) };
  };
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

function mayHaveRunIn(call: CallRecord, span: ContainerSpan): boolean {
  const containerId = loggedContainerId(call.callId);
  if (containerId !== null) return containerId === span.containerId;
  return (
    span.startedAtMs !== null && (call.endedAtMs ?? Number.POSITIVE_INFINITY) >= span.startedAtMs
  );
}
