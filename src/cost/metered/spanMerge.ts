import type { ContainerObservation, ContainerSpan, GpuSource } from "../span.ts";

/** One complete look at a scope: every live container, and details of those that left since. */
export interface Look {
  readonly scope: string;
  readonly observedAtMs: number;
  readonly containers: readonly ContainerObservation[];
  readonly ended: readonly ContainerObservation[];
}

/**
 * Adds one sighting: a complete listing at `observedAtMs` showed the container. Start from
 * `undefined` for a container that was never seen.
 *
 * When the sighting overtakes the span's absences (a slower window writes late), they are no longer
 * later than `lastSeenAtMs`: fill them again with `withAbsences` from the times of the listings.
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
  const told = lift(scope, details, aliveAtMs, observedAtMs);
  return span === undefined ? told : join(span, told);
}

/** Adds one complete listing that did not show the container. One that is not later than the last sighting says nothing. */
export function mergeAbsence(span: ContainerSpan, observedAtMs: number): ContainerSpan {
  if (observedAtMs <= span.lastSeenAtMs) return span;
  return {
    ...span,
    firstAbsentAtMs: least(span.firstAbsentAtMs, observedAtMs),
    lastAbsentAtMs: greatest(span.lastAbsentAtMs, observedAtMs),
  };
}

/**
 * The span with its absences taken from the times of the scope's complete listings (any order).
 * This is what makes a span independent of the order of arrival: every listing later than
 * `lastSeenAtMs` is an absence, also one that was recorded before the container was ever heard of.
 */
export function withAbsences(span: ContainerSpan, listedAtMs: Iterable<number>): ContainerSpan {
  let result: ContainerSpan = { ...span, firstAbsentAtMs: null, lastAbsentAtMs: null };
  for (const atMs of listedAtMs) result = mergeAbsence(result, atMs);
  return result;
}

/**
 * The union of what two observers know of one container: commutative, associative and idempotent.
 * Absences are derived, not merged: the result keeps those that are still later than the last
 * sighting, which are right but not always the tightest. Fill them with `withAbsences`.
 */
export function join(a: ContainerSpan, b: ContainerSpan): ContainerSpan {
  const gpu = betterGpu(a, b);
  const lastSeenAtMs = Math.max(a.lastSeenAtMs, b.lastSeenAtMs);
  const absences = [a.firstAbsentAtMs, a.lastAbsentAtMs, b.firstAbsentAtMs, b.lastAbsentAtMs];
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
    firstSeenAtMs: Math.min(a.firstSeenAtMs, b.firstSeenAtMs),
    lastSeenAtMs,
    firstAbsentAtMs: later.reduce(least, null),
    lastAbsentAtMs: later.reduce(greatest, null),
  };
}

/**
 * Spans in memory, from looks in any order: the reference that the ledger's SQL agrees with, and
 * all that a process without a ledger needs.
 */
export class SpanBook {
  readonly #spans = new Map<string, ContainerSpan>();
  readonly #listedAtMs = new Map<string, Set<number>>();

  record(look: Look): void {
    const { scope, observedAtMs } = look;
    const listed = this.#listedAtMs.get(scope) ?? new Set<number>();
    listed.add(observedAtMs);
    this.#listedAtMs.set(scope, listed);
    for (const seen of look.containers) {
      const key = bookKey({ scope, containerId: seen.containerId });
      this.#spans.set(key, mergeSighting(this.#spans.get(key), scope, seen, observedAtMs));
    }
    this.tell(look);
  }

  /** Adds details of containers without a look at all the others. */
  tell({ scope, observedAtMs, ended }: Omit<Look, "containers">): void {
    for (const told of ended) {
      const key = bookKey({ scope, containerId: told.containerId });
      this.#spans.set(key, mergeDetails(this.#spans.get(key), scope, told, observedAtMs));
    }
  }

  /** By first sighting, then by container id. */
  spans(): readonly ContainerSpan[] {
    return [...this.#spans.values()]
      .map((span) => withAbsences(span, this.#listedAtMs.get(span.scope) ?? []))
      .toSorted((a, b) => a.firstSeenAtMs - b.firstSeenAtMs || (bookKey(a) < bookKey(b) ? -1 : 1));
  }
}

function bookKey({ scope, containerId }: Pick<ContainerSpan, "scope" | "containerId">): string {
  return `${containerId} ${scope}`;
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
    firstAbsentAtMs: null,
    lastAbsentAtMs: null,
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
