import * as z from "zod/mini";
import { mergeDetails, mergeSighting } from "../../cost/metered/spanMerge.ts";
import type { ContainerSpan } from "../../cost/span.ts";
import type { Listing, TimeRange } from "../../session/ledgerPort.ts";
import {
  instant,
  maybeInstant,
  maybeReal,
  maybeText,
  maybeWhole,
  maybeWholeMs,
  text,
  wholeMs,
} from "./column.ts";
import type { Connection, Row } from "../connection.ts";

const rowSchema = z.object({
  container_id: text,
  scope: text,
  app_id: text,
  app_name: text,
  gpu_type: maybeText,
  gpu_count: maybeWhole,
  gpu_source: z.enum(["container", "app", "deploy-file", "setting", "unknown"]),
  gpu_known_at_ms: maybeInstant,
  cpu_cores: maybeReal,
  memory_gib: maybeReal,
  enqueued_at_ms: maybeInstant,
  started_at_ms: maybeInstant,
  first_seen_at_ms: instant,
  last_seen_at_ms: instant,
  finished_at_ms: maybeInstant,
  first_absent_at_ms: maybeInstant,
  latest_look_at_ms: maybeInstant,
});

// The latest absence is read, not stored: it is the scope's latest look, and storing it would
// rewrite every ended span at every look.
const select = `
  SELECT container_id, scope, app_id, app_name, gpu_type, gpu_count, gpu_source, gpu_known_at_ms,
    cpu_cores, memory_gib, enqueued_at_ms, started_at_ms, first_seen_at_ms, last_seen_at_ms,
    finished_at_ms, first_absent_at_ms,
    (SELECT max(observed_at_ms) FROM look WHERE look.scope = span.scope) AS latest_look_at_ms
  FROM span`;

/**
 * Merges one complete look into the spans; inside a transaction. Looks may arrive in any order and
 * any number of times: the rows come out the same (cost/metered/spanMerge.ts says why).
 */
export function mergeLook(connection: Connection, listing: Listing): void {
  const { scope } = listing;
  const observedAtMs = wholeMs(listing.observedAtMs);
  connection.run(
    "INSERT INTO look (scope, observed_at_ms) VALUES (:scope, :observedAtMs) ON CONFLICT DO NOTHING",
    { scope, observedAtMs },
  );
  for (const seen of listing.containers) {
    const known = spanOf(connection, seen.containerId);
    save(connection, mergeSighting(known, scope, seen, observedAtMs));
  }
  for (const told of listing.ended) {
    const known = spanOf(connection, told.containerId);
    save(connection, mergeDetails(known, scope, told, observedAtMs));
  }
  // Every other span of the scope is absent: two statements, so that each uses the index.
  const absence = { scope, observedAtMs };
  connection.run(
    `UPDATE span SET first_absent_at_ms = :observedAtMs
     WHERE scope = :scope AND first_absent_at_ms IS NULL AND last_seen_at_ms < :observedAtMs`,
    absence,
  );
  connection.run(
    `UPDATE span SET first_absent_at_ms = :observedAtMs
     WHERE scope = :scope AND first_absent_at_ms > :observedAtMs AND last_seen_at_ms < :observedAtMs`,
    absence,
  );
}

/** Spans that overlap the range or are still open, by first sighting. */
export function spansIn(
  connection: Connection,
  query: { readonly scope?: string; readonly appIds?: readonly string[] } & TimeRange,
): readonly ContainerSpan[] {
  const conditions = ["begin_at_ms < :toMs"];
  if (query.scope !== undefined) conditions.push("scope = :scope");
  if (query.appIds !== undefined)
    conditions.push("app_id IN (SELECT value FROM json_each(:appIds))");
  const where = conditions.join(" AND ");
  const values = {
    fromMs: query.fromMs,
    toMs: query.toMs,
    ...(query.scope === undefined ? {} : { scope: query.scope }),
    ...(query.appIds === undefined ? {} : { appIds: JSON.stringify(query.appIds) }),
  };
  return connection.records(
    `SELECT * FROM (
       ${select} WHERE end_at_ms > :fromMs AND ${where}
       UNION ALL
       ${select} WHERE end_at_ms IS NULL AND ${where}
     ) ORDER BY first_seen_at_ms, container_id`,
    values,
    toSpan,
  );
}

