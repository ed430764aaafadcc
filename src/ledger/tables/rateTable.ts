import * as z from "zod/mini";
import type { WorkspaceRates } from "../../session/modalControl.ts";
import { fromJson, instant, text, wholeMs } from "./column.ts";
import type { Connection, Row } from "../connection.ts";

const rowSchema = z.object({
  first_fetched_at_ms: instant,
  last_fetched_at_ms: instant,
  usd_per_hour_json: text,
});

const ratesSchema = z.record(text, z.number());

export interface SavedRates {
  readonly rates: WorkspaceRates;
  /** First fetched just so. */
  readonly sinceMs: number;
  readonly fetchedAtMs: number;
}

/** Writes the rates that were in force at an instant. Rates that did not change extend their row. */
export function saveRates(
  connection: Connection,
  scope: string,
  rates: WorkspaceRates,
  fetchedAtMs: number,
): void {
  const fetched = wholeMs(fetchedAtMs);
  const keys = [...rates.usdPerHourByKey.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const json = JSON.stringify(Object.fromEntries(keys));
  connection.write(() => {
    // Others of the same instant are replaced, and may have been the only change.
    connection.run(
      `DELETE FROM rate
       WHERE scope = :scope AND first_fetched_at_ms = :fetched AND last_fetched_at_ms = :fetched`,
      { scope, fetched },
    );
    const saved = connection.record(
      `SELECT * FROM rate WHERE scope = :scope AND first_fetched_at_ms <= :fetched
       ORDER BY first_fetched_at_ms DESC LIMIT 1`,
      { scope, fetched },
      (row) => rowSchema.parse(row),
    );
    if (saved?.usd_per_hour_json === json) {
      connection.run(
        `UPDATE rate SET last_fetched_at_ms = :fetched
         WHERE scope = :scope AND first_fetched_at_ms = :first AND last_fetched_at_ms < :fetched`,
        { scope, fetched, first: saved.first_fetched_at_ms },
      );
      return;
    }
    insert(connection, scope, fetched, json);
    if (saved === undefined || saved.last_fetched_at_ms <= fetched) return;
    // Written late: the saved ones were in force again when they were seen last.
    connection.run(
      `UPDATE rate SET last_fetched_at_ms = :first
       WHERE scope = :scope AND first_fetched_at_ms = :first`,
      { scope, first: saved.first_fetched_at_ms },
    );
    insert(connection, scope, saved.last_fetched_at_ms, saved.usd_per_hour_json);
  });
}

function insert(connection: Connection, scope: string, fetched: number, json: string): void {
  connection.run(
    `INSERT INTO rate (scope, first_fetched_at_ms, last_fetched_at_ms, usd_per_hour_json)
     VALUES (:scope, :fetched, :fetched, :json)
     ON CONFLICT DO UPDATE SET usd_per_hour_json = excluded.usd_per_hour_json`,
    { scope, fetched, json },
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
