import { isDeepStrictEqual } from "node:util";
import * as z from "zod/mini";
import type { CallRecord } from "../../cost/call.ts";
import type { CallQuery } from "../../session/ledgerPort.ts";
import {
  fromJson,
  instant,
  maybeInstant,
  maybeMicroUsd,
  maybeReal,
  maybeText,
  maybeWhole,
  maybeWholeMs,
  text,
  wholeMs,
} from "./column.ts";
import type { Connection, Row, Values } from "../connection.ts";
import { mergeCall } from "./mergeCall.ts";
import { countCall } from "./callQuarter.ts";
import { prunedThroughMs } from "./prunedThrough.ts";

const rowSchema = z.object({
  call_id: text,
  scope: text,
  source: z.enum(["editor", "log"]),
  session_id: maybeText,
  app_id: maybeText,
  app_name: maybeText,
  endpoint: maybeText,
  mode: maybeText,
  started_at_ms: instant,
  ended_at_ms: maybeInstant,
  status: z.enum(["running", "succeeded", "failed", "cancelled", "abandoned"]),
  reported_micro_usd: maybeWhole,
  execution_seconds: maybeReal,
  gpu_type: maybeText,
  audit_json: text,
  handover_url: maybeText,
  result_path: maybeText,
  input_json: maybeText,
  failure: maybeText,
  function_call_id: maybeText,
  log_line_id: maybeText,
  clock_offset_ms: maybeReal,
});

/** A function runs for at most a day (modal.com/docs/guide/timeouts). */
const longestCallMs = 24 * 3_600_000;
/** Calls that began from an instant on, or ran into what follows it. */
export const ongoingToo = `started_at_ms >= :fromMs - ${longestCallMs} AND (started_at_ms >= :fromMs
  OR ended_at_ms > :fromMs OR (ended_at_ms IS NULL AND status = 'running'))`;

const auditSchema = z.array(text);

/**
 * Writes what is known of a call now. A new call that began before the retention boundary is
 * dropped: its log line was counted already, and its row has been pruned since.
 */
export function upsertCall(connection: Connection, call: CallRecord): void {
  const next = roundedCall(call);
  connection.write(() => {
    const row = connection.get("SELECT 1 FROM call WHERE call_id = :callId", {
      callId: call.callId,
    });
    if (row === undefined) {
      if (next.startedAtMs < prunedThroughMs(connection)) return;
      save(connection, next);
      countCall(connection, next, 1);
      return;
    }
    const saved = savedCall(connection, call.callId);
    if (saved === undefined) {
      // What is there cannot be read, and was counted when it was written.
      save(connection, next);
      return;
    }
    const merged = mergeCall(saved, next);
    // A log that is read again tells nothing new: no window is woken for that.
    if (isDeepStrictEqual(merged, saved)) return;
    countCall(connection, saved, -1);
    save(connection, merged);
    countCall(connection, merged, 1);
  });
}

/** The call with its instants as the table keeps them. */
export function roundedCall(call: CallRecord): CallRecord {
  return {
    ...call,
    startedAtMs: wholeMs(call.startedAtMs),
    endedAtMs: maybeWholeMs(call.endedAtMs),
  };
}

function savedCall(connection: Connection, callId: string): CallRecord | undefined {
  return connection.record("SELECT * FROM call WHERE call_id = :callId", { callId }, toCall);
}

/** Newest first. */
export function callsOf(
  connection: Connection,
  query: CallQuery & { readonly callIds?: readonly string[] },
  parse: (row: Row) => CallRecord = toCall,
): readonly CallRecord[] {
  const conditions: string[] = [];
  const values: Values = {};
  const add = (sql: string, name: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    conditions.push(sql);
    values[name] = value;
  };
  const sinceMs = query.fromMs;
  if (query.isOngoingToo !== true || sinceMs === undefined)
    add("started_at_ms >= :fromMs", "fromMs", sinceMs);
  else add(ongoingToo, "fromMs", sinceMs);
  add("started_at_ms < :toMs", "toMs", query.toMs);
  add("call_id = :callId", "callId", query.callId);
  add("source = :source", "source", query.source);
  add("scope = :scope", "scope", query.scope);
  add("session_id = :sessionId", "sessionId", query.sessionId);
  add("endpoint = :endpoint", "endpoint", query.endpoint);
  add("status = :status", "status", query.status);
  if (query.callIds !== undefined)
    add(
      "call_id IN (SELECT value FROM json_each(:callIds))",
      "callIds",
      JSON.stringify(query.callIds),
    );
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  return connection.records(
    `SELECT * FROM call ${where} ORDER BY started_at_ms DESC, call_id DESC LIMIT :limit`,
    { ...values, limit: query.limit ?? -1 },
    parse,
  );
}

