import type { BilledRow } from "../../src/cost/billed/billedRow.ts";
import type { CallRecord } from "../../src/cost/call.ts";
import { mergeDetails, mergeSighting } from "../../src/cost/metered/spanMerge.ts";
import type { ContainerSpan } from "../../src/cost/span.ts";
import type { CallQuery, Listing } from "../../src/session/ledgerPort.ts";
import { notLookedAt } from "../../src/session/sandboxInfo.ts";
import type { SavedBillingRow } from "../../src/session/modalControl.ts";
import type { StopReceipt } from "../../src/session/receipt.ts";
import { RememberedReader, type Shape } from "../../src/session/remembered.ts";
import type { SessionRecord } from "../../src/session/session.ts";

/**
 * What the ledger keeps of one day, in memory, so that thousands of days fit into one bench. Spans
 * merge by the ledger's own rules (cost/metered/spanMerge.ts); that the SQLite file does the same is proved by
 * test/unit/ledger/tables/spanTable.test.ts. Looks come in order.
 */
export class DayLedger {
  readonly receiptList: StopReceipt[] = [];
  readonly sessionList: SessionRecord[] = [];
  billedRows: readonly BilledRow[] = [];
  readonly #seen = new Map<string, ContainerSpan>();
  readonly #lookedAtMs: number[] = [];
  /** By container: looks that did not ask whether it runs. */
  readonly #skipped = new Map<string, readonly number[]>();
  readonly #calls = new Map<string, CallRecord>();
  readonly #memory = new Map<string, string>();
  readonly #remembered = new RememberedReader();
  #changes = 0;
  #listing: Listing | undefined;
  #spans: readonly ContainerSpan[] | undefined;

  costVersion(): string {
    return String(this.#changes);
  }

  latestListing(): Listing | undefined {
    return this.#listing;
  }

  recordListing(listing: Listing): void {
    const { scope, observedAtMs, containers, ended } = listing;
    if (this.#lookedAtMs.at(-1) !== observedAtMs) this.#lookedAtMs.push(observedAtMs);
    const unseen = notLookedAt(listing);
    for (const id of unseen)
      this.#skipped.set(id, [...(this.#skipped.get(id) ?? []), observedAtMs]);
    for (const one of containers) {
      const { containerId } = one;
      if (unseen.has(containerId)) continue;
      this.#seen.set(
        containerId,
        mergeSighting(this.#seen.get(containerId), scope, one, observedAtMs),
      );
    }
    for (const one of ended) {
      const { containerId } = one;
      this.#seen.set(
        containerId,
        mergeDetails(this.#seen.get(containerId), scope, one, observedAtMs),
      );
    }
    this.#listing = listing;
    this.#spans = undefined;
    this.#changes += 1;
  }

  spans(query: {
    readonly appIds?: readonly string[];
    readonly fromMs?: number;
  }): readonly ContainerSpan[] {
    this.#spans ??= [...this.#seen.values()]
      .map((span) => this.#withAbsences(span))
      .toSorted((a, b) => a.firstSeenAtMs - b.firstSeenAtMs);
    const { appIds } = query;
    return appIds === undefined
      ? this.#spans
      : this.#spans.filter(({ appId }) => appIds.includes(appId));
  }

  looks(): readonly number[] {
    return this.#lookedAtMs;
  }

  upsertCall(call: CallRecord): void {
    this.#calls.set(call.callId, call);
    this.#changes += 1;
  }

  calls({
    fromMs = 0,
    toMs = Infinity,
    callId,
    source,
    isOngoingToo = false,
    limit,
  }: CallQuery): readonly CallRecord[] {
    if (callId !== undefined) {
      const call = this.#calls.get(callId);
      return call === undefined ? [] : [call];
    }
    const found = [...this.#calls.values()].filter(
      (call) =>
        (call.startedAtMs >= fromMs || (isOngoingToo && runsOnInto(call, fromMs))) &&
        call.startedAtMs < toMs &&
        (source === undefined || call.source === source),
    );
    return limit === undefined
      ? found
      : found.toSorted((a, b) => b.startedAtMs - a.startedAtMs).slice(0, limit);
  }

  billed(): readonly SavedBillingRow[] {
    return this.billedRows.map((row) => ({ ...row, environment: "main", report: 0 }));
  }

  sessions(): readonly SessionRecord[] {
    return this.sessionList;
  }

  receipts(): readonly StopReceipt[] {
    return this.receiptList;
  }

  remember(key: string, json: string): void {
    this.#memory.set(key, json);
    this.#changes += 1;
  }

  recall<T>(key: string, shape: Shape<T>): T | undefined {
    return this.#remembered.read(key, this.#memory.get(key), shape);
  }

  /** One machine, and nobody else at work. */
  acquireLease(): boolean {
    return true;
  }

  releaseLease(): void {
    this.#changes += 1;
  }

  /** The last look before the first sighting, and the first one after the last: neither showed it. */
  #withAbsences(span: ContainerSpan): ContainerSpan {
    const skipped = new Set(this.#skipped.get(span.containerId));
    const looks =
      skipped.size === 0 ? this.#lookedAtMs : this.#lookedAtMs.filter((atMs) => !skipped.has(atMs));
    const before = firstAtOrAfter(looks, span.firstSeenAtMs) - 1;
    const after = firstAtOrAfter(looks, span.lastSeenAtMs + 1);
    return {
      ...span,
      absentBeforeMs: looks[before] ?? null,
      firstAbsentAtMs: looks[after] ?? null,
    };
  }
}

/** The index of the first value that is at least this; the length where none is. */
function firstAtOrAfter(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? Infinity) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function runsOnInto({ endedAtMs, status }: CallRecord, fromMs: number): boolean {
  return endedAtMs === null ? status === "running" : endedAtMs > fromMs;
}
