import * as z from "zod/mini";
import type { Listing, TimeRange } from "../../session/ledgerPort.ts";
import { notLookedAt } from "../../session/sandboxInfo.ts";
import type { LookTime } from "../../session/lookOrder.ts";
import {
  instant,
  maybeInstant,
  maybeReal,
  maybeText,
  maybeWhole,
  maybeWholeMs,
  text,
  whole,
  wholeMs,
} from "./column.ts";
import type { Connection, Row } from "../connection.ts";
import { withDetails, withSighting } from "./seenSpan.ts";
import type { SeenSpan } from "./seenSpan.ts";

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
  last_seen_era: whole,
  last_seen_at_ms: instant,
  finished_at_ms: maybeInstant,
  first_absent_era: maybeWhole,
  first_absent_at_ms: maybeInstant,
  absent_before_ms: maybeInstant,
});

// The absence before the first sighting is read, not stored: a look may be recorded late. Of another
// era than the last sighting's, an instant says nothing of what was before and what after.
const select = `
  SELECT *,
    (SELECT max(observed_at_ms) FROM look WHERE look.scope = span.scope
       AND look.era = span.last_seen_era AND look.observed_at_ms < span.first_seen_at_ms
    ) AS absent_before_ms
  FROM span`;

/**
 * Merges one complete look into the spans; inside a transaction. Looks may arrive in any order and
 * any number of times: the rows come out the same (cost/metered/spanMerge.ts says why).
 */
export function mergeLook(connection: Connection, listing: Listing): void {
  const { scope, era } = listing;
  const at = { era, observedAtMs: wholeMs(listing.observedAtMs) };
  connection.run(
    "INSERT INTO look (scope, era, observed_at_ms) VALUES (:scope, :era, :observedAtMs) ON CONFLICT DO NOTHING",
    { scope, ...at },
  );
  const unseen = notLookedAt(listing);
  for (const seen of listing.containers.filter(({ containerId }) => !unseen.has(containerId)))
    save(connection, withSighting(spanOf(connection, seen.containerId), scope, seen, at));
  for (const details of listing.ended)
    save(connection, withDetails(spanOf(connection, details.containerId), scope, details, at));
  // Every other span of the scope is absent: statements of their own, so that each uses the index.
  const absent = `UPDATE span SET first_absent_at_ms = :observedAtMs, first_absent_era = :era
     WHERE scope = :scope AND (last_seen_era, last_seen_at_ms) < (:era, :observedAtMs)
       AND container_id NOT IN (SELECT value FROM json_each(:unseen))`;
  const values = { scope, ...at, unseen: JSON.stringify([...unseen]) };
  connection.run(`${absent} AND first_absent_at_ms IS NULL`, values);
  connection.run(
    `${absent} AND first_absent_at_ms > :observedAtMs AND ${firstAbsentEra} = :era`,
    values,
  );
  // A look from before the clock was set back, written late.
  if (hasLookOfLaterEra(connection, scope, era))
    connection.run(`${absent} AND ${firstAbsentEra} > :era`, values);
}

/** A window of an older version leaves it out. */
const firstAbsentEra = "coalesce(first_absent_era, last_seen_era)"; // not shown: a part of a statement

function hasLookOfLaterEra(connection: Connection, scope: string, era: number): boolean {
  const later = "SELECT 1 FROM look WHERE scope = :scope AND era > :era LIMIT 1";
  return connection.get(later, { scope, era }) !== undefined;
}

/** Spans that overlap the range or are still open, by first sighting. */
export function spansIn(
  connection: Connection,
  query: { readonly scope?: string; readonly appIds?: readonly string[] } & TimeRange,
  parse: (row: Row) => SeenSpan = toSpan,
): readonly SeenSpan[] {
  const conditions = ["min(begin_at_ms, coalesce(enqueued_at_ms, begin_at_ms)) < :toMs"];
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
    parse,
  );
}

/** The spans with these ids. */
export function spansOf(
  connection: Connection,
  containerIds: readonly string[],
): readonly SeenSpan[] {
  return connection.records(
    `${select} WHERE container_id IN (SELECT value FROM json_each(:ids))`,
    { ids: JSON.stringify(containerIds) },
    toSpan,
  );
}

/** Instants of the scope's looks in the range, in order. */
export function looksIn(
  connection: Connection,
  { scope, fromMs, toMs }: { readonly scope: string } & TimeRange,
): readonly number[] {
  return connection.records(
    `SELECT DISTINCT observed_at_ms FROM look
     WHERE scope = :scope AND observed_at_ms >= :fromMs AND observed_at_ms < :toMs
     ORDER BY observed_at_ms`,
    { scope, fromMs, toMs },
    (row) => instant.parse(row["observed_at_ms"]),
  );
}

