import * as z from "zod/mini";
import { microUsd } from "../../cost/money.ts";
import type { TimeRange } from "../../session/ledgerPort.ts";
import type { BillingRow, SavedBillingRow } from "../../session/modalControl.ts";
import { instant, text, whole, wholeMs } from "./column.ts";
import type { Connection, Row } from "../connection.ts";

const rowSchema = z.object({
  object_id: text,
  description: text,
  environment: text,
  interval_start_ms: instant,
  cost_micro_usd: whole,
  fetched_at_ms: instant,
});

/**
 * Writes what Modal billed, one row per object and interval; a report that was fetched later
 * replaces an earlier one. Give `covers` when `rows` is the whole report of a range: a row that
 * Modal has since withdrawn is then taken out, too.
 */
export function upsertBilled(
  connection: Connection,
  scope: string,
  rows: readonly BillingRow[],
  fetchedAtMs: number,
  covers: TimeRange | undefined,
): void {
  const fetched = wholeMs(fetchedAtMs);
  connection.write(() => {
    for (const row of mergeSplit(rows)) {
      connection.run(
        `INSERT INTO billed (interval_start_ms, scope, environment, object_id, description,
           cost_micro_usd, fetched_at_ms)
         VALUES (:intervalStartMs, :scope, :environment, :objectId, :description, :cost, :fetched)
         ON CONFLICT DO UPDATE SET description = excluded.description,
           cost_micro_usd = excluded.cost_micro_usd, fetched_at_ms = excluded.fetched_at_ms
         WHERE (excluded.fetched_at_ms, excluded.cost_micro_usd, excluded.description)
           > (fetched_at_ms, cost_micro_usd, description)`,
        {
          intervalStartMs: wholeMs(row.intervalStartMs),
          scope,
          environment: row.environment,
          objectId: row.objectId,
          description: row.description,
          cost: row.cost,
          fetched,
        },
      );
    }
    if (covers === undefined) return;
    connection.run(
      `DELETE FROM billed WHERE scope = :scope AND fetched_at_ms < :fetched
         AND interval_start_ms >= :fromMs AND interval_start_ms < :toMs`,
      { scope, fetched, fromMs: covers.fromMs, toMs: covers.toMs },
    );
  });
}

/** Billed intervals that begin in the range, oldest first. */
export function billedIn(
  connection: Connection,
  query: { readonly scope?: string } & TimeRange,
): readonly SavedBillingRow[] {
  return connection.records(
    `SELECT * FROM billed
     WHERE interval_start_ms >= :fromMs AND interval_start_ms < :toMs
       AND (:scope IS NULL OR scope = :scope)
     ORDER BY interval_start_ms, environment, object_id, scope`,
    { scope: query.scope ?? null, fromMs: query.fromMs, toMs: query.toMs },
    toBilled,
  );
}

/** One report may split an interval of one object into several rows: their sum is what was billed. */
export function mergeSplit(rows: readonly BillingRow[]): Iterable<BillingRow> {
  const byKey = new Map<string, BillingRow>();
  for (const row of rows) {
    const key = JSON.stringify([row.intervalStartMs, row.environment, row.objectId]);
    const known = byKey.get(key);
    byKey.set(key, known === undefined ? row : { ...known, cost: microUsd(known.cost + row.cost) });
  }
  return byKey.values();
}

export function toBilled(row: Row): SavedBillingRow {
  const r = rowSchema.parse(row);
  return {
    objectId: r.object_id,
    description: r.description,
    environment: r.environment,
    intervalStartMs: r.interval_start_ms,
    cost: microUsd(r.cost_micro_usd),
    fetchedAtMs: r.fetched_at_ms,
  };
}
