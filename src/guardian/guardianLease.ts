import * as z from "zod/mini";
import type { Ledger } from "../session/ledgerPort.ts";

/** The ledger's lease that makes the guardian the only one of a machine and a ledger. */
const guardianLease = "guardian";
const wantedKey = "guardian:wanted";

export type LeaseLedger = Pick<
  Ledger,
  "acquireLease" | "releaseLease" | "leaseHolder" | "remember" | "recall" | "settled" | "trouble"
>;

/** The guardian that holds the lease and whose process lives. */
export function liveGuardian(
  ledger: LeaseLedger,
  nowMs: number,
  pidAlive: (pid: number) => boolean,
): { readonly holder: string; readonly pid: number } | undefined {
  const held = ledger.leaseHolder(guardianLease, nowMs);
  return held !== undefined && pidAlive(held.pid) ? held : undefined;
}

/**
 * A window notes that it wants a guardian before it looks whether there is one; a guardian that is
 * about to end gives the lease back first and looks at the note afterwards. So whichever of the two
 * is later sees the other: no app is left without a guardian because one ended just then.
 */
export function wantGuardian(ledger: LeaseLedger, nonce: string): void {
  ledger.remember(wantedKey, JSON.stringify(nonce));
}

export interface LeaseOwner {
  readonly ledger: LeaseLedger;
  readonly holder: string;
  readonly pid: number;
  readonly leaseMs: number;
  readonly pidAlive: (pid: number) => boolean;
}

/** The lease as the guardian's process sees it. */
export class GuardianLease {
  readonly #owner: LeaseOwner;
  #wanted: string | undefined;

  constructor(owner: LeaseOwner) {
    this.#owner = owner;
    this.#wanted = owner.ledger.recall(wantedKey, z.string());
  }

  /** The guardian's process. */
  get pid(): number {
    return this.#owner.pid;
  }

  /** Takes or renews the lease. False: another guardian has it, and this one must end. */
  hold(nowMs: number): boolean {
    const { ledger, holder, pid, leaseMs } = this.#owner;
    if (ledger.acquireLease(guardianLease, holder, pid, nowMs, leaseMs)) return true;
    const other = ledger.leaseHolder(guardianLease, nowMs);
    // A killed guardian's lease outlives it. Only that holder's is released, so of two newcomers one gets it.
    if (other !== undefined && !this.#owner.pidAlive(other.pid))
      ledger.releaseLease(guardianLease, other.holder);
    return ledger.acquireLease(guardianLease, holder, pid, nowMs, leaseMs);
  }

  /** Whether the lease is this one's now, without taking it anew: false when it ran out, whoever has it. */
  isHeld(nowMs: number): boolean {
    const { ledger, holder } = this.#owner;
    return ledger.leaseHolder(guardianLease, nowMs)?.holder === holder;
  }

  /** Notes the wish that the coming decision to end will rest on. Call before the facts are read. */
  readWish(): void {
    this.#wanted = this.#owner.ledger.recall(wantedKey, z.string());
  }

  /** Gives the lease back. True: it is given up. False: a window wants a guardian again, and this one has the lease again. */
  giveUp(nowMs: number): boolean {
    const { ledger, holder } = this.#owner;
    ledger.releaseLease(guardianLease, holder);
    if (ledger.recall(wantedKey, z.string()) === this.#wanted) return true;
    this.readWish();
    return !this.hold(nowMs);
  }

  /** Gives the lease back without looking whether a guardian is wanted. */
  release(): void {
    this.#owner.ledger.releaseLease(guardianLease, this.#owner.holder);
  }
}
