import type { BilledRow } from "../../src/cost/billed/billedRow.ts";
import type { CallRecord } from "../../src/cost/call.ts";
import type { ContainerSpan } from "../../src/cost/span.ts";
import type { CallQuery, Listing } from "../../src/session/ledgerPort.ts";
import type { SavedBillingRow } from "../../src/session/modalControl.ts";
import type { StopReceipt } from "../../src/session/receipt.ts";
import { readRemembered, type Shape } from "../../src/session/remembered.ts";
import type { SessionRecord } from "../../src/session/session.ts";
import { SpanBook } from "../unit/cost/spanBook.ts";

/**
 * What the ledger keeps of one day, in memory, so that thousands of days fit into one bench. Spans
 * merge by the ledger's own rules (cost/metered/spanMerge.ts); that the SQLite file does the same is proved by
 * test/unit/ledger/tables/spanTable.test.ts.
 */
export class DayLedger {
  readonly receiptList: StopReceipt[] = [];
  readonly sessionList: SessionRecord[] = [];
  billedRows: readonly BilledRow[] = [];
  readonly #book = new SpanBook();
  readonly #calls = new Map<string, CallRecord>();
  readonly #memory = new Map<string, string>();
  #changes = 0;
  #spans: readonly ContainerSpan[] | undefined;

  changeCounter(): number {
    return this.#changes;
  }

  recordListing(listing: Listing): void {
    this.#book.record(listing);
    this.#spans = undefined;
    this.#changes += 1;
  }

  spans(query: { readonly appIds?: readonly string[] }): readonly ContainerSpan[] {
    this.#spans ??= this.#book.spans();
    const { appIds } = query;
    return appIds === undefined
      ? this.#spans
      : this.#spans.filter(({ appId }) => appIds.includes(appId));
  }

  upsertCall(call: CallRecord): void {
    this.#calls.set(call.callId, call);
    this.#changes += 1;
  }

  calls({ fromMs = 0, toMs = Infinity, callId, source }: CallQuery): readonly CallRecord[] {
    return [...this.#calls.values()].filter(
      (call) =>
        call.startedAtMs >= fromMs &&
        call.startedAtMs < toMs &&
        (callId === undefined || call.callId === callId) &&
        (source === undefined || call.source === source),
    );
  }

  billed(): readonly SavedBillingRow[] {
    return this.billedRows.map((row) => ({ ...row, environment: "main" }));
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
    const json = this.#memory.get(key);
    return json === undefined ? undefined : readRemembered(json, shape)?.value;
  }

  /** One machine, and nobody else at work. */
  acquireLease(): boolean {
    return true;
  }

  releaseLease(): void {
    this.#changes += 1;
  }
}
