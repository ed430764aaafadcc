import * as z from "zod/mini";
import type { CallRecord } from "../../cost/call.ts";
import { whole } from "./column.ts";
import type { Connection } from "../connection.ts";

/**
 * Calls are counted per quarter of an hour, because every time zone in use is a multiple of it from
 * UTC: whole local days are whole quarters everywhere.
 */
export const quarterMs = 900_000;

const groupSchema = z.object({ group_id: whole });

/** Adds a call to its quarter (`sign` 1) or takes it out again (-1); in the transaction that writes the call. */
export function countCall(connection: Connection, call: CallRecord, sign: 1 | -1): void {
  connection.run(
    `INSERT INTO call_quarter (group_id, quarter, calls, unknown_calls, reported_micro_usd)
     VALUES (:groupId, :quarter, :calls, :unknownCalls, :reportedMicroUsd)
     ON CONFLICT DO UPDATE SET
       calls = calls + excluded.calls,
       unknown_calls = unknown_calls + excluded.unknown_calls,
       reported_micro_usd = reported_micro_usd + excluded.reported_micro_usd`,
    {
      groupId: groupOf(connection, call),
      quarter: Math.floor(call.startedAtMs / quarterMs),
      calls: sign,
      unknownCalls: call.reportedMicroUsd === null ? sign : 0,
      reportedMicroUsd: (call.reportedMicroUsd ?? 0) * sign,
    },
  );
}

function groupOf(connection: Connection, call: CallRecord): number {
  const group = {
    scope: call.scope,
    appName: call.appName ?? "",
    endpoint: call.endpoint ?? "",
  };
  const row =
    connection.get(
      `SELECT group_id FROM call_group
       WHERE scope = :scope AND app_name = :appName AND endpoint = :endpoint`,
      group,
    ) ??
    connection.get(
      `INSERT INTO call_group (scope, app_name, endpoint) VALUES (:scope, :appName, :endpoint)
       RETURNING group_id`,
      group,
    );
  return groupSchema.parse(row).group_id;
}
