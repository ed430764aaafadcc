import { mergeDetails, mergeSighting } from "../../cost/metered/spanMerge.ts";
import type { ContainerObservation, ContainerSpan } from "../../cost/span.ts";
import { isLaterLook, type LookTime } from "../../session/lookOrder.ts";

/**
 * A container's span with the looks that bound its end, in the order in which they were taken. Of the
 * span itself, `lastSeenAtMs` and the absences are not to be used: `shownSpan` gives the whole.
 */
export interface SeenSpan {
  readonly span: ContainerSpan;
  readonly lastSeen: LookTime;
  readonly firstAbsent: LookTime | null;
}

/** The look at `at` showed the container. */
export function withSighting(
  saved: SeenSpan | undefined,
  scope: string,
  seen: ContainerObservation,
  at: LookTime,
): SeenSpan {
  return seenAt(saved, mergeSighting(saved?.span, scope, seen, at.observedAtMs), at);
}

/** At the look at `at`, Modal told this of the container. */
export function withDetails(
  saved: SeenSpan | undefined,
  scope: string,
  details: ContainerObservation,
  at: LookTime,
): SeenSpan {
  const { lastSeenAtMs } = mergeDetails(undefined, scope, details, at.observedAtMs);
  const span = mergeDetails(saved?.span, scope, details, at.observedAtMs);
  return seenAt(saved, span, { era: at.era, observedAtMs: lastSeenAtMs });
}

/** With a complete look that did not show it. One between its sightings says nothing. */
export function withAbsence(seen: SeenSpan, at: LookTime): SeenSpan {
  const { span, lastSeen, firstAbsent } = seen;
  if (isLaterLook(at, lastSeen))
    return {
      ...seen,
      firstAbsent: firstAbsent === null || isLaterLook(firstAbsent, at) ? at : firstAbsent,
    };
  // Of another era, an instant says nothing of what was before and what after.
  if (at.era !== lastSeen.era || at.observedAtMs >= span.firstSeenAtMs) return seen;
  const absentBeforeMs = Math.max(span.absentBeforeMs ?? -Infinity, at.observedAtMs);
  return { ...seen, span: { ...span, absentBeforeMs } };
}

/**
 * The span in instants alone. Where the clock was set back between the last sighting and the first
 * absence, the end is the absence: of the two clocks, the later one is more likely right.
 */
export function shownSpan({ span, lastSeen, firstAbsent }: SeenSpan): ContainerSpan {
  const absentAtMs = firstAbsent?.observedAtMs ?? Infinity;
  const lastSeenAtMs = Math.min(lastSeen.observedAtMs, absentAtMs - 1);
  const firstSeenAtMs = Math.min(span.firstSeenAtMs, lastSeenAtMs);
  const { absentBeforeMs: beforeMs } = span;
  return {
    ...span,
    firstSeenAtMs,
    lastSeenAtMs,
    absentBeforeMs: beforeMs !== null && beforeMs < firstSeenAtMs ? beforeMs : null,
    firstAbsentAtMs: firstAbsent?.observedAtMs ?? null,
  };
}

/** The absences are to be found again: those that were known may not be later than this sighting. */
function seenAt(saved: SeenSpan | undefined, span: ContainerSpan, at: LookTime): SeenSpan {
  const lastSeen = saved !== undefined && isLaterLook(saved.lastSeen, at) ? saved.lastSeen : at;
  return { span: { ...span, absentBeforeMs: null }, lastSeen, firstAbsent: null };
}
