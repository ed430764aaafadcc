import { text, wholeMs } from "./column.ts";
import type { Connection } from "../connection.ts";

/** True for exactly one caller per key, ever, across windows. */
export function claimOnce(connection: Connection, key: string, atMs: number): boolean {
  const changed = connection.write(() =>
    connection.run("INSERT INTO claim (key, at_ms) VALUES (:key, :atMs) ON CONFLICT DO NOTHING", {
      key,
      atMs: wholeMs(atMs),
    }),
  );
  return changed === 1;
}

/** Whether the key was claimed before, by any window. */
export function wasClaimed(connection: Connection, key: string): boolean {
  return connection.get("SELECT 1 FROM claim WHERE key = :key", { key }) !== undefined;
}

/** Keeps a small value. Writing what is there already wakes nobody. */
export function remember(connection: Connection, key: string, json: string): void {
  connection.write(() =>
    connection.run(
      `INSERT INTO memory (key, value_json) VALUES (:key, :json)
       ON CONFLICT (key) DO UPDATE SET value_json = excluded.value_json
       WHERE value_json <> excluded.value_json`,
      { key, json },
    ),
  );
}

export function recall(connection: Connection, key: string): string | undefined {
  return connection.record("SELECT value_json FROM memory WHERE key = :key", { key }, (row) =>
    text.parse(row["value_json"]),
  );
}
