import type { Ledger } from "../../session/ledgerPort.ts";
import type { LookTime } from "../../session/lookOrder.ts";
import type { SeenSpan } from "../tables/seenSpan.ts";

/** The ledger's file as it is read. */
export type BaseLedger = Pick<
  Ledger,
  | "latestListing"
  | "calls"
  | "looks"
  | "sessions"
  | "receipts"
  | "billed"
  | "scopes"
  | "costBasis"
  | "rateHistory"
  | "leaseHolder"
  | "windows"
  | "wasClaimed"
> & {
  /** What was remembered, as JSON. */
  remembered(key: string): string | undefined;
  /** The spans of `spans`, with the looks that bound them. */
  seenSpans(query: Parameters<Ledger["spans"]>[0]): readonly SeenSpan[];
  /** The spans with these ids. */
  spansOf(containerIds: readonly string[]): readonly SeenSpan[];
  /** When the scope was looked at last before this, in the same era; null: not on record. */
  lookBefore(scope: string, at: LookTime): number | null;
  /** The scope's looks after this one. */
  looksAfter(scope: string, at: LookTime): readonly LookTime[];
};

/** A ledger in which nothing was ever written. */
export const emptyLedger: BaseLedger = {
  latestListing: () => undefined,
  seenSpans: () => [],
  calls: () => [],
  sessions: () => [],
  receipts: () => [],
  billed: () => [],
  scopes: () => [],
  costBasis: () => ({ stamp: "", apps: [] }),
  rateHistory: () => [],
  leaseHolder: () => undefined,
  windows: () => [],
  wasClaimed: () => false,
  remembered: () => undefined,
  spansOf: () => [],
  looks: () => [],
  lookBefore: () => null,
  looksAfter: () => [],
};
