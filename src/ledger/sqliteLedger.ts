import type { DatabaseSync } from "node:sqlite";
import * as z from "zod/mini";
import type { Disposable } from "../base/disposable.ts";
import type { Log } from "../base/log.ts";
import type { CallRecord } from "../cost/call.ts";
import type { ContainerSpan } from "../cost/span.ts";
import type {
  CallQuery,
  CostBasis,
  LeaseHolder,
  Ledger,
  LedgerTrouble,
  LedgerUpkeep,
  Listing,
  SummaryRow,
  TimeRange,
  WindowRecord,
} from "../session/ledgerPort.ts";
import type { LookTime } from "../session/lookOrder.ts";
import type { BillingRow, Fetched, SavedBillingRow } from "../session/modalControl.ts";
import type { StopReceipt } from "../session/receipt.ts";
import { RememberedReader, type Shape } from "../session/remembered.ts";
import type { SessionRecord } from "../session/session.ts";
import { costBasisIn } from "./tables/costBasis.ts";
import { scopesIn } from "./tables/scopes.ts";
import { billedIn, upsertBilled } from "./tables/billedTable.ts";
import { renewedCalls } from "./tables/callChanges.ts";
import { changeCounts } from "./tables/changeCounts.ts";
import { KeptAnswers } from "./tables/keptAnswers.ts";
import { callsOf, toCall, upsertCall } from "./tables/callTable.ts";
import { whole } from "./tables/column.ts";
import type { Connection } from "./connection.ts";
import { exportRows } from "./exportRows.ts";
import { acquireLease, leaseHolder, releaseLease } from "./tables/leaseTable.ts";
import { LatestListings, recordListing } from "./tables/listingTable.ts";
import { claimOnce, recall, remember, wasClaimed } from "./tables/memoryTable.ts";
import { prune } from "./prune.ts";
import type { PruneResult } from "./prune.ts";
import { latestRates, ratesSeen, saveRates } from "./tables/rateTable.ts";
import type { SavedRates } from "./tables/mergeRates.ts";
import { receiptsIn, recordReceipt } from "./tables/receiptTable.ts";
import { tables } from "./tables/schema.ts";
import { openSession, sessionsIn, upsertSession } from "./tables/sessionTable.ts";
import { shownSpan } from "./tables/seenSpan.ts";
import type { SeenSpan } from "./tables/seenSpan.ts";
import { lookBefore, looksAfter, looksIn, spansIn, spansOf, toSpan } from "./tables/spanTable.ts";
import { summaryOf } from "./summary.ts";
import type { SummaryQuery } from "./summary.ts";
import { beatWindow, closeWindow, forgetWindow, windows } from "./tables/windowTable.ts";

const versionSchema = z.object({ data_version: whole });
const countSchema = z.object({ rows: whole });

/** What the ledger needs beside its connection. */
export interface LedgerFile extends Disposable {
  /** A second, read-only connection to the same file. */
  openReader(): DatabaseSync;
  flush(): Promise<void>;
  /** Goes over to the new file where another window has set a damaged one aside. Returns its name. */
  followSetAside(): string | undefined;
  /** False when the file was taken away or replaced while it is open. */
  isThere(): boolean;
  checkIntegrity(): Promise<readonly string[]>;
  readonly log: Log | undefined;
}

/** What cost is made from. */
const costTables = ["span", "look", "call", "billed", "session", "receipt", "memory"] as const;

/** The ledger port over one SQLite connection; each noun's SQL is in its own file. */
export class SqliteLedger implements Ledger, LedgerUpkeep {
  readonly #connection: Connection;
  readonly #file: LedgerFile;
  readonly #listings: LatestListings;
  readonly #calls: KeptAnswers<CallQuery, CallRecord>;
  readonly #spans: KeptAnswers<Parameters<Ledger["spans"]>[0], SeenSpan>;
  readonly #remembered: RememberedReader;

