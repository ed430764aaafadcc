import * as z from "zod/mini";
import { microUsd } from "../cost/money.ts";
import type { SummaryRow, TimeRange } from "../session/ledgerPort.ts";
import { quarterMs } from "./callQuarter.ts";
import { text, whole } from "./column.ts";
import type { Connection } from "./connection.ts";
import { prunedThroughMs } from "./prune.ts";

const dayMs = 86_400_000;

const rowSchema = z.object({
  day: whole,
  app_name: text,
  endpoint: text,
  calls: whole,
  unknown_calls: whole,
  reported_micro_usd: whole,
});

export type SummaryQuery = TimeRange & {
  readonly scope?: string;
  readonly utcOffsetMinutes: number;
};

/** Numbers arrive in SQLite as REAL: without the cast the division would give a fraction of a day. */
function localDay(instantMs: string): string {
  return `(${instantMs} + CAST(:offsetMs AS INTEGER)) / ${dayMs}`;
}

/**
 * Calls per local day, app and endpoint, from the counts per quarter of an hour; the parts of the
 * range that are no whole quarter are counted from the calls themselves. Before the retention
 * boundary the calls are gone: there a quarter belongs to the range that its beginning lies in.
 */
export function summaryOf(connection: Connection, query: SummaryQuery): readonly SummaryRow[] {
  if (query.toMs <= query.fromMs) return [];
  const keptFromMs = prunedThroughMs(connection);
  const offsetMs = query.utcOffsetMinutes * 60_000;
  const exact = offsetMs % quarterMs === 0;
  const firstMs = Math.ceil(query.fromMs / quarterMs) * quarterMs;
  const lastMs = Math.max(firstMs, Math.floor(query.toMs / quarterMs) * quarterMs);
  // Where calls are gone the quarters must do, also the last one, and in any time zone.
  const goneToMs = Math.min(keptFromMs, Math.ceil(query.toMs / quarterMs) * quarterMs);
  const quartersToMs = exact && lastMs >= keptFromMs ? lastMs : goneToMs;
  const rows = connection.all(
    `SELECT day, app_name, endpoint, sum(calls) AS calls, sum(unknown_calls) AS unknown_calls,
       sum(reported_micro_usd) AS reported_micro_usd
     FROM (
       SELECT ${localDay(`quarter * ${quarterMs}`)} AS day, app_name, endpoint, calls,
         unknown_calls, reported_micro_usd
       FROM call_quarter
       WHERE quarter >= :firstQuarter AND quarter < :endQuarter AND (:scope IS NULL OR scope = :scope)
       UNION ALL
       SELECT ${localDay("started_at_ms")}, coalesce(app_name, ''), coalesce(endpoint, ''), 1,
         reported_micro_usd IS NULL, coalesce(reported_micro_usd, 0)
       FROM call
       WHERE started_at_ms >= :fromMs AND started_at_ms < :headToMs
         AND started_at_ms >= :keptFromMs AND (:scope IS NULL OR scope = :scope)
       UNION ALL
       SELECT ${localDay("started_at_ms")}, coalesce(app_name, ''), coalesce(endpoint, ''), 1,
         reported_micro_usd IS NULL, coalesce(reported_micro_usd, 0)
       FROM call
       WHERE started_at_ms >= :tailFromMs AND started_at_ms < :toMs
         AND started_at_ms >= :keptFromMs AND (:scope IS NULL OR scope = :scope)
     )
     GROUP BY day, app_name, endpoint HAVING sum(calls) > 0
     ORDER BY day, app_name, endpoint`,
    {
      offsetMs,
      scope: query.scope ?? null,
      firstQuarter: firstMs / quarterMs,
      endQuarter: quartersToMs / quarterMs,
      fromMs: query.fromMs,
      headToMs: Math.min(firstMs, query.toMs),
      tailFromMs: Math.max(firstMs, quartersToMs),
      toMs: query.toMs,
      keptFromMs,
    },
  );
  return rows.map((row) => {
    const r = rowSchema.parse(row);
    return {
      day: new Date(r.day * dayMs).toISOString().slice(0, 10),
      appName: r.app_name,
      endpoint: r.endpoint === "" ? null : r.endpoint,
      calls: r.calls,
      unknownCalls: r.unknown_calls,
      reportedMicroUsd: microUsd(r.reported_micro_usd),
    };
  });
}
