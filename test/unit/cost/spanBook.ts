import { mergeDetails, mergeSighting } from "../../../src/cost/metered/spanMerge.ts";
import type { ContainerObservation, ContainerSpan } from "../../../src/cost/span.ts";

/** One complete look at a scope: every live container, and details of those that left since. */
export interface Look {
  readonly scope: string;
  readonly observedAtMs: number;
  readonly containers: readonly ContainerObservation[];
  readonly ended: readonly ContainerObservation[];
}

/** Adds one complete listing that did not show the container. One between its sightings says nothing. */
export function mergeAbsence(span: ContainerSpan, observedAtMs: number): ContainerSpan {
  if (observedAtMs < span.firstSeenAtMs)
    return { ...span, absentBeforeMs: greatest(span.absentBeforeMs, observedAtMs) };
  if (observedAtMs <= span.lastSeenAtMs) return span;
  return { ...span, firstAbsentAtMs: least(span.firstAbsentAtMs, observedAtMs) };
}

/**
 * The span with its absences taken from the times of the scope's complete listings (any order).
 * This is what makes a span independent of the order of arrival: every listing earlier than the
 * first sighting or later than the last one is an absence, also one that was recorded before the container was ever heard of.
 */
export function withAbsences(span: ContainerSpan, listedAtMs: Iterable<number>): ContainerSpan {
  let result: ContainerSpan = { ...span, absentBeforeMs: null, firstAbsentAtMs: null };
  for (const atMs of listedAtMs) result = mergeAbsence(result, atMs);
  return result;
}

/** Spans in memory, from looks in any order: the reference that the ledger's SQL must agree with. */
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

function least(a: number | null, b: number): number {
  return a === null ? b : Math.min(a, b);
}

function greatest(a: number | null, b: number): number {
  return a === null ? b : Math.max(a, b);
}
