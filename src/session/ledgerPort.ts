import type { Disposable } from "../base/disposable.ts";
import type { CallRecord, CallSource, CallStatus } from "../cost/call.ts";
import type { MicroUsd } from "../cost/money.ts";
import type { ContainerObservation, ContainerSpan, GpuSource } from "../cost/span.ts";
import type {
  AppInfo,
  BillingRow,
  Fetched,
  SavedBillingRow,
  WorkspaceRates,
} from "./modalControl.ts";
import type { StopReceipt } from "./receipt.ts";
import type { SandboxSight } from "./sandboxInfo.ts";
import type { LookTime } from "./lookOrder.ts";
import type { Shape } from "./remembered.ts";
import type { SessionRecord } from "./session.ts";

/** One complete look at a scope. `containers` holds every live container, with details where they were asked for. */
export interface Listing extends LookTime {
  readonly scope: string;
  readonly adapter: "cli" | "sdk";
  readonly apps: readonly AppInfo[];
  readonly containers: readonly ContainerObservation[];
  /** Details of containers that have left the listing since the last look (exact ends). */
  readonly ended: readonly ContainerObservation[];
  /** What is known of sandboxes; absent: a look of an older version, which knew of none. */
  readonly sandboxes?: SandboxSight | undefined;
  /** When the scope was last looked at before; null: never. Known to the window that took the look, not stored. */
  readonly sinceMs?: number | null;
}

export interface TimeRange {
  /** Start inclusive, end exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface CallQuery extends Partial<TimeRange> {
  readonly callId?: string;
  readonly source?: CallSource;
  readonly scope?: string;
  readonly sessionId?: string;
  readonly endpoint?: string;
  readonly status?: CallStatus;
  /** Also those that began before the range and ran on into it. */
  readonly isOngoingToo?: boolean;
  readonly limit?: number;
}

/** A window (extension host) as the others and the guardian see it. */
export interface WindowRecord {
  readonly windowId: string;
  readonly pid: number;
  readonly openedAtMs: number;
  readonly beatAtMs: number;
  /** Set by `deactivate`, or when a lost client is noticed. */
  readonly closedAtMs: number | null;
  /** The workspaces and environments that it has watched; left out: none yet, so it may be any. */
  readonly scopes?: readonly string[];
}

export interface SummaryRow {
  /** Local calendar day of `timeZone`, "2026-11-21". */
  readonly day: string;
  readonly appName: string;
  readonly endpoint: string | null;
  readonly calls: number;
  /** Of `calls`, those that reported no cost: unknown, not $0. */
  readonly unknownCalls: number;
  readonly reportedMicroUsd: MicroUsd;
}

/** Who has a lease. `token` grows with every new holder or term, so that a late act of an old one can be told. */
export interface LeaseHolder {
  readonly holder: string;
  readonly pid: number;
  readonly expiresAtMs: number;
  readonly token: number;
}

export interface SaveRatesOptions {
  /** These are the newest: what is dated later was dated by a clock that was ahead, and is taken out. */
  readonly areNewest?: boolean;
}

/** What the cost of a range is made from, in short. */
export interface CostBasis {
  /** Another one when a row of the range was added, changed or taken out. */
  readonly stamp: string;
  /** Whose containers were seen in it. */
  readonly apps: readonly {
    readonly appId: string;
    readonly appName: string;
    readonly gpuSource: GpuSource;
  }[];
}

/** What keeps the ledger from being all that it should be. */
export interface LedgerTrouble {
  /** What is wrong and what to do, in a sentence or two. */
  readonly message: string;
  /** False: what is written waits in memory, and is lost with this process. */
  readonly isWritable: boolean;
}

/**
 * The ledger: everything the product knows about money, in one SQLite file that all windows of one
 * machine share. Synchronous, each write one short transaction, every write idempotent by its key.
 * Methods throw `Failure("ledger", …)` when the file cannot be used; of a window's ledger and the
 * guardian's (ledger/patient) only questions about the past do, and writes wait instead.
 */
export interface Ledger extends Disposable {
  /** What is wrong with the ledger now; null: nothing. */
  trouble(): LedgerTrouble | null;

  /** Resolves with true when all that was written is in the file, with false when it is not in this time. */
  settled(withinMs: number): Promise<boolean>;

  /** Changes whenever any window has written; cheap enough to ask every second. */
  changeCounter(): number;