function save(connection: Connection, call: CallRecord): void {
  connection.run(
    `INSERT INTO call (call_id, scope, source, session_id, app_id, app_name, endpoint, mode,
       started_at_ms, ended_at_ms, status, reported_micro_usd, execution_seconds, gpu_type,
       audit_json, handover_url, result_path, input_json, failure, function_call_id, log_line_id,
       clock_offset_ms)
     VALUES (:callId, :scope, :source, :sessionId, :appId, :appName, :endpoint, :mode,
       :startedAtMs, :endedAtMs, :status, :reportedMicroUsd, :executionSeconds, :gpuType,
       :audit, :handoverUrl, :resultPath, :inputJson, :failure, :functionCallId, :logLineId,
       :clockOffsetMs)
     ON CONFLICT (call_id) DO UPDATE SET
       scope = excluded.scope, source = excluded.source, session_id = excluded.session_id,
       app_id = excluded.app_id, app_name = excluded.app_name, endpoint = excluded.endpoint,
       mode = excluded.mode, started_at_ms = excluded.started_at_ms,
       ended_at_ms = excluded.ended_at_ms, status = excluded.status,
       reported_micro_usd = excluded.reported_micro_usd,
       execution_seconds = excluded.execution_seconds, gpu_type = excluded.gpu_type,
       audit_json = excluded.audit_json, handover_url = excluded.handover_url,
       result_path = excluded.result_path, input_json = excluded.input_json,
       failure = excluded.failure, function_call_id = excluded.function_call_id,
       log_line_id = excluded.log_line_id, clock_offset_ms = excluded.clock_offset_ms`,
    {
      callId: call.callId,
      scope: call.scope,
      source: call.source,
      sessionId: call.sessionId,
      appId: call.appId,
      appName: call.appName,
      endpoint: call.endpoint,
      mode: call.mode,
      startedAtMs: call.startedAtMs,
      endedAtMs: call.endedAtMs,
      status: call.status,
      reportedMicroUsd: call.reportedMicroUsd,
      executionSeconds: call.executionSeconds,
      gpuType: call.gpuType,
      audit: JSON.stringify(call.audit),
      handoverUrl: call.handoverUrl,
      resultPath: call.resultPath,
      inputJson: call.inputJson,
      failure: call.failure,
      functionCallId: call.functionCallId,
      logLineId: call.logLineId,
      clockOffsetMs: call.clockOffsetMs,
    },
  );
}

/** Throws where the row does not say what a call can say. */
export function toCall(row: Row): CallRecord {
  const r = rowSchema.parse(row);
  return {
    callId: r.call_id,
    scope: r.scope,
    source: r.source,
    sessionId: r.session_id,
    appId: r.app_id,
    appName: r.app_name,
    endpoint: r.endpoint,
    mode: r.mode,
    startedAtMs: r.started_at_ms,
    endedAtMs: r.ended_at_ms,
    status: r.status,
    reportedMicroUsd: maybeMicroUsd(r.reported_micro_usd),
    executionSeconds: r.execution_seconds,
    gpuType: r.gpu_type,
    audit: fromJson(auditSchema, r.audit_json),
    handoverUrl: r.handover_url,
    resultPath: r.result_path,
    inputJson: r.input_json,
    failure: r.failure,
    functionCallId: r.function_call_id,
    logLineId: r.log_line_id,
    clockOffsetMs: r.clock_offset_ms,
  };
}