  constructor(connection: Connection, file: LedgerFile) {
    this.#connection = connection;
    this.#listings = new LatestListings(connection);
    this.#calls = new KeptAnswers(connection, {
      tables: ["call"],
      key: "call_id",
      parse: toCall,
      read: callsOf,
      renewed: renewedCalls,
    });
    this.#spans = new KeptAnswers(connection, {
      tables: ["span", "look"],
      key: "container_id",
      parse: toSpan,
      read: spansIn,
    });
    this.#file = file;
    this.#remembered = new RememberedReader(file.log);
  }

  trouble(): LedgerTrouble | null {
    return null;
  }

  settled(): Promise<boolean> {
    return Promise.resolve(true);
  }

  /** SQLite's data_version tells of the others' commits only; this connection's own are added. */
  changeCounter(): number {
    this.#file.followSetAside();
    const row = versionSchema.parse(this.#connection.get("PRAGMA data_version"));
    return row.data_version + this.#connection.commits;
  }

  costVersion(): string {
    this.#file.followSetAside();
    return changeCounts(this.#connection, costTables);
  }

  /** Goes over to the new file where another window has set a damaged one aside. Returns its name. */
  followSetAside(): string | undefined {
    return this.#file.followSetAside();
  }

  isFileThere(): boolean {
    return this.#file.isThere();
  }

  /** Several writes as one transaction. */
  together<T>(work: () => T): T {
    // Its parts say whether a power loss may take them.
    return this.#connection.write(work, { ephemeral: true });
  }

  recordListing(listing: Listing): void {
    recordListing(this.#connection, listing);
  }

  latestListing(scope: string): Listing | undefined {
    return this.#listings.of(scope);
  }

  spans(
    query: { readonly scope?: string; readonly appIds?: readonly string[] } & TimeRange,
  ): readonly ContainerSpan[] {
    return this.seenSpans(query).map(shownSpan);
  }

  /** Spans with the looks that bound them. */
  seenSpans(query: Parameters<Ledger["spans"]>[0]): readonly SeenSpan[] {
    return query.appIds === undefined ? this.#spans.read(query) : spansIn(this.#connection, query);
  }

  spansOf(containerIds: readonly string[]): readonly SeenSpan[] {
    return spansOf(this.#connection, containerIds);
  }

  looks(query: { readonly scope: string } & TimeRange): readonly number[] {
    return looksIn(this.#connection, query);
  }

  lookBefore(scope: string, at: LookTime): number | null {
    return lookBefore(this.#connection, scope, at);
  }

  looksAfter(scope: string, at: LookTime): readonly LookTime[] {
    return looksAfter(this.#connection, scope, at);
  }

  upsertCall(call: CallRecord): void {
    upsertCall(this.#connection, call);
  }

  calls(query: CallQuery): readonly CallRecord[] {
    // Asked once per line of a log, and never the same again.
    const isOnce = query.callId !== undefined || query.source !== undefined;
    return isOnce ? callsOf(this.#connection, query) : this.#calls.read(query);
  }

  upsertSession(session: SessionRecord): void {
    upsertSession(this.#connection, session);
  }

  openSession(scope: string, folder: string): SessionRecord | undefined {
    return openSession(this.#connection, scope, folder);
  }

  sessions(query: Partial<TimeRange> & { readonly scope?: string }): readonly SessionRecord[] {
    return sessionsIn(this.#connection, query);
  }

  recordReceipt(receipt: StopReceipt): void {
    recordReceipt(this.#connection, receipt);
  }

  receipts(query: Partial<TimeRange> & { readonly scope?: string }): readonly StopReceipt[] {
    return receiptsIn(this.#connection, query);
  }

  upsertBilled(
    scope: string,
    rows: readonly BillingRow[],
    fetched: Fetched,
    covers?: TimeRange,
  ): void {
    upsertBilled(this.#connection, scope, rows, fetched, covers);
  }

  billed(query: { readonly scope?: string } & TimeRange): readonly SavedBillingRow[] {
    return billedIn(this.#connection, query);
  }

  costBasis(query: Parameters<Ledger["costBasis"]>[0]): CostBasis {
    return costBasisIn(this.#connection, query);
  }

  scopes(query: Parameters<Ledger["scopes"]>[0]): readonly string[] {
    return scopesIn(this.#connection, query);
  }

  saveRates(...[scope, rates, fetchedAtMs, options]: Parameters<Ledger["saveRates"]>): void {
    saveRates(this.#connection, scope, rates, fetchedAtMs, options);
  }

  latestRates(scope: string): SavedRates | undefined {
    return latestRates(this.#connection, scope);
  }

  rateHistory(scope: string): readonly SavedRates[] {
    return ratesSeen(this.#connection, scope);
  }

  acquireLease(name: string, holder: string, pid: number, nowMs: number, ttlMs: number): boolean {
    return acquireLease(this.#connection, name, holder, pid, nowMs, ttlMs);
  }

  releaseLease(name: string, holder: string): void {
    releaseLease(this.#connection, name, holder);
  }

  leaseHolder(name: string, nowMs: number): LeaseHolder | undefined {
    return leaseHolder(this.#connection, name, nowMs);
  }

  beatWindow(window: WindowRecord): void {
    beatWindow(this.#connection, window);
  }

  closeWindow(windowId: string, atMs: number): void {
    closeWindow(this.#connection, windowId, atMs);
  }

  windows(): readonly WindowRecord[] {
    return windows(this.#connection);
  }

  forgetWindow(windowId: string): void {
    forgetWindow(this.#connection, windowId);
  }

  wasClaimed(key: string): boolean {
    return wasClaimed(this.#connection, key);
  }

  claimOnce(key: string, atMs: number): boolean {
    return claimOnce(this.#connection, key, atMs);
  }

  remember(key: string, json: string): void {
    remember(this.#connection, key, json);
  }

  /** What was remembered, as JSON. */
  remembered(key: string): string | undefined {
    return recall(this.#connection, key);
  }

  recall<T>(key: string, shape: Shape<T>): T | undefined {
    return this.#remembered.read(key, this.remembered(key), shape);
  }

  summary(query: SummaryQuery): readonly SummaryRow[] {
    return summaryOf(this.#connection, query);
  }

  async *exportRows(format: "csv" | "json"): AsyncIterable<string> {
    const reader = this.#file.openReader();
    try {
      yield* exportRows(reader, format);
    } finally {
      reader.close();
    }
  }

  prune(beforeMs: number): PruneResult {
    return prune(this.#connection, beforeMs);
  }

  checkIntegrity(): Promise<readonly string[]> {
    return this.#file.checkIntegrity();
  }

  rowCounts(): ReadonlyMap<string, number> {
    return new Map(
      tables.map((table) => {
        const row = this.#connection.get(`SELECT count(*) AS rows FROM "${table}"`);
        return [table, countSchema.parse(row).rows];
      }),
    );
  }

  unreadableRows(): number {
    return this.#connection.unreadableRows;
  }

  flush(): Promise<void> {
    return this.#file.flush();
  }

  dispose(): void {
    this.#file.dispose();
    this.#connection.dispose();
  }
}
