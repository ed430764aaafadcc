import { mergeDetails, mergeSighting } from "../../cost/metered/spanMerge.ts";
import type { ContainerObservation, ContainerSpan } from "../../cost/span.ts";
import type { Ledger, Listing } from "../../session/ledgerPort.ts";
import { maybeWholeMs, wholeMs } from "../tables/column.ts";
import type { BaseLedger } from "./baseLedger.ts";
import type { PendingWrites } from "./pendingWrites.ts";

export function seenListing(
  pending: PendingWrites,
  base: BaseLedger,
  scope: string,
): Listing | undefined {
  let latest = base.latestListing(scope);
  for (const [, listing] of pending.of("recordListing")) {
    if (listing.scope === scope && isNewer(listing, latest)) latest = listing;
  }
  return latest;
}

/** As the table decides it: of two looks of one millisecond, the greater text. */
function isNewer(listing: Listing, than: Listing | undefined): boolean {
  if (than === undefined) return true;
  const [a, b] = [wholeMs(listing.observedAtMs), wholeMs(than.observedAtMs)];
  return a > b || (a === b && JSON.stringify(listing) > JSON.stringify(than));
}

export function seenSpans(
  pending: PendingWrites,
  base: BaseLedger,
  query: Parameters<Ledger["spans"]>[0],
): readonly ContainerSpan[] {
  const looks = pending
    .of("recordListing")
    .map(([, listing]) => listing)
    .filter(({ scope }) => query.scope === undefined || scope === query.scope);
  const known = base.spans(query);
  if (looks.length === 0) return known;
  const touched = new Set(
    looks.flatMap(({ containers, ended }) =>
      [...containers, ...ended].map(({ containerId }) => containerId),
    ),
  );
  const all = new Map(
    [...known, ...base.spansOf([...touched])].map((span) => [span.containerId, span]),
  );
  for (const { scope, observedAtMs, containers, ended } of looks) {
    const atMs = wholeMs(observedAtMs);
    for (const seen of containers)
      all.set(
        seen.containerId,
        mergeSighting(all.get(seen.containerId), scope, rounded(seen), atMs),
      );
    for (const told of ended)
      all.set(
        told.containerId,
        mergeDetails(all.get(told.containerId), scope, rounded(told), atMs),
      );
  }
  const earlier = earlierLooks(base, touched, all);
  return [...all.values()]
    .map((span) => {
      const later = looks.filter(({ scope }) => scope === span.scope);
      const atMs = later.map(({ observedAtMs }) => wholeMs(observedAtMs));
      if (touched.has(span.containerId)) atMs.push(...(earlier.get(span.scope) ?? []));
      return atMs.reduce(absentAt, span);
    })
    .filter((span) => isIn(span, query))
    .toSorted(
      (a, b) => a.firstSeenAtMs - b.firstSeenAtMs || (a.containerId < b.containerId ? -1 : 1),
    );
}

/** Looks in the file, by scope, that may be later than a sighting that waits: another window was faster. */
function earlierLooks(
  base: BaseLedger,
  touched: ReadonlySet<string>,
  all: ReadonlyMap<string, ContainerSpan>,
): ReadonlyMap<string, readonly number[]> {
  const sinceMs = new Map<string, number>();
  for (const id of touched) {
    const span = all.get(id);
    if (span === undefined) continue;
    const earliest = sinceMs.get(span.scope) ?? Infinity;
    sinceMs.set(span.scope, Math.min(earliest, span.lastSeenAtMs));
  }
  return new Map([...sinceMs].map(([scope, atMs]) => [scope, base.looksAfter(scope, atMs)]));
}

/** The span after a complete look that did not show it. One that is not later than the last sighting says nothing. */
function absentAt(span: ContainerSpan, atMs: number): ContainerSpan {
  if (atMs <= span.lastSeenAtMs) return span;
  return {
    ...span,
    firstAbsentAtMs: Math.min(span.firstAbsentAtMs ?? Infinity, atMs),
    lastAbsentAtMs: Math.max(span.lastAbsentAtMs ?? -Infinity, atMs),
  };
}

/** Instants as the table keeps them. */
function rounded(seen: ContainerObservation): ContainerObservation {
  return {
    ...seen,
    enqueuedAtMs: maybeWholeMs(seen.enqueuedAtMs),
    startedAtMs: maybeWholeMs(seen.startedAtMs),
    finishedAtMs: maybeWholeMs(seen.finishedAtMs),
  };
}

function isIn(span: ContainerSpan, query: Parameters<Ledger["spans"]>[0]): boolean {
  const beginMs = Math.min(span.startedAtMs ?? span.firstSeenAtMs, span.firstSeenAtMs);
  const endMs = span.finishedAtMs ?? span.firstAbsentAtMs;
  return (
    beginMs < query.toMs &&
    (endMs === null || endMs > query.fromMs) &&
    (query.scope === undefined || span.scope === query.scope) &&
    (query.appIds === undefined || query.appIds.includes(span.appId))
  );
}