/** The spans with these ids. */
export function spansOf(
  connection: Connection,
  containerIds: readonly string[],
): readonly ContainerSpan[] {
  return connection.records(
    `${select} WHERE container_id IN (SELECT value FROM json_each(:ids))`,
    { ids: JSON.stringify(containerIds) },
    toSpan,
  );
}

/** Instants of the scope's looks after this one. */
export function looksAfter(connection: Connection, scope: string, atMs: number): readonly number[] {
  return connection.records(
    "SELECT observed_at_ms FROM look WHERE scope = :scope AND observed_at_ms > :atMs",
    { scope, atMs },
    (row) => instant.parse(row["observed_at_ms"]),
  );
}

function spanOf(connection: Connection, containerId: string): ContainerSpan | undefined {
  return connection.record(`${select} WHERE container_id = :containerId`, { containerId }, toSpan);
}

function save(connection: Connection, span: ContainerSpan): void {
  connection.run(
    `INSERT INTO span (container_id, scope, app_id, app_name, gpu_type, gpu_count, gpu_source,
       gpu_known_at_ms, cpu_cores, memory_gib, enqueued_at_ms, started_at_ms, first_seen_at_ms,
       last_seen_at_ms, finished_at_ms, first_absent_at_ms)
     VALUES (:containerId, :scope, :appId, :appName, :gpuType, :gpuCount, :gpuSource,
       :gpuKnownAtMs, :cpuCores, :memoryGib, :enqueuedAtMs, :startedAtMs, :firstSeenAtMs,
       :lastSeenAtMs, :finishedAtMs,
       (SELECT min(observed_at_ms) FROM look WHERE scope = :scope AND observed_at_ms > :lastSeenAtMs))
     ON CONFLICT (container_id) DO UPDATE SET
       app_id = excluded.app_id, app_name = excluded.app_name, gpu_type = excluded.gpu_type,
       gpu_count = excluded.gpu_count, gpu_source = excluded.gpu_source,
       gpu_known_at_ms = excluded.gpu_known_at_ms, cpu_cores = excluded.cpu_cores,
       memory_gib = excluded.memory_gib, enqueued_at_ms = excluded.enqueued_at_ms,
       started_at_ms = excluded.started_at_ms, first_seen_at_ms = excluded.first_seen_at_ms,
       last_seen_at_ms = excluded.last_seen_at_ms, finished_at_ms = excluded.finished_at_ms,
       first_absent_at_ms = excluded.first_absent_at_ms`,
    {
      containerId: span.containerId,
      scope: span.scope,
      appId: span.appId,
      appName: span.appName,
      gpuType: span.gpu?.type ?? null,
      gpuCount: span.gpu?.count ?? null,
      gpuSource: span.gpuSource,
      gpuKnownAtMs: maybeWholeMs(span.gpuKnownAtMs),
      cpuCores: span.cpuCores,
      memoryGib: span.memoryGib,
      enqueuedAtMs: maybeWholeMs(span.enqueuedAtMs),
      startedAtMs: maybeWholeMs(span.startedAtMs),
      firstSeenAtMs: wholeMs(span.firstSeenAtMs),
      lastSeenAtMs: wholeMs(span.lastSeenAtMs),
      finishedAtMs: maybeWholeMs(span.finishedAtMs),
    },
  );
}

export function toSpan(row: Row): ContainerSpan {
  const r = rowSchema.parse(row);
  const absent = r.first_absent_at_ms !== null;
  return {
    containerId: r.container_id,
    scope: r.scope,
    appId: r.app_id,
    appName: r.app_name,
    gpu:
      r.gpu_type === null || r.gpu_count === null ? null : { type: r.gpu_type, count: r.gpu_count },
    gpuSource: r.gpu_source,
    gpuKnownAtMs: r.gpu_known_at_ms,
    cpuCores: r.cpu_cores,
    memoryGib: r.memory_gib,
    enqueuedAtMs: r.enqueued_at_ms,
    startedAtMs: r.started_at_ms,
    firstSeenAtMs: r.first_seen_at_ms,
    lastSeenAtMs: r.last_seen_at_ms,
    finishedAtMs: r.finished_at_ms,
    firstAbsentAtMs: r.first_absent_at_ms,
    lastAbsentAtMs: absent ? r.latest_look_at_ms : null,
  };
}
