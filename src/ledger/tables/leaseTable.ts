import * as z from "zod/mini";
import type { LeaseHolder } from "../../session/ledgerPort.ts";
import { instant, maybeText, text, whole, wholeMs } from "./column.ts";
import type { Connection, Row } from "../connection.ts";

const rowSchema = z.object({
  name: text,
  holder: maybeText,
  pid: whole,
  token: whole,
  renewed_at_ms: instant,
  ttl_ms: whole,
});

/** A lease outlives no power loss. */
const heartbeat = { ephemeral: true };

type LeaseRow = z.output<typeof rowSchema>;

/**
 * Takes or renews a lease. Nobody can take it from a holder before it expires.
 *
 * When the clock was set back, the last renewal lies in the future, and waiting for its expiry could
 * last for ever. The first one that finds this restarts the term at the clock as it is now: a
 * holder that lives renews within the term, and a dead one blocks for one term at most.
 */
export function acquireLease(
  connection: Connection,
  name: string,
  holder: string,
  pid: number,
  nowMs: number,
  ttlMs: number,
): boolean {
  const now = wholeMs(nowMs);
  return connection.write(() => {
    const lease = leaseOf(connection, name);
    if (lease !== undefined && lease.holder !== null && lease.holder !== holder) {
      if (now < lease.renewed_at_ms) {
        save(connection, { ...lease, renewed_at_ms: now });
        return false;
      }
      if (now < lease.renewed_at_ms + lease.ttl_ms) return false;
    }
    // A renewal after the term counts as a new one: something may have happened in between.
    const kept =
      lease !== undefined && lease.holder === holder && now < lease.renewed_at_ms + lease.ttl_ms;
    const token = (lease?.token ?? 0) + (kept ? 0 : 1);
    save(connection, {
      name,
      holder,
      pid,
      token,
      renewed_at_ms: now,
      ttl_ms: Math.ceil(ttlMs),
    });
    return true;
  }, heartbeat);
}

/** Lets go of a lease, if `holder` has it. The row stays, so that its token never repeats. */
export function releaseLease(connection: Connection, name: string, holder: string): void {
  connection.write(() =>
    connection.run("UPDATE lease SET holder = NULL WHERE name = :name AND holder = :holder", {
      name,
      holder,
    }),
  );
}

export function leaseHolder(
  connection: Connection,
  name: string,
  nowMs: number,
): LeaseHolder | undefined {
  const lease = leaseOf(connection, name);
  if (lease === undefined || lease.holder === null) return undefined;
  // A renewal in the future: the clock was set back since.
  const expiresAtMs = Math.min(lease.renewed_at_ms, nowMs) + lease.ttl_ms;
  if (nowMs >= expiresAtMs) return undefined;
  return { holder: lease.holder, pid: lease.pid, expiresAtMs, token: lease.token };
}

function leaseOf(connection: Connection, name: string): LeaseRow | undefined {
  return connection.record("SELECT * FROM lease WHERE name = :name", { name }, toLease);
}

export function toLease(row: Row): LeaseRow {
  return rowSchema.parse(row);
}

function save(connection: Connection, lease: LeaseRow): void {
  connection.run(
    `INSERT INTO lease (name, holder, pid, token, renewed_at_ms, ttl_ms)
     VALUES (:name, :holder, :pid, :token, :renewed_at_ms, :ttl_ms)
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, pid = excluded.pid,
       token = excluded.token, renewed_at_ms = excluded.renewed_at_ms, ttl_ms = excluded.ttl_ms`,
    lease,
  );
}