/** When the scope was looked at last before this, in the same era; null: not on record. */
export function lookBefore(connection: Connection, scope: string, at: LookTime): number | null {
  const found = connection.record(
    `SELECT max(observed_at_ms) AS at_ms FROM look
     WHERE scope = :scope AND era = :era AND observed_at_ms < :observedAtMs`,
    { scope, era: at.era, observedAtMs: at.observedAtMs },
    (row) => maybeInstant.parse(row["at_ms"]),
  );
  return found ?? null;
}

/** The scope's looks after this one. */
export function looksAfter(
  connection: Connection,
  scope: string,
  { era, observedAtMs }: LookTime,
): readonly LookTime[] {
  return connection.records(
    `SELECT era, observed_at_ms FROM look
     WHERE scope = :scope AND (era, observed_at_ms) > (:era, :observedAtMs)`,
    { scope, era, observedAtMs },
    toLookTime,
  );
}

function spanOf(connection: Connection, containerId: string): SeenSpan | undefined {
  return connection.record(`${select} WHERE container_id = :containerId`, { containerId }, toSpan);
}

function save(connection: Connection, { span, lastSeen }: SeenSpan): void {
  const lastSeenAtMs = wholeMs(lastSeen.observedAtMs);
  const [absence] = connection.records(
    `SELECT era, observed_at_ms FROM look
     WHERE scope = :scope AND (era, observed_at_ms) > (:era, :observedAtMs)
     ORDER BY era, observed_at_ms LIMIT 1`,
    { scope: span.scope, era: lastSeen.era, observedAtMs: lastSeenAtMs },
    toLookTime,
  );
  connection.run(
    `INSERT INTO span (container_id, scope, app_id, app_name, gpu_type, gpu_count, gpu_source,
       gpu_known_at_ms, cpu_cores, memory_gib, enqueued_at_ms, started_at_ms, first_seen_at_ms,
       last_seen_era, last_seen_at_ms, finished_at_ms, first_absent_era, first_absent_at_ms)
     VALUES (:containerId, :scope, :appId, :appName, :gpuType, :gpuCount, :gpuSource,
       :gpuKnownAtMs, :cpuCores, :memoryGib, :enqueuedAtMs, :startedAtMs, :firstSeenAtMs,
       :lastSeenEra, :lastSeenAtMs, :finishedAtMs, :firstAbsentEra, :firstAbsentAtMs)
     ON CONFLICT (container_id) DO UPDATE SET
       app_id = excluded.app_id, app_name = excluded.app_name, gpu_type = excluded.gpu_type,
       gpu_count = excluded.gpu_count, gpu_source = excluded.gpu_source,
       gpu_known_at_ms = excluded.gpu_known_at_ms, cpu_cores = excluded.cpu_cores,
       memory_gib = excluded.memory_gib, enqueued_at_ms = excluded.enqueued_at_ms,
       started_at_ms = excluded.started_at_ms, first_seen_at_ms = excluded.first_seen_at_ms,
       last_seen_era = excluded.last_seen_era, last_seen_at_ms = excluded.last_seen_at_ms,
       finished_at_ms = excluded.finished_at_ms, first_absent_era = excluded.first_absent_era,
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
      lastSeenEra: lastSeen.era,
      lastSeenAtMs,
      finishedAtMs: maybeWholeMs(span.finishedAtMs),
      firstAbsentEra: absence?.era ?? null,
      firstAbsentAtMs: absence?.observedAtMs ?? null,
    },
  );
}

export function toSpan(row: Row): SeenSpan {
  const r = rowSchema.parse(row);
  const lastSeen = { era: r.last_seen_era, observedAtMs: r.last_seen_at_ms };
  const firstAbsent =
    r.first_absent_at_ms === null
      ? null
      : { era: r.first_absent_era ?? r.last_seen_era, observedAtMs: r.first_absent_at_ms };
  // Rows of before this was told apart: an empty field in a container's details is no answer.
  const isUnknown = r.gpu_source === "container" && r.gpu_type === null;
  return {
    span: {
      containerId: r.container_id,
      scope: r.scope,
      appId: r.app_id,
      appName: r.app_name,
      gpu:
        r.gpu_type === null || r.gpu_count === null
          ? null
          : { type: r.gpu_type, count: r.gpu_count },
      gpuSource: isUnknown ? "unknown" : r.gpu_source,
      gpuKnownAtMs: isUnknown ? null : r.gpu_known_at_ms,
      cpuCores: r.cpu_cores,
      memoryGib: r.memory_gib,
      enqueuedAtMs: r.enqueued_at_ms,
      startedAtMs: r.started_at_ms,
      firstSeenAtMs: r.first_seen_at_ms,
      lastSeenAtMs: r.last_seen_at_ms,
      finishedAtMs: r.finished_at_ms,
      absentBeforeMs: r.absent_before_ms,
      firstAbsentAtMs: null,
    },
    lastSeen,
    firstAbsent,
  };
}

function toLookTime(row: Row): LookTime {
  return { era: whole.parse(row["era"]), observedAtMs: instant.parse(row["observed_at_ms"]) };
}
