import type { ContainerObservation, ContainerSpan, GpuSource } from "../span.ts";

/**
 * Adds one sighting: a complete listing at `observedAtMs` showed the container. Start from
 * `undefined` for a container that was never seen.
 *
 * When the sighting overtakes the span's absences (a slower window writes late), they are no longer
 * later than `lastSeenAtMs`: the ledger fills them again from the times of its listings.
 */
export function mergeSighting(
  span: ContainerSpan | undefined,
  scope: string,
  observation: ContainerObservation,
  observedAtMs: number,
): ContainerSpan {
  const seen = lift(scope, observation, observedAtMs, observedAtMs);
  return span === undefined ? seen : join(span, seen);
}

/**
 * Adds what Modal told about the container itself, live or ended. Details prove that it was alive at
 * its own start or end, never that it still is: a container that has left the listing and whose end
 * Modal does not tell must not be counted on for ever.
 */
export function mergeDetails(
  span: ContainerSpan | undefined,
  scope: string,
  details: ContainerObservation,
  observedAtMs: number,
): ContainerSpan {
  const aliveAtMs =
    details.finishedAtMs ?? details.startedAtMs ?? details.enqueuedAtMs ?? observedAtMs;
  const seen = lift(scope, details, aliveAtMs, observedAtMs);
  return span === undefined ? seen : join(span, seen);
}

/**
 * The union of what two observers know of one container: commutative, associative and idempotent.
 * Absences are derived, not merged: the result keeps those that are still outside of the sightings,
 * which are right but not always the tightest. The ledger fills them from the times of the scope's
 * complete listings: each one earlier than the first sighting or later than the last one is an
 * absence, also one that was recorded before the container was ever heard of.
 */
export function join(a: ContainerSpan, b: ContainerSpan): ContainerSpan {
  const gpu = betterGpu(a, b);
  const lastSeenAtMs = Math.max(a.lastSeenAtMs, b.lastSeenAtMs);
  const firstSeenAtMs = Math.min(a.firstSeenAtMs, b.firstSeenAtMs);
  const absences = [a.absentBeforeMs, a.firstAbsentAtMs, b.absentBeforeMs, b.firstAbsentAtMs];
  const earlier = absences.filter((atMs) => atMs !== null && atMs < firstSeenAtMs);
  const later = absences.filter((atMs) => atMs !== null && atMs > lastSeenAtMs);
  return {
    containerId: a.containerId,
    scope: a.scope,
    appId: laterText(a.appId, b.appId),
    appName: laterText(a.appName, b.appName),
    gpu: gpu.gpu,
    gpuSource: gpu.gpuSource,
    gpuKnownAtMs: gpu.gpuKnownAtMs,
    // Billed is the larger of request and use, so the largest that was ever told.
    cpuCores: greatest(a.cpuCores, b.cpuCores),
    memoryGib: greatest(a.memoryGib, b.memoryGib),
    // The CLI cuts instants to whole seconds, the SDK does not: the later one is the finer one.
    enqueuedAtMs: greatest(a.enqueuedAtMs, b.enqueuedAtMs),
    startedAtMs: greatest(a.startedAtMs, b.startedAtMs),
    finishedAtMs: greatest(a.finishedAtMs, b.finishedAtMs),
    firstSeenAtMs,
    lastSeenAtMs,
    absentBeforeMs: earlier.reduce(greatest, null),
    firstAbsentAtMs: later.reduce(least, null),
  };
}

function lift(
  scope: string,
  observation: ContainerObservation,
  aliveAtMs: number,
  observedAtMs: number,
): ContainerSpan {
  const { gpuSource } = observation;
  return {
    containerId: observation.containerId,
    scope,
    appId: observation.appId,
    appName: observation.appName,
    gpu: gpuSource === "unknown" ? null : observation.gpu,
    gpuSource,
    gpuKnownAtMs: gpuSource === "unknown" ? null : observedAtMs,
    cpuCores: observation.cpuCores,
    memoryGib: observation.memoryGib,
    enqueuedAtMs: observation.enqueuedAtMs,
    startedAtMs: observation.startedAtMs,
    finishedAtMs: observation.finishedAtMs,
    firstSeenAtMs: aliveAtMs,
    lastSeenAtMs: aliveAtMs,
    absentBeforeMs: null,
    firstAbsentAtMs: null,
  };
}

const sourceRank: Readonly<Record<GpuSource, number>> = {
  container: 4,
  app: 3,
  "deploy-file": 2,
  setting: 1,
  unknown: 0,
};

type KnownGpu = Pick<ContainerSpan, "gpu" | "gpuSource" | "gpuKnownAtMs">;

/**
 * The better source wins. Within one source the first answer does, because an app that is deployed
 * again with another GPU does not change the containers that already run; only a setting is a
 * person's correction, so there the last one does.
 */
function betterGpu(a: KnownGpu, b: KnownGpu): KnownGpu {
  const byRank = sourceRank[a.gpuSource] - sourceRank[b.gpuSource];
  if (byRank !== 0) return byRank > 0 ? a : b;
  const byTime = (a.gpuKnownAtMs ?? 0) - (b.gpuKnownAtMs ?? 0);
  if (byTime !== 0) return byTime < 0 === (a.gpuSource !== "setting") ? a : b;
  return gpuKey(a) >= gpuKey(b) ? a : b;
}

function gpuKey({ gpu }: KnownGpu): string {
  return gpu === null ? "" : `${gpu.type}:${gpu.count}`;
}

function laterText(a: string, b: string): string {
  return a >= b ? a : b;
}

function least(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

function greatest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}
