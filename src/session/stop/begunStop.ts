import type { Ledger, Listing } from "../ledgerPort.ts";
import type { StopReceipt } from "../receipt.ts";
import { endStoppedSessions } from "./sessionEnd.ts";
import { canProve, closedReceipt } from "./stopReceipt.ts";

/*
 * A stop in the ledger: begun → done, or begun → taken over.
 *
 * Begun: its receipt says "unverified", and the process that is at it has the stop's lease. Done: that
 * process wrote what a fresh look proved. Where it ended before (a kill, a crash), or could not ask
 * Modal any more, whoever looks next takes the stop over: it takes the lease, and closes the receipt
 * by its own look. It sends nothing: what still runs is told, or reminded of.
 */

/** Longer than a stop takes, with every repetition and the proof: the bound for a process number that was given to another one. */
const leaseMs = 10 * 60_000;
/** So long after it was begun, a request that was sent is answered or lost, and an app that stops has stopped. */
const landedMs = 60_000;
/** What nobody looked at for so long stays "unverified": too much has happened since. */
const forgottenMs = 7 * 24 * 3_600_000;

const leaseOf = (receiptId: string): string => `stop:${receiptId}`;

type BegunLedger = Pick<Ledger, "acquireLease" | "releaseLease" | "recordReceipt" | "settled">;

/** How long a stop waits for the ledger to have it, in milliseconds: a stop needs no ledger. */
const settleMs = 1_000;

/** Notes that a stop begins, before its first request: from then on it is found, whoever dies. */
export async function noteBegun(
  ledger: BegunLedger,
  receipt: StopReceipt,
  { pid, nowMs }: { readonly pid: number; readonly nowMs: number },
): Promise<void> {
  const { receiptId } = receipt;
  ledger.acquireLease(leaseOf(receiptId), receiptId, pid, nowMs, leaseMs);
  ledger.recordReceipt(receipt);
  await ledger.settled(settleMs);
}

/** Nobody is at this stop any more. */
export function noteEnded(ledger: Pick<Ledger, "releaseLease">, receiptId: string): void {
  ledger.releaseLease(leaseOf(receiptId), receiptId);
}

export interface TakeOverParts {
  readonly ledger: Pick<
    Ledger,
    | "receipts"
    | "recordReceipt"
    | "sessions"
    | "upsertSession"
    | "leaseHolder"
    | "acquireLease"
    | "releaseLease"
  >;
  /** This process where processes share; unique. */
  readonly holder: string;
  readonly pid: number;
  readonly pidAlive: (pid: number) => boolean;
}

/**
 * Takes over the stops of the listing's scope that nobody is at any more and that are not done, and
 * closes each receipt by this listing: each is closed by one process. One whose apps still run stays
 * open for a minute, because its requests may be on their way. Throws `Failure("ledger")` where the
 * receipts cannot be read.
 * @returns the receipts as they were closed, oldest first.
 */
export function takeOverStops(
  { ledger, holder, pid, pidAlive }: TakeOverParts,
  listing: Listing,
): readonly StopReceipt[] {
  const { scope, observedAtMs } = listing;
  const receipts = ledger.receipts({ scope, fromMs: observedAtMs - forgottenMs });
  const closed: StopReceipt[] = [];
  for (const begun of receipts.toReversed()) {
    if (begun.verified !== "unverified" || begun.atMs > observedAtMs) continue;
    if (!canProve(listing, begun.planned)) continue;
    const receipt = closedReceipt(begun, listing, receipts);
    if (receipt.left.length > 0 && observedAtMs < begun.atMs + landedMs) continue;
    const lease = leaseOf(begun.receiptId);
    const owner = ledger.leaseHolder(lease, observedAtMs);
    if (owner !== undefined && pidAlive(owner.pid)) continue;
    // Only the dead one's lease is released, so of two that find it one gets it.
    if (owner !== undefined) ledger.releaseLease(lease, owner.holder);
    if (!ledger.acquireLease(lease, holder, pid, observedAtMs, leaseMs)) continue;
    ledger.recordReceipt(receipt);
    const proof = { listing, redeployed: new Map<string, string>() };
    const sessions = ledger
      .sessions({ scope })
      .filter(({ startedAtMs }) => startedAtMs <= begun.atMs);
    for (const session of endStoppedSessions(sessions, receipt, proof, observedAtMs))
      ledger.upsertSession(session);
    ledger.releaseLease(lease, holder);
    closed.push(receipt);
  }
  return closed;
}
