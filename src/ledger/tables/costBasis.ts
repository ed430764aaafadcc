import * as z from "zod/mini";
import { textKey } from "../../base/textKey.ts";
import type { CostBasis, TimeRange } from "../../session/ledgerPort.ts";
import { maybeWhole, text } from "./column.ts";
import { ongoingToo } from "./callTable.ts";
import type { Connection } from "../connection.ts";

const gpuSource = z.enum(["container", "app", "deploy-file", "setting", "unknown"]);
const sumSchema = z.record(text, z.union([maybeWhole, text]));
const appSchema = z.object({ appId: text, appName: text, gpuSource });

/** Cost of a range depends on sessions that began so long before it. */
const sessionsBackMs = 60 * 24 * 3_600_000;

const touching = `scope = :scope AND begin_at_ms < :toMs
  AND (end_at_ms > :fromMs OR end_at_ms IS NULL)`;

const callsIn = `scope = :scope AND ${ongoingToo} AND started_at_ms < :toMs`;

/**
 * What the rows of a range come to: sums that differ when a row is added, changed or taken out. Of a
 * container that was seen after the range, that it goes on, and how long, changes nothing in it.
 */
const sums = [
  `SELECT count(*) AS spans, sum(begin_at_ms - :fromMs) AS begins,
     sum(CASE WHEN last_seen_at_ms < :toMs THEN end_at_ms - :fromMs END) AS ends,
     sum(min(last_seen_at_ms, :toMs) - :fromMs) AS seen, sum(started_at_ms - :fromMs) AS starts,
     sum(CASE WHEN last_seen_at_ms < :toMs THEN finished_at_ms - :fromMs END) AS finishes,
     count(finished_at_ms) AS finished, sum(enqueued_at_ms - :fromMs) AS queued,
     sum(gpu_known_at_ms - :fromMs) AS gpusKnown, count(gpu_type) AS gpus,
     sum(CAST(1000 * cpu_cores AS INTEGER)) AS cores, sum(CAST(1000 * memory_gib AS INTEGER)) AS memory
   FROM span WHERE ${touching}`,
  `SELECT count(*) AS calls, sum(reported_micro_usd) AS reported, sum(ended_at_ms - :fromMs) AS callEnds,
     count(log_line_id) AS lines, sum(CAST(1000 * execution_seconds AS INTEGER)) AS worked,
     sum(started_at_ms - :fromMs) AS callStarts
   FROM call WHERE ${callsIn}`,
  `SELECT count(*) AS rows, sum(cost_micro_usd) AS billed, sum(fetched_at_ms - :fromMs) AS fetched,
     sum(same_since_ms - :fromMs) AS sameSince
   FROM billed WHERE scope = :scope AND interval_start_ms >= :fromMs AND interval_start_ms < :toMs`,
];

/** What has no sum: of few rows the whole text, of many how many say the same. */
const contents = [
  `SELECT gpu_type, gpu_count, gpu_source, count(*) FROM span WHERE ${touching} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
  `SELECT source, status, app_id, count(*) FROM call WHERE ${callsIn} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
  `SELECT at_ms, stopped_json FROM receipt
   WHERE scope = :scope AND at_ms >= :fromMs AND at_ms < :toMs ORDER BY receipt_id`,
  `SELECT started_at_ms, scaledown_seconds, apps_json FROM session
   WHERE scope = :scope AND started_at_ms >= :fromMs - ${sessionsBackMs} AND started_at_ms < :toMs ORDER BY session_id`,
];

/** A number that only a broken row has. */
function asText(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/** What the cost of a range is made from, in short. */
export function costBasisIn(
  connection: Connection,
  { scope, fromMs, toMs }: { readonly scope: string } & TimeRange,
): CostBasis {
  const values = { scope, fromMs, toMs };
  const rows = sums.map((sql) => connection.records(sql, values, (row) => sumSchema.parse(row)));
  const texts = contents.map((sql) => JSON.stringify(connection.all(sql, values), asText));
  const apps = connection.records(
    `SELECT DISTINCT app_id AS appId, app_name AS appName, gpu_source AS gpuSource
     FROM span WHERE ${touching} ORDER BY 1, 2, 3`,
    values,
    (row) => appSchema.parse(row),
  );
  return { stamp: textKey(JSON.stringify([rows, texts])), apps };
}
