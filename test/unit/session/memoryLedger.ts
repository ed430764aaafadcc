import type { LeaseHolder, Ledger } from "../../../src/session/ledgerPort.ts";
import type { StopReceipt } from "../../../src/session/receipt.ts";
import { RememberedReader, type Shape } from "../../../src/session/remembered.ts";
import type { SessionRecord } from "../../../src/session/session.ts";

type Kept = Pick<
  Ledger,
  | "recordReceipt"
  | "receipts"
  | "upsertSession"
  | "openSession"
  | "sessions"
  | "remember"
  | "recall"
  | "claimOnce"
  | "acquireLease"
  | "releaseLease"
  | "leaseHolder"
  | "settled"
>;

/** The part of the ledger's port that sessions use, in memory. An ended session stays ended. */
export class MemoryLedger implements Kept {
  readonly kept: StopReceipt[] = [];
  readonly memories = new Map<string, string>();
  readonly #sessions = new Map<string, SessionRecord>();
  readonly #remembered = new RememberedReader();
  readonly #claims = new Set<string>();
  readonly #leases = new Map<string, LeaseHolder>();

  recordReceipt(receipt: StopReceipt): void {
    const at = this.kept.findIndex(({ receiptId }) => receiptId === receipt.receiptId);
    this.kept.splice(at === -1 ? this.kept.length : at, 1, receipt);
  }

  receipts(): readonly StopReceipt[] {
    return this.kept.toReversed();
  }

  upsertSession(session: SessionRecord): void {
    const known = this.#sessions.get(session.sessionId);
    const ended = known !== undefined && known.endedAtMs !== null && session.endedAtMs === null;
    this.#sessions.set(session.sessionId, {
      ...session,
      ...(ended ? { endedAtMs: known.endedAtMs, end: known.end } : {}),
    });
  }

  openSession(scope: string, folder: string): SessionRecord | undefined {
    return this.sessions({ scope }).find((s) => s.endedAtMs === null && s.folder === folder);
  }

  sessions(query: { readonly scope?: string }): readonly SessionRecord[] {
    return [...this.#sessions.values()]
      .filter(({ scope }) => query.scope === undefined || scope === query.scope)
      .toSorted((a, b) => b.startedAtMs - a.startedAtMs);
  }

  remember(key: string, json: string): void {
    this.memories.set(key, json);
  }

  recall<T>(key: string, shape: Shape<T>): T | undefined {
    return this.#remembered.read(key, this.memories.get(key), shape);
  }

  claimOnce(key: string): boolean {
    if (this.#claims.has(key)) return false;
    this.#claims.add(key);
    return true;
  }

  acquireLease(name: string, holder: string, pid: number, nowMs: number, ttlMs: number): boolean {
    const lease = this.leaseHolder(name, nowMs);
    if (lease !== undefined && lease.holder !== holder) return false;
    this.#leases.set(name, { holder, pid, expiresAtMs: nowMs + ttlMs, token: 1 });
    return true;
  }

  leaseHolder(name: string, nowMs: number): LeaseHolder | undefined {
    const lease = this.#leases.get(name);
    return lease === undefined || lease.expiresAtMs <= nowMs ? undefined : lease;
  }

  settled(): Promise<boolean> {
    return Promise.resolve(true);
  }

  releaseLease(name: string, holder: string): void {
    if (this.#leases.get(name)?.holder === holder) this.#leases.delete(name);
  }
}
