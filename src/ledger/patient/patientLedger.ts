import type { Log } from "../../base/log.ts";
import type { CallRecord } from "../../cost/call.ts";
import type { ContainerSpan } from "../../cost/span.ts";
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
} from "../../session/ledgerPort.ts";
import type { BillingRow, Fetched, SavedBillingRow } from "../../session/modalControl.ts";
import type { StopReceipt } from "../../session/receipt.ts";
import { RememberedReader, type Shape } from "../../session/remembered.ts";
import type { SessionRecord } from "../../session/session.ts";
import type { SavedRates } from "../tables/mergeRates.ts";
import { emptyLedger } from "./baseLedger.ts";
import * as overlay from "./overlay.ts";
import type { PatientFile } from "./patientFile.ts";
import { seenListing, seenLooks, seenSpans } from "./pendingLooks.ts";

/**
 * The ledger of a process that must never wait for it, nor be stopped by it. It is always there: what
 * is written waits in memory until it is in the file, and is seen by every reader here meanwhile; a
 * file that cannot be opened is tried again until it can. What only the file knows (costs of the
 * past) fails while it cannot be read; what somebody needs in order to look and to stop does not.
 */
export class PatientLedger implements Ledger, LedgerUpkeep {
  readonly #file: PatientFile;
  /** What was read last, for when the file can no longer be read. */
  #lastWindows: readonly WindowRecord[] = [];
  readonly #lastRates = new Map<string, readonly SavedRates[]>();
  readonly #remembered: RememberedReader;

  constructor(file: PatientFile, log: Log) {
    this.#file = file;
    this.#remembered = new RememberedReader(log);
  }

  trouble(): LedgerTrouble | null {
    return this.#file.trouble();
  }

  settled(withinMs: number): Promise<boolean> {
    return this.#file.settled(withinMs);
  }

  changeCounter(): number {
    return this.#file.changeCounter();
  }

  costVersion(): string {
    return this.#file.costVersion();
  }

  recordListing(listing: Listing): void {
    this.#file.write(["recordListing", listing]);
  }

  latestListing(scope: string): Listing | undefined {
    return this.#file.readOrPending((pending, base) => seenListing(pending, base, scope));
  }

  spans(query: Parameters<Ledger["spans"]>[0]): readonly ContainerSpan[] {
    return this.#file.history((pending, base) => seenSpans(pending, base, query));
  }

  looks(query: Parameters<Ledger["looks"]>[0]): readonly number[] {
    return this.#file.history((pending, base) => seenLooks(pending, base, query));
  }

  upsertCall(call: CallRecord): void {
    this.#file.write(["upsertCall", call]);
  }

  calls(query: CallQuery): readonly CallRecord[] {
    return this.#file.history((pending, base) => overlay.seenCalls(pending, base, query));
  }

  upsertSession(session: SessionRecord): void {
    this.#file.write(["upsertSession", session]);
  }

  openSession(scope: string, folder: string): SessionRecord | undefined {
    return this.sessions({ scope }).find(
      (session) => session.folder === folder && session.endedAtMs === null,
    );
  }

  sessions(query: Parameters<Ledger["sessions"]>[0]): readonly SessionRecord[] {
    return this.#file.readOrPending((pending, base) => overlay.seenSessions(pending, base, query));
  }

  recordReceipt(receipt: StopReceipt): void {
    this.#file.write(["recordReceipt", receipt]);
  }

  receipts(query: Parameters<Ledger["receipts"]>[0]): readonly StopReceipt[] {
    return this.#file.history((pending, base) => overlay.seenReceipts(pending, base, query));
  }

  upsertBilled(
    scope: string,
    rows: readonly BillingRow[],
    fetched: Fetched,
    covers?: TimeRange,
  ): void {
    this.#file.write(["upsertBilled", scope, rows, fetched, covers]);
  }

