import type { CallRecord } from "../call.ts";
import { coldStarts, longestStartupMs } from "./coldStart.ts";
import { restartMs } from "./crashes.ts";
import { drainedAtMs } from "./endHints.ts";
import {
  defaultScaledownSeconds,
  longestScaledownSeconds,
  type EndKnowledge,
} from "./endKnowledge.ts";
import { parseGpu } from "../rates/gpu.ts";
import { loggedContainerId } from "../reported/logLineAssembler.ts";
import { presencesByApp, relievedAtMs, type Presence } from "./presence.ts";
import { priced, type HintsOf, type PriceHistory, type PricedSpan } from "./pricedSpan.ts";
import type { SignedKnowledge } from "./signedKnowledge.ts";
import { spanInterval, type SpanInterval } from "./spanInterval.ts";
import { isUntimedSandbox, type ContainerSpan, type Gpu } from "../span.ts";

/**
 * Containers that no look ever saw running, because the laptop slept or they came and went between
 * two looks, but which the app's log names. They were billed like any other.
 *
 * Their first and last signs of life are known. Before them lies a cold start as long as the app's
 * others; after them the scaledown window, unless a stop, or a look that did not show the
 * container, came first; one that crashed has none. All are guesses. The bounds reach from the
 * longest start before the first sign to a whole window, where nobody told it the longest, after the
 * last one; of an app that `min_containers` keeps warm from the last look before them to the first
 * one after (`Infinity` while there is none): it may have been idle on either side. `completed` fills
 * in what is known of the app's containers elsewhere.
 */
export function inferredSpans(
  spans: readonly ContainerSpan[],
  knowledge: SignedKnowledge,
  hintsOf: HintsOf,
  rates: PriceHistory,
  completed: (span: ContainerSpan) => ContainerSpan = (span) => span,
): readonly PricedSpan[] {
  const seen = new Map(spans.map((span) => [span.containerId, span]));
  const { signs } = knowledge;
  const unseen = [...signs].filter(([id]) => !seen.has(id));
  if (unseen.length === 0) return [];
  const lookedAtMs = looksOf(spans, knowledge);
  const coldMsByApp = coldStarts(spans, signs, (span) =>
    span.startedAtMs === null ? null : spanInterval(span, span.lastSeenAtMs, hintsOf(span)).startMs,
  );
  const identities = identitiesOf(knowledge);
  const presences = presencesByApp(spans, knowledge);
  const callsOf = Map.groupBy(knowledge.calls, ({ callId }) => loggedContainerId(callId));
  return unseen.flatMap(([containerId, { firstMs, lastMs, servedMs }]) => {
    const identity = identities.get(containerId);
    if (identity === undefined) return [];
    const { appId } = identity;
    // Where it was started for its first call, it was ready when that began.
    const startupMs = knowledge.usualStartupMsOf?.(appId);
    const coldMs = coldMsByApp.get(appId) ?? 0;
    const bootMs = Math.min(
      firstMs,
      startupMs === undefined ? firstMs - coldMs : servedMs - startupMs,
    );
    const isKept = knowledge.isKeptWarm?.({ appId, containerId }) === true;
    const begin = startOf(firstMs, bootMs, { lookedAtMs, isKept });
    const life = { containerId, appId, firstMs, lastMs, bootMs };
    const others = presences.get(appId) ?? [];
    const calls = callsOf.get(containerId) ?? [];
    const end = endWithin(life, { others, calls, lookedAtMs, knowledge });
    const sibling = spans.findLast((span) => span.appId === appId && isOfAllFunctions(span));
    const span = completed({
      ...likeSibling(identity, sibling),
      containerId,
      startedAtMs: begin.startMs,
      firstSeenAtMs: firstMs,
      lastSeenAtMs: lastMs,
      firstAbsentAtMs: end.endMs,
    });
    // It was ready when it served; of one that never did, nobody knows that it was.
    const latestStartMs = Math.max(firstMs, Math.min(servedMs, end.countedToMs));
    return [priced(span, { ...begin, latestStartMs, ...end }, rates)];
  });
}

type Identity = Pick<ContainerSpan, "scope" | "appId" | "appName" | "gpu">;

/**
 * Whether its GPU was told of its app, and not of it alone: another container may be of another
 * function. A sandbox is of none: what it has says nothing of the app's containers.
 */
function isOfAllFunctions({ containerId, gpuSource, terms }: ContainerSpan): boolean {
  if (terms?.isSandbox === true || isUntimedSandbox(containerId)) return false;
  return gpuSource !== "unknown" && gpuSource !== "container";
}

/** What a container has in common with another one of its app. */
function likeSibling({ scope, appId, appName, gpu }: Identity, sibling: ContainerSpan | undefined) {
  return {
    scope,
    appId,
    appName,
    gpu: gpuOf(gpu, sibling?.gpu ?? null),
    gpuSource: sibling === undefined && gpu === null ? ("unknown" as const) : ("app" as const),
    gpuKnownAtMs: null,
    cpuCores: sibling?.cpuCores ?? null,
    memoryGib: sibling?.memoryGib ?? null,
    enqueuedAtMs: null,
    finishedAtMs: null,
    absentBeforeMs: null,
  };
}

/** What its own line claims; a line may leave out how many there are. */
function gpuOf(claimed: Gpu | null, sibling: Gpu | null): Gpu | null {
  return claimed === null || claimed.type === sibling?.type ? sibling : claimed;
}

