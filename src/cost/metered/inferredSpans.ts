import { coldStarts, signsOfLife } from "./coldStart.ts";
import { hourlyRate } from "../rates/costMetrics.ts";
import { drainedAtMs } from "./endHints.ts";
import type { EndKnowledge } from "./endKnowledge.ts";
import { parseGpu } from "../rates/gpu.ts";
import { loggedContainerId } from "../reported/logLineAssembler.ts";
import type { PricedSpan } from "./pricedSpan.ts";
import type { RateHistory } from "../rates/rates.ts";
import type { ContainerSpan } from "../span.ts";

/** Modal's default scaledown window (modal.com/docs/guide/cold-start), where the app's own is not known. */
const defaultScaledownSeconds = 60;

/**
 * Containers that no look ever saw running, because the laptop slept or they came and went between
 * two looks, but which the app's log names. They were billed like any other.
 *
 * Their first and last signs of life are known. Before them lies a cold start as long as the app's
 * others; after them the scaledown window, unless a stop, or a look that did not show the
 * container, came first. Both are guesses, and the error says so. `completed` fills in what is
 * known of the app's containers elsewhere.
 */
export function inferredSpans(
  spans: readonly ContainerSpan[],
  knowledge: EndKnowledge,
  rates: Pick<RateHistory, "at">,
  completed: (span: ContainerSpan) => ContainerSpan = (span) => span,
): readonly PricedSpan[] {
  const seen = new Map(spans.map((span) => [span.containerId, span]));
  const signs = signsOfLife(knowledge.calls, knowledge.logged);
  const unseen = [...signs].filter(([id]) => (seen.get(id)?.startedAtMs ?? null) === null);
  if (unseen.length === 0) return [];
  const lookedAtMs = looksOf(spans);
  const coldMsByApp = coldStarts(spans, signs);
  const identities = identitiesOf(knowledge);
  const callsOf = Map.groupBy(knowledge.calls, ({ callId }) => loggedContainerId(callId));
  return unseen.flatMap(([containerId, { firstMs, lastMs }]) => {
    const identity = identities.get(containerId);
    if (identity === undefined) return [];
    const { scope, appId, appName } = identity;
    const sibling = spans.findLast((span) => span.appId === appId && span.gpuSource !== "unknown");
    // A look between the start and the first sign of life would have shown it running.
    const lookBeforeMs = lookedAtMs.findLast((atMs) => atMs <= firstMs) ?? Number.NEGATIVE_INFINITY;
    const startMs = Math.max(firstMs - (coldMsByApp.get(appId) ?? 0), lookBeforeMs);
    const drainedMs = drainedAtMs(
      callsOf.get(containerId) ?? [],
      knowledge.endedOnPurposeAtMsOf(appId),
    );
    const endMs = drainedMs ?? endOf(appId, lastMs, lookedAtMs, knowledge);
    const gpu = sibling?.gpu ?? identity.gpu;
    const span = completed({
      containerId,
      scope,
      appId,
      appName,
      gpu,
      gpuSource: sibling === undefined && gpu === null ? "unknown" : "app",
      gpuKnownAtMs: null,
      cpuCores: sibling?.cpuCores ?? null,
      memoryGib: sibling?.memoryGib ?? null,
      enqueuedAtMs: null,
      startedAtMs: startMs,
      firstSeenAtMs: firstMs,
      lastSeenAtMs: lastMs,
      finishedAtMs: null,
      firstAbsentAtMs: endMs,
      lastAbsentAtMs: endMs,
    });
    const interval = {
      startMs,
      endMs,
      countedToMs: endMs,
      startErrorMs: firstMs - startMs,
      endErrorMs: endMs - lastMs,
    };
    return [{ span, interval, rate: hourlyRate(span, rates.at(startMs)) }];
  });
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
  const identities = new Map<string, Pick<ContainerSpan, "scope" | "appId" | "appName" | "gpu">>();
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

function endOf(
  appId: string,
  lastMs: number,
  lookedAtMs: readonly number[],
  { scaledownSecondsOf, endedOnPurposeAtMsOf, isKeptWarm }: EndKnowledge,
): number {
  const lookAfterMs = lookedAtMs.find((atMs) => atMs > lastMs) ?? Number.POSITIVE_INFINITY;
  const onPurpose = endedOnPurposeAtMsOf(appId).filter(
    (atMs) => atMs >= lastMs && atMs <= lookAfterMs,
  );
  const isKept = isKeptWarm?.(appId) === true && onPurpose.length > 0;
  const idleSeconds = isKept
    ? Number.POSITIVE_INFINITY
    : (scaledownSecondsOf(appId) ?? defaultScaledownSeconds);
  return Math.min(lastMs + idleSeconds * 1000, lookAfterMs, ...onPurpose);
}

/** Instants of looks, as far as spans remember them, in order. */
function looksOf(spans: readonly ContainerSpan[]): readonly number[] {
  const looks = spans.flatMap((span) => [
    span.firstSeenAtMs,
    span.lastSeenAtMs,
    ...(span.firstAbsentAtMs === null ? [] : [span.firstAbsentAtMs]),
  ]);
  return looks.sort((a, b) => a - b);
}
