import type { CallRecord } from "../cost/call.ts";
import type { Connection } from "./connection.ts";

/**
 * Calls are counted per quarter of an hour, because every time zone in use is a multiple of it from
 * UTC: whole local days are whole quarters everywhere.
 */
export const quarterMs = 900_000;

/** Adds a call to its quarter (`sign` 1) or takes it out again (-1); in the transaction that writes the call. */
export function countCall(connection: Connection, call: CallRecord, sign: 1 | -1): void {
  const unknown = call.reportedMicroUsd === null;
  connection.run(
    `INSERT INTO call_quarter (quarter, scope, app_name, endpoint, calls, unknown_calls, reported_micro_usd)
     VALUES (:quarter, :scope, :appName, :endpoint, :calls, :unknownCalls, :reportedMicroUsd)
     ON CONFLICT DO UPDATE SET
       calls = calls + excluded.calls,
       unknown_calls = unknown_calls + excluded.unknown_calls,
       reported_micro_usd = reported_micro_usd + excluded.reported_micro_usd`,
    {
      quarter: Math.floor(call.startedAtMs / quarterMs),
      scope: call.scope,
      appName: call.appName ?? "",
      endpoint: call.endpoint ?? "",
      calls: sign,
      unknownCalls: unknown ? sign : 0,
      reportedMicroUsd: (call.reportedMicroUsd ?? 0) * sign,
    },
  );
}
