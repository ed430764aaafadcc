import * as z from "zod/mini";
import type { SaveRatesOptions } from "../../session/ledgerPort.ts";
import type { WorkspaceRates } from "../../session/modalControl.ts";
import { fromJson, instant, text } from "./column.ts";
import { mergeRates, ratesJson, type SavedRates } from "./mergeRates.ts";
import type { Connection, Row } from "../connection.ts";

const rowSchema = z.object({
  first_fetched_at_ms: instant,
  last_fetched_at_ms: instant,
  usd_per_hour_json: text,
});

const ratesSchema = z.record(text, z.number());

/** Writes the rates that were in force at an instant (`mergeRates`). */
export function saveRates(
  connection: Connection,
  scope: string,
  rates: WorkspaceRates,
  fetchedAtMs: number,
  { areNewest = false }: SaveRatesOptions = {},
): void {
  connection.write(() => {
    const saved = ratesSeen(connection, scope);
    const next = mergeRates(saved, rates, fetchedAtMs, areNewest);
    for (const { sinceMs } of saved.filter((row) => !next.includes(row)))
      connection.run("DELETE FROM rate WHERE scope = :scope AND first_fetched_at_ms = :sinceMs", {
        scope,
        sinceMs,
      });
    for (const row of next.filter((one) => !saved.includes(one))) insert(connection, scope, row);
  });
}

function insert(connection: Connection, scope: string, row: SavedRates): void {
  connection.run(
    `INSERT OR REPLACE INTO rate (scope, first_fetched_at_ms, last_fetched_at_ms, usd_per_hour_json)
     VALUES (:scope, :sinceMs, :fetchedAtMs, :json)`,
    { scope, sinceMs: row.sinceMs, fetchedAtMs: row.fetchedAtMs, json: ratesJson(row.rates) },
  );
}

export function latestRates(connection: Connection, scope: string): SavedRates | undefined {
  return ratesSeen(connection, scope).at(-1);
}

/** Every change of the scope's rates that was seen, oldest first. */
export function ratesSeen(connection: Connection, scope: string): readonly SavedRates[] {
  return connection.records(
    "SELECT * FROM rate WHERE scope = :scope ORDER BY first_fetched_at_ms",
    { scope },
    toRates,
  );
}

export function toRates(row: Row): SavedRates {
  const r = rowSchema.parse(row);
  const usdPerHourByKey = new Map(Object.entries(fromJson(ratesSchema, r.usd_per_hour_json)));
  return {
    rates: { usdPerHourByKey },
    sinceMs: r.first_fetched_at_ms,
    fetchedAtMs: r.last_fetched_at_ms,
  };
}
