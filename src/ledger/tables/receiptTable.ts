import * as z from "zod/mini";
import type { TimeRange } from "../../session/ledgerPort.ts";
import type { StopReceipt } from "../../session/receipt.ts";
import { fromJson, instant, maybeMicroUsd, maybeWhole, text, wholeMs } from "./column.ts";
import type { Connection, Row } from "../connection.ts";

const rowSchema = z.object({
  receipt_id: text,
  scope: text,
  at_ms: instant,
  by_whom: z.enum(["person", "expiry", "guardian", "reminder", "agent"]),
  planned_json: text,
  stopped_json: text,
  already_stopped_json: text,
  left_json: text,
  excluded_json: text,
  verified: z.enum(["clear", "excluded-left", "left", "unverified"]),
  saved_micro_usd_per_hour: maybeWhole,
});

const appsSchema = z.array(z.object({ appId: text, name: text }));
const leftSchema = z.array(z.object({ appId: text, name: text, reason: text }));

/** Writes a receipt. A verified one is never replaced by an unverified one. */
export function recordReceipt(connection: Connection, receipt: StopReceipt): void {
  connection.write(() =>
    connection.run(
      `INSERT INTO receipt (receipt_id, scope, at_ms, by_whom, planned_json, stopped_json,
         already_stopped_json, left_json, excluded_json, verified, saved_micro_usd_per_hour)
       VALUES (:receiptId, :scope, :atMs, :by, :planned, :stopped, :alreadyStopped, :left,
         :excluded, :verified, :saved)
       ON CONFLICT (receipt_id) DO UPDATE SET
         scope = excluded.scope, at_ms = excluded.at_ms, by_whom = excluded.by_whom,
         planned_json = excluded.planned_json, stopped_json = excluded.stopped_json,
         already_stopped_json = excluded.already_stopped_json, left_json = excluded.left_json,
         excluded_json = excluded.excluded_json, verified = excluded.verified,
         saved_micro_usd_per_hour = excluded.saved_micro_usd_per_hour
       WHERE verified = 'unverified' OR excluded.verified <> 'unverified'`,
      {
        receiptId: receipt.receiptId,
        scope: receipt.scope,
        atMs: wholeMs(receipt.atMs),
        by: receipt.by,
        planned: JSON.stringify(receipt.planned),
        stopped: JSON.stringify(receipt.stopped),
        alreadyStopped: JSON.stringify(receipt.alreadyStopped),
        left: JSON.stringify(receipt.left),
        excluded: JSON.stringify(receipt.excluded),
        verified: receipt.verified,
        saved: receipt.savedMicroUsdPerHour,
      },
    ),
  );
}

/** Newest first. */
export function receiptsIn(
  connection: Connection,
  query: Partial<TimeRange> & { readonly scope?: string },
): readonly StopReceipt[] {
  return connection.records(
    `SELECT * FROM receipt
     WHERE (:scope IS NULL OR scope = :scope) AND (:fromMs IS NULL OR at_ms >= :fromMs)
       AND (:toMs IS NULL OR at_ms < :toMs)
     ORDER BY at_ms DESC, receipt_id DESC`,
    { scope: query.scope ?? null, fromMs: query.fromMs ?? null, toMs: query.toMs ?? null },
    toReceipt,
  );
}

export function toReceipt(row: Row): StopReceipt {
  const r = rowSchema.parse(row);
  return {
    receiptId: r.receipt_id,
    scope: r.scope,
    atMs: r.at_ms,
    by: r.by_whom,
    planned: fromJson(appsSchema, r.planned_json),
    stopped: fromJson(appsSchema, r.stopped_json),
    alreadyStopped: fromJson(appsSchema, r.already_stopped_json),
    left: fromJson(leftSchema, r.left_json),
    excluded: fromJson(leftSchema, r.excluded_json),
    verified: r.verified,
    savedMicroUsdPerHour: maybeMicroUsd(r.saved_micro_usd_per_hour),
  };
}
