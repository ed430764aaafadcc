import type { ContainerObservation, ContainerSpan } from "../../cost/span.ts";
import type { Ledger, Listing } from "../../session/ledgerPort.ts";
import { isLaterLook, type LookTime } from "../../session/lookOrder.ts";
import { notLookedAt } from "../../session/sandboxInfo.ts";
import { maybeWholeMs, wholeMs } from "../tables/column.ts";
import { shownSpan, withAbsence, withDetails, withSighting } from "../tables/seenSpan.ts";
import type { SeenSpan } from "../tables/seenSpan.ts";
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
  const [a, b] = [timeOf(listing), timeOf(than)];
  return (
    isLaterLook(a, b) || (!isLaterLook(b, a) && JSON.stringify(listing) > JSON.stringify(than))
  );
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
  const saved = base.seenSpans(query);
  if (looks.length === 0) return saved.map(shownSpan);
  const touched = new Set(
    looks.flatMap(({ containers, ended }) =>
      [...containers, ...ended].map(({ containerId }) => containerId),
    ),
  );
  const all = new Map(
    [...saved, ...base.spansOf([...touched])].map((seen) => [seen.span.containerId, seen]),
  );
  for (const look of looks) {
    const { scope, containers, ended } = look;
    const at = timeOf(look);
    const unseen = notLookedAt(look);
    for (const seen of containers) {
      const id = seen.containerId;
      if (unseen.has(id)) continue;
      all.set(id, withSighting(all.get(id), scope, rounded(seen), at));
    }
    for (const details of ended) {
      const id = details.containerId;
      all.set(id, withDetails(all.get(id), scope, rounded(details), at));
    }
  }
  const earlier = earlierLooks(base, touched, all);
  const before = looksBefore(base);
  const times = looks.map((look) => {
    return { scope: look.scope, at: timeOf(look), unseen: notLookedAt(look) };
  });
  return [...all.values()]
    .map((seen) => {
      const { scope, containerId } = seen.span;
      const others = times
        .filter((look) => look.scope === scope && !look.unseen.has(containerId))
        .map(({ at }) => at);
      if (touched.has(containerId)) others.push(...(earlier.get(scope) ?? []), ...before(seen));
      return others.reduce(withAbsence, seen);
    })
    .filter((seen) => isIn(seen, query))
    .toSorted(
      ({ span: a }, { span: b }) =>
        a.firstSeenAtMs - b.firstSeenAtMs || (a.containerId < b.containerId ? -1 : 1),
    )
    .map(shownSpan);
}

/** Instants of all looks in the range, in order. */
export function seenLooks(
  pending: PendingWrites,
  base: BaseLedger,
  query: Parameters<Ledger["looks"]>[0],
): readonly number[] {
  const waiting = pending
    .of("recordListing")
    .filter(([, { scope }]) => scope === query.scope)
    .map(([, listing]) => timeOf(listing).observedAtMs)
    .filter((atMs) => atMs >= query.fromMs && atMs < query.toMs);
  if (waiting.length === 0) return base.looks(query);
  return [...new Set([...base.looks(query), ...waiting])].toSorted((a, b) => a - b);
}

/** Looks in the file, by scope, that may be later than a sighting that waits: another window was faster. */
function earlierLooks(
  base: BaseLedger,
  touched: ReadonlySet<string>,
  all: ReadonlyMap<string, SeenSpan>,
): ReadonlyMap<string, readonly LookTime[]> {
  const since = new Map<string, LookTime>();
  for (const id of touched) {
    const seen = all.get(id);
    if (seen === undefined) continue;
    const earliest = since.get(seen.span.scope);
    if (earliest === undefined || isLaterLook(earliest, seen.lastSeen))
      since.set(seen.span.scope, seen.lastSeen);
  }
  return new Map([...since].map(([scope, at]) => [scope, base.looksAfter(scope, at)]));
}

/** The look in the file that bounds when a container began. Many begin between the same two. */
function looksBefore(base: BaseLedger): (seen: SeenSpan) => readonly LookTime[] {
  const looks = new Map<string, readonly LookTime[]>();
  return ({ span: { scope, firstSeenAtMs }, lastSeen: { era } }) => {
    const key = `${era} ${firstSeenAtMs} ${scope}`;
    const found = looks.get(key) ?? asked();
    looks.set(key, found);
    return found;

    function asked(): readonly LookTime[] {
      const observedAtMs = base.lookBefore(scope, { era, observedAtMs: firstSeenAtMs });
      return observedAtMs === null ? [] : [{ era, observedAtMs }];
    }
  };
}

/** A look's time as the table keeps it. */
function timeOf({ era, observedAtMs }: LookTime): LookTime {
  return { era, observedAtMs: wholeMs(observedAtMs) };
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

function isIn({ span, firstAbsent }: SeenSpan, query: Parameters<Ledger["spans"]>[0]): boolean {
  const { enqueuedAtMs, startedAtMs, firstSeenAtMs } = span;
  const beginMs = Math.min(
    enqueuedAtMs ?? firstSeenAtMs,
    startedAtMs ?? firstSeenAtMs,
    firstSeenAtMs,
  );
  const endMs = span.finishedAtMs ?? firstAbsent?.observedAtMs ?? null;
  return (
    beginMs < query.toMs &&
    (endMs === null || endMs > query.fromMs) &&
    (query.scope === undefined || span.scope === query.scope) &&
    (query.appIds === undefined || query.appIds.includes(span.appId))
  );
}