  /**
   * Another text after anything was written that cost is made from, by any window; heartbeats, leases
   * and claims leave it as it is. As cheap.
   */
  costVersion(): string;

  recordListing(listing: Listing): void;
  latestListing(scope: string): Listing | undefined;
  /** Spans that overlap the range, or that are still open. */
  spans(
    query: { readonly scope?: string; readonly appIds?: readonly string[] } & TimeRange,
  ): readonly ContainerSpan[];

  /** Instants of the scope's complete looks in the range, in order. */
  looks(query: { readonly scope: string } & TimeRange): readonly number[];

  upsertCall(call: CallRecord): void;
  calls(query: CallQuery): readonly CallRecord[];

  upsertSession(session: SessionRecord): void;
  openSession(scope: string, folder: string): SessionRecord | undefined;
  sessions(query: Partial<TimeRange> & { readonly scope?: string }): readonly SessionRecord[];

  recordReceipt(receipt: StopReceipt): void;
  receipts(query: Partial<TimeRange> & { readonly scope?: string }): readonly StopReceipt[];

  /** `covers`: `rows` is the whole report of this range, so older rows in it that are missing now are withdrawn. */
  upsertBilled(
    scope: string,
    rows: readonly BillingRow[],
    fetched: Fetched,
    covers?: TimeRange,
  ): void;
  billed(query: { readonly scope?: string } & TimeRange): readonly SavedBillingRow[];
  /** What the cost of a range is made from, as the file has it. */
  costBasis(query: { readonly scope: string } & TimeRange): CostBasis;
  /** The scopes of a workspace that were ever looked at, or that the bill of this range names. */
  scopes(query: { readonly workspace: string } & TimeRange): readonly string[];

  /** Writes the rates that were in force at an instant. Rates that did not change extend their row. */
  saveRates(
    scope: string,
    rates: WorkspaceRates,
    fetchedAtMs: number,
    options?: SaveRatesOptions,
  ): void;
  latestRates(
    scope: string,
  ): { readonly rates: WorkspaceRates; readonly fetchedAtMs: number } | undefined;
  /** Every change of the scope's rates that was seen, oldest first. */
  rateHistory(scope: string): readonly {
    readonly rates: WorkspaceRates;
    /** First fetched just so. */
    readonly sinceMs: number;
    readonly fetchedAtMs: number;
  }[];

  /** Takes or renews the lease `name`; true when `holder` has it until `nowMs + ttlMs`. */
  acquireLease(name: string, holder: string, pid: number, nowMs: number, ttlMs: number): boolean;
  releaseLease(name: string, holder: string): void;
  leaseHolder(name: string, nowMs: number): LeaseHolder | undefined;

  beatWindow(window: WindowRecord): void;
  closeWindow(windowId: string, atMs: number): void;
  windows(): readonly WindowRecord[];
  forgetWindow(windowId: string): void;

  /** True for exactly one caller per key, ever, across windows: each threshold once per period. */
  claimOnce(key: string, atMs: number): boolean;
  /** Whether the key was claimed before, by any window. */
  wasClaimed(key: string): boolean;

  /** Small remembered values (last pick, last prompt, acknowledged reports). JSON text. */
  remember(key: string, json: string): void;
  /** A remembered value; undefined: there is none, or it cannot be read, which is logged once. */
  recall<T>(key: string, shape: Shape<T>): T | undefined;

  /**
   * Calls per local day of `timeZone` (IANA name), app and endpoint, pruned calls included: a month
   * of a busy workspace in milliseconds.
   */
  summary(
    query: TimeRange & {
      readonly scope?: string;
      readonly timeZone: string;
    },
  ): readonly SummaryRow[];
}

/** The care of the ledger file, beside its everyday use. */
export interface LedgerUpkeep {
  /** Every row of every table, in pieces of text, as one snapshot. CSV: one table after the other, each under its own header row. */
  exportRows(format: "csv" | "json"): AsyncIterable<string>;

  /** Deletes calls and spans that ended before; never what still runs or belongs to an open session. */
  prune(beforeMs: number): void;

  /** Reads the whole file in a thread of its own. Empty: sound. Else what is wrong; the file is set aside at the next opening. */
  checkIntegrity(): Promise<readonly string[]>;

  /** Distinct rows that were left out of an answer because they could not be read. */
  unreadableRows(): number;

  rowCounts(): ReadonlyMap<string, number>;

  /** Resolves when everything written so far would survive a power loss (it survives a crash at once). */
  flush(): Promise<void>;
}
