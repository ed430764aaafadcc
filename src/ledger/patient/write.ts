import { isDeepStrictEqual } from "node:util";
import type { Ledger, LedgerUpkeep, Listing } from "../../session/ledgerPort.ts";
import type { StopReceipt } from "../../session/receipt.ts";
import { mergeCall } from "../tables/mergeCall.ts";
import { mergeSession } from "../tables/sessionTable.ts";

type WriteName =
  | "recordListing"
  | "upsertCall"
  | "upsertSession"
  | "recordReceipt"
  | "upsertBilled"
  | "saveRates"
  | "acquireLease"
  | "releaseLease"
  | "beatWindow"
  | "closeWindow"
  | "forgetWindow"
  | "claimOnce"
  | "remember"
  | "prune";

type Written = Pick<Ledger & LedgerUpkeep, WriteName>;

/** One write of the ledger's port, as a value: its method and what it was called with. */
export type Write = {
  readonly [Name in WriteName]: readonly [Name, ...Parameters<Written[Name]>];
}[WriteName];

/** A write whose answer somebody waits for. */
export type Question = Extract<Write, readonly ["acquireLease" | "claimOnce", ...unknown[]]>;

/** Does what the write says; the answer is that of a `Question`. */
export function applyWrite(ledger: Written, write: Write): unknown {
  const [name, ...values] = write;
  return Reflect.apply(ledger[name], ledger, values);
}

/**
 * Writes with the same key are about the same row, and may become one (`joinWrites`). Those with
 * different keys may be done in any order, because every write of the ledger is idempotent by its
 * row. undefined: it is one of its own, and stays in its place among those of its kind: a look, and rates,
 * which change others before and after them.
 */
export function keyOf(write: Write): string | undefined {
  return isOfItsOwn(write) ? undefined : `${nounOf[write[0]]} ${rowOf(write)}`;
}

type OfItsOwn = Extract<Write, readonly ["recordListing" | "saveRates", ...unknown[]]>;

function isOfItsOwn(write: Write): write is OfItsOwn {
  return write[0] === "recordListing" || write[0] === "saveRates";
}

/** The methods that write rows of the same table. */
const nounOf: Readonly<Record<Exclude<WriteName, OfItsOwn[0]>, string>> = {
  upsertCall: "call",
  upsertSession: "session",
  recordReceipt: "receipt",
  upsertBilled: "billed",
  acquireLease: "lease",
  releaseLease: "lease",
  beatWindow: "window",
  closeWindow: "window",
  forgetWindow: "window",
  claimOnce: "claim",
  remember: "memory",
  prune: "prune",
};

function rowOf(write: Exclude<Write, OfItsOwn>): string {
  if (write[0] === "upsertCall") return write[1].callId;
  if (write[0] === "upsertSession") return write[1].sessionId;
  if (write[0] === "recordReceipt") return write[1].receiptId;
  if (write[0] === "beatWindow") return write[1].windowId;
  if (write[0] === "upsertBilled") return `${write[1]} ${JSON.stringify([write[3], write[4]])}`;
  if (write[0] === "acquireLease" || write[0] === "releaseLease") return `${write[1]} ${write[2]}`;
  return String(write[1]);
}

/** Whether cost is made from what it writes. */
export function isOfCost([name]: Write): boolean {
  return !notOfCost.has(name);
}

const notOfCost: ReadonlySet<WriteName> = new Set([
  "acquireLease",
  "releaseLease",
  "beatWindow",
  "closeWindow",
  "forgetWindow",
  "claimOnce",
]);

/** One write that does what `known` and then `next` do. They have the same key. */
export function joinWrites(earlier: Write, next: Write): Write {
  if (earlier[0] === "upsertCall" && next[0] === "upsertCall")
    return ["upsertCall", mergeCall(earlier[1], next[1])];
  if (earlier[0] === "upsertSession" && next[0] === "upsertSession")
    return ["upsertSession", mergeSession(earlier[1], next[1])];
  if (earlier[0] === "recordReceipt" && next[0] === "recordReceipt")
    return betterReceipt(earlier[1], next[1]) === next[1] ? next : earlier;
  if (next[0] === "closeWindow" && earlier[0] === "beatWindow") {
    const [, window] = earlier;
    return ["beatWindow", { ...window, closedAtMs: window.closedAtMs ?? next[2] }];
  }
  // The first claim and the first note of an end count; a window that is forgotten has no end.
  const firstCounts = next[0] === "claimOnce" || next[0] === "closeWindow";
  return firstCounts ? earlier : next;
}

/** The later one, but a verified one is never replaced by an unverified one. */
export function betterReceipt(earlier: StopReceipt | undefined, next: StopReceipt): StopReceipt {
  const isWorse = next.verified === "unverified" && earlier?.verified !== "unverified";
  return earlier !== undefined && isWorse ? earlier : next;
}

/**
 * Whether the look in the middle says nothing that the two around it do not: the same containers, and
 * nothing of their ends. Without it, the spans come out the same.
 */
export function isBetween(before: Listing, middle: Listing, after: Listing): boolean {
  return (
    middle.ended.length === 0 &&
    before.era === middle.era &&
    middle.era === after.era &&
    before.observedAtMs <= middle.observedAtMs &&
    middle.observedAtMs <= after.observedAtMs &&
    isDeepStrictEqual(before.containers, middle.containers) &&
    isDeepStrictEqual(middle.containers, after.containers)
  );
}
