import { prunedThroughMs } from "./tables/prunedThrough.ts";
import * as z from "zod/mini";
import { quarterMs } from "./tables/callQuarter.ts";
import { text, whole } from "./tables/column.ts";
import type { Connection } from "./connection.ts";

const dayMs = 86_400_000;

/** What a retention run took away. Its sums stay (docs/ledger.md). */
export interface PruneResult {
  readonly calls: number;
  readonly spans: number;
}

const spanSchema = z.object({
  container_id: text,
  scope: text,
  app_name: text,
  gpu_type: text,
  gpu_count: whole,
  begin_ms: whole,
  end_ms: whole,
});

const inOpenSession = `
  app_id IN (SELECT app.value ->> 'appId' FROM session, json_each(session.apps_json) AS app
    WHERE session.ended_at_ms IS NULL)`;

/**
 * Deletes calls and spans that ended before `beforeMs` (rounded down to a quarter of an hour).
 * Kept for ever: the counts per quarter, the container time per day, bills, rates, sessions and
 * receipts. Never deleted: what still runs, and what belongs to an open session.
 */
export function prune(connection: Connection, beforeMs: number): PruneResult {
  const boundaryMs = Math.floor(beforeMs / quarterMs) * quarterMs;
  return connection.write(() => {
    const throughMs = Math.max(boundaryMs, prunedThroughMs(connection));
    connection.run(
      `INSERT INTO property (name, value) VALUES ('pruned_through_ms', :throughMs)
       ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value`,
      { throughMs },
    );
    const calls = connection.run(
      `DELETE FROM call WHERE started_at_ms < :throughMs AND status <> 'running'
         AND coalesce(ended_at_ms, started_at_ms) < :throughMs
         AND (session_id IS NULL OR session_id NOT IN
           (SELECT session_id FROM session WHERE ended_at_ms IS NULL))`,
      { throughMs },
    );
    return { calls, spans: pruneSpans(connection, throughMs) };
  });
}

function pruneSpans(connection: Connection, throughMs: number): number {
  const spans = connection.records(
    `SELECT container_id, scope, app_name, coalesce(gpu_type, '') AS gpu_type,
       coalesce(gpu_count, 0) AS gpu_count,
       coalesce(started_at_ms, end_at_ms) AS begin_ms,
       -- Without an exact end, the middle of the two observations that bound it; the clock may have
       -- been set back between them.
       coalesce(finished_at_ms,
         (min(last_seen_at_ms, first_absent_at_ms) + first_absent_at_ms) / 2) AS end_ms
     FROM span WHERE end_at_ms < :throughMs AND NOT ${inOpenSession}`,
    { throughMs },
    (row) => spanSchema.parse(row),
  );
  for (const span of spans) {
    for (const [day, containerMs] of daysOf(span.begin_ms, span.end_ms)) {
      connection.run(
        `INSERT INTO pruned_span_day (day, scope, app_name, gpu_type, gpu_count, containers, container_ms)
         VALUES (:day, :scope, :appName, :gpuType, :gpuCount, 1, :containerMs)
         ON CONFLICT DO UPDATE SET containers = containers + 1,
           container_ms = container_ms + excluded.container_ms`,
        {
          day,
          scope: span.scope,
          appName: span.app_name,
          gpuType: span.gpu_type,
          gpuCount: span.gpu_count,
          containerMs,
        },
      );
    }
    connection.run("DELETE FROM span WHERE container_id = :id", { id: span.container_id });
  }
  return spans.length;
}

/** The UTC days of a run, with the milliseconds on each. */
function daysOf(beginMs: number, endMs: number): readonly (readonly [string, number])[] {
  const days: [string, number][] = [];
  for (let atMs = beginMs; atMs < endMs;) {
    const nextMs = (Math.floor(atMs / dayMs) + 1) * dayMs;
    const toMs = Math.min(nextMs, endMs);
    days.push([new Date(atMs).toISOString().slice(0, 10), toMs - atMs]);
    atMs = toMs;
  }
  return days;
}
