import * as z from "zod/mini";
import type { CostByResource } from "../../cost/billed/billedRow.ts";
import { microUsd, type MicroUsd } from "../../cost/money.ts";
import type { TimeRange } from "../../session/ledgerPort.ts";
import type { BillingRow, Fetched, SavedBillingRow } from "../../session/modalControl.ts";
import {
  fromJson,
  instant,
  maybeInstant,
  maybeMicroUsd,
  maybeText,
  maybeWhole,
  text,
  whole,
  wholeMs,
} from "./column.ts";
import { mergeBilled, withdrawn } from "./mergeBilled.ts";
import type { Connection, Row } from "../connection.ts";

const rowSchema = z.object({
  object_id: text,
  description: text,
  environment: text,
  interval_start_ms: instant,
  cost_micro_usd: whole,
  fetched_at_ms: instant,
  report: whole,
  same_since_ms: maybeInstant,
  was_micro_usd: maybeWhole,
  cost_by_resource_json: maybeText,
});
const byResource = z.record(z.string(), whole);

/**
 * Writes what Modal billed, one row per object and interval; a later report replaces an earlier one
 * (`mergeBilled`). Give `covers` when `rows` is the whole report of a range: a row that Modal has since
 * withdrawn is then taken out, too.
 */
export function upsertBilled(
  connection: Connection,
  scope: string,
  rows: readonly BillingRow[],
  fetched: Fetched,
  covers: TimeRange | undefined,
): void {
  connection.write(() => {
    const reportRows = new Map([...mergeSplit(rows)].map((row) => [billKey(row), row]));
    const starts = [...reportRows.values()].map(({ intervalStartMs }) => wholeMs(intervalStartMs));
    const range = {
      fromMs: Math.min(covers?.fromMs ?? Infinity, ...starts),
      toMs: Math.max(covers?.toMs ?? -Infinity, ...starts.map((atMs) => atMs + 1)),
    };
    if (range.fromMs >= range.toMs) return;
    for (const saved of billedIn(connection, { scope, ...range })) {
      const row = reportRows.get(billKey(saved));
      reportRows.delete(billKey(saved));
      if (row !== undefined) save(connection, scope, saved, mergeBilled(saved, row, fetched));
      else if (covers !== undefined && isWithin(saved, covers))
        save(connection, scope, saved, withdrawn(saved, fetched));
    }
    for (const row of reportRows.values())
      save(connection, scope, undefined, mergeBilled(undefined, row, fetched));
  });
}

function save(
  connection: Connection,
  scope: string,
  saved: SavedBillingRow | undefined,
  next: SavedBillingRow | undefined,
): void {
  if (next === saved) return;
  if (next !== undefined) {
    const { costByResource, ...rest } = next;
    connection.run(
      `INSERT OR REPLACE INTO billed (interval_start_ms, scope, environment, object_id, description,
         cost_micro_usd, fetched_at_ms, report, same_since_ms, was_micro_usd, cost_by_resource_json)
       VALUES (:intervalStartMs, :scope, :environment, :objectId, :description,
         :cost, :fetchedAtMs, :report, :sameSinceMs, :wasMicroUsd, :json)`,
      {
        scope,
        ...rest,
        json: costByResource === undefined ? null : JSON.stringify(costByResource),
      },
    );
    return;
  }
  if (saved === undefined) return;
  const { intervalStartMs, environment, objectId } = saved;
  connection.run(
    `DELETE FROM billed WHERE interval_start_ms = :intervalStartMs AND scope = :scope
       AND environment = :environment AND object_id = :objectId`,
    { intervalStartMs, scope, environment, objectId },
  );
}

/** Whether the row's interval begins in the range. */
export function isWithin({ intervalStartMs }: BillingRow, { fromMs, toMs }: TimeRange): boolean {
  return intervalStartMs >= fromMs && intervalStartMs < toMs;
}

/** What makes a row of a scope one of its own. */
export function billKey({ intervalStartMs, environment, objectId }: BillingRow): string {
  return JSON.stringify([wholeMs(intervalStartMs), environment, objectId]);
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
    const key = billKey(row);
    const sum = byKey.get(key);
    byKey.set(key, sum === undefined ? row : added(sum, row));
  }
  return byKey.values();
}

function added(sum: BillingRow, row: BillingRow): BillingRow {
  const cost = microUsd(sum.cost + row.cost);
  // Where one part does not tell, nobody knows of the whole.
  if (sum.costByResource === undefined || row.costByResource === undefined)
    return { ...sum, cost, costByResource: undefined };
  const costByResource: Record<string, MicroUsd> = { ...sum.costByResource };
  for (const [key, more] of Object.entries(row.costByResource))
    costByResource[key] = microUsd((costByResource[key] ?? 0) + more);
  return { ...sum, cost, costByResource };
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
    report: r.report,
    sameSinceMs: r.same_since_ms,
    wasMicroUsd: maybeMicroUsd(r.was_micro_usd),
    ...(r.cost_by_resource_json === null
      ? {}
      : { costByResource: resourcesOf(fromJson(byResource, r.cost_by_resource_json)) }),
  };
}

function resourcesOf(costs: Readonly<Record<string, number>>): CostByResource {
  return Object.fromEntries(Object.entries(costs).map(([key, cost]) => [key, microUsd(cost)]));
}