  billed(query: { readonly scope?: string } & TimeRange): readonly SavedBillingRow[] {
    return this.#file.history((pending, base) => overlay.seenBilled(pending, base, query));
  }

  /** As the file has it: what waits is seen when it is in it, within moments. */
  costBasis(query: Parameters<Ledger["costBasis"]>[0]): CostBasis {
    return this.#file.history((_pending, base) => base.costBasis(query));
  }

  scopes(query: Parameters<Ledger["scopes"]>[0]): readonly string[] {
    return this.#file.history((pending, base) => overlay.seenScopes(pending, base, query));
  }

  saveRates(...[scope, rates, fetchedAtMs, options]: Parameters<Ledger["saveRates"]>): void {
    this.#file.write(["saveRates", scope, rates, fetchedAtMs, options]);
  }

  latestRates(scope: string): SavedRates | undefined {
    return this.rateHistory(scope).at(-1);
  }

  rateHistory(scope: string): readonly SavedRates[] {
    const last = this.#lastRates.get(scope) ?? [];
    const rates = this.#file.readOrPending(
      (pending, base) => overlay.seenRates(pending, base, scope),
      {
        ...emptyLedger,
        rateHistory: () => last,
      },
    );
    this.#lastRates.set(scope, rates);
    return rates;
  }

  acquireLease(name: string, holder: string, pid: number, nowMs: number, ttlMs: number): boolean {
    return this.#file.ask(["acquireLease", name, holder, pid, nowMs, ttlMs], () => {
      const held = this.leaseHolder(name, nowMs);
      return held === undefined || held.holder === holder;
    });
  }

  releaseLease(name: string, holder: string): void {
    this.#file.write(["releaseLease", name, holder]);
  }

  leaseHolder(name: string, nowMs: number): LeaseHolder | undefined {
    return this.#file.readOrPending((pending, base) =>
      overlay.seenLease(pending, base, name, nowMs),
    );
  }

  beatWindow(window: WindowRecord): void {
    this.#file.write(["beatWindow", window]);
  }

  closeWindow(windowId: string, atMs: number): void {
    this.#file.write(["closeWindow", windowId, atMs]);
  }

  windows(): readonly WindowRecord[] {
    const last = this.#lastWindows;
    this.#lastWindows = this.#file.readOrPending(
      (pending, base) => overlay.seenWindows(pending, base),
      {
        ...emptyLedger,
        windows: () => last,
      },
    );
    return this.#lastWindows;
  }

  forgetWindow(windowId: string): void {
    this.#file.write(["forgetWindow", windowId]);
  }

  claimOnce(key: string, atMs: number): boolean {
    return this.#file.ask(["claimOnce", key, atMs], () => !this.wasClaimed(key));
  }

  wasClaimed(key: string): boolean {
    return this.#file.readOrPending((pending, base) => overlay.seenClaim(pending, base, key));
  }

  remember(key: string, json: string): void {
    this.#file.write(["remember", key, json]);
  }

  recall<T>(key: string, shape: Shape<T>): T | undefined {
    const json = this.#file.readOrPending((pending, base) =>
      overlay.seenMemory(pending, base, key),
    );
    return this.#remembered.read(key, json, shape);
  }

  summary(query: Parameters<Ledger["summary"]>[0]): readonly SummaryRow[] {
    return this.#file.open().summary(query);
  }

  exportRows(format: "csv" | "json"): AsyncIterable<string> {
    return this.#file.open().exportRows(format);
  }

  prune(beforeMs: number): void {
    this.#file.write(["prune", beforeMs]);
  }

  checkIntegrity(): Promise<readonly string[]> {
    return this.#file.open().checkIntegrity();
  }

  rowCounts(): ReadonlyMap<string, number> {
    return this.#file.open().rowCounts();
  }

  unreadableRows(): number {
    return this.#file.unreadableRows;
  }

  flush(): Promise<void> {
    return this.#file.flush();
  }

  dispose(): void {
    this.#file.dispose();
  }
}
