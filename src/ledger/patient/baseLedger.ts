import type { ContainerSpan } from "../../cost/span.ts";
import type { Ledger } from "../../session/ledgerPort.ts";

/** The ledger's file as it is read. */
export type BaseLedger = Pick<
  Ledger,
  | "latestListing"
  | "spans"
  | "calls"
  | "sessions"
  | "receipts"
  | "billed"
  | "rateHistory"
  | "leaseHolder"
  | "windows"
  | "wasClaimed"
> & {
  /** What was remembered, as JSON. */
  remembered(key: string): string | undefined;
  /** The spans with these ids. */
  spansOf(containerIds: readonly string[]): readonly ContainerSpan[];
  /** Instants of the scope's looks after this one. */
  looksAfter(scope: string, atMs: number): readonly number[];
};

/** A ledger in which nothing was ever written. */
export const emptyLedger: BaseLedger = {
  latestListing: () => undefined,
  spans: () => [],
  calls: () => [],
  sessions: () => [],
  receipts: () => [],
  billed: () => [],
  rateHistory: () => [],
  leaseHolder: () => undefined,
  windows: () => [],
  wasClaimed: () => false,
  remembered: () => undefined,
  spansOf: () => [],
  looksAfter: () => [],
};