/** A look between the start and the first sign of life would have shown it running. */
function startOf(
  firstMs: number,
  bootMs: number,
  { lookedAtMs, isKept }: { readonly lookedAtMs: readonly number[]; readonly isKept: boolean },
) {
  const lookBeforeMs = lookedAtMs.findLast((atMs) => atMs <= firstMs);
  const longestMs = Math.min(bootMs, firstMs - longestStartupMs);
  const earliestStartMs =
    isKept && lookBeforeMs !== undefined
      ? lookBeforeMs
      : Math.max(longestMs, lookBeforeMs ?? Number.NEGATIVE_INFINITY);
  const startMs = Math.max(bootMs, earliestStartMs);
  return { startMs, earliestStartMs, upByMs: firstMs };
}

/** Containers that a log names and no look ever saw: ask Modal for their details, where the adapter can, and nothing needs to be inferred. */
export function unseenContainerIds(
  spans: readonly ContainerSpan[],
  loggedContainerIds: Iterable<string>,
): readonly string[] {
  const seen = new Set(spans.map(({ containerId }) => containerId));
  return [...new Set(loggedContainerIds)].filter((id) => !seen.has(id));
}

function identitiesOf({ calls, logged = [] }: EndKnowledge) {
  const identities = new Map<string, Identity>();
  for (const { containerId, scope, appId, appName } of logged) {
    identities.set(containerId, { scope, appId, appName, gpu: null });
  }
  for (const { callId, scope, appId, appName, gpuType } of calls) {
    const containerId = loggedContainerId(callId);
    if (containerId === null || appId === null) continue;
    const gpu = gpuType === null ? null : (parseGpu(gpuType) ?? null);
    identities.set(containerId, { scope, appId, appName: appName ?? appId, gpu });
  }
  return identities;
}

/** A container that no look showed, by its signs of life. */
interface Life {
  readonly containerId: string;
  readonly appId: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly bootMs: number;
}

interface EndFacts {
  /** Of its app. */
  readonly others: readonly Presence[];
  /** That it is known to have served. */
  readonly calls: readonly CallRecord[];
  readonly lookedAtMs: readonly number[];
  readonly knowledge: SignedKnowledge;
}

function endWithin(
  life: Life,
  { others, calls, lookedAtMs, knowledge }: EndFacts,
): Pick<SpanInterval, "endMs" | "countedToMs" | "earliestEndMs" | "latestEndMs"> {
  const { containerId, appId, firstMs, lastMs, bootMs } = life;
  const nextMs = knowledge.crashed.get(containerId) ?? Number.POSITIVE_INFINITY;
  const crashedMs = Math.max(lastMs, nextMs - (firstMs - bootMs) - restartMs);
  const lookAfterMs = lookedAtMs.find((atMs) => atMs > lastMs) ?? Number.POSITIVE_INFINITY;
  const idleOutMs = idleOutAtMs(life, lookAfterMs, others, knowledge);
  const drainedMs = drainedAtMs(calls, knowledge.endedOnPurposeAtMsOf(appId));
  const endMs = drainedMs ?? Math.min(crashedMs, idleOutMs);
  const container = { appId, containerId };
  const longestMs =
    (knowledge.scaledownSecondsOf(container, lastMs) ?? longestScaledownSeconds) * 1000;
  const isKept = knowledge.isKeptWarm?.(container) === true;
  const idleToMs = isKept ? Number.POSITIVE_INFINITY : lastMs + longestMs;
  return {
    endMs,
    countedToMs: endMs,
    earliestEndMs: Math.min(lastMs, endMs),
    latestEndMs: Math.max(endMs, Math.min(idleToMs, lookAfterMs)),
  };
}

/** Where it was idle long enough. One that `min_containers` keeps stays until another takes its place, like those that looks showed. */
function idleOutAtMs(
  { containerId, appId, lastMs }: Life,
  lookAfterMs: number,
  others: readonly Presence[],
  { scaledownSecondsOf, endedOnPurposeAtMsOf, isKeptWarm }: EndKnowledge,
): number {
  const onPurpose = endedOnPurposeAtMsOf(appId).filter(
    (atMs) => atMs >= lastMs && atMs <= lookAfterMs,
  );
  const container = { appId, containerId };
  const idleMs = (scaledownSecondsOf(container, lastMs) ?? defaultScaledownSeconds) * 1000;
  const latestMs = Math.min(lookAfterMs, ...onPurpose);
  const idleEndMs = Math.min(lastMs + idleMs, latestMs);
  if (isKeptWarm?.(container) !== true) return idleEndMs;
  const keptToMs = Math.min(relievedAtMs(containerId, others, lastMs + idleMs), latestMs);
  return Number.isFinite(keptToMs) ? keptToMs : idleEndMs;
}

/**
 * Instants of complete looks, as far as they are on record or spans remember them, in order. When a
 * container was seen itself says nothing of others: Modal may have been asked for that one alone.
 */
function looksOf(
  spans: readonly ContainerSpan[],
  { lookedAtMs = [] }: EndKnowledge,
): readonly number[] {
  const looks = spans.flatMap(({ absentBeforeMs, firstAbsentAtMs }) => [
    ...(absentBeforeMs === null ? [] : [absentBeforeMs]),
    ...(firstAbsentAtMs === null ? [] : [firstAbsentAtMs]),
  ]);
  return [...lookedAtMs, ...looks].sort((a, b) => a - b);
}
