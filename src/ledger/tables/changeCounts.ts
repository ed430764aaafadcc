import type { Connection } from "../connection.ts";
import type { CountedTable } from "./schema.ts";

/** Another text after any change of a row of these tables, by any window: what was read at the same one is still true. */
export function changeCounts(connection: Connection, tables: readonly CountedTable[]): string {
  const counts = connection.all(
    "SELECT name, value FROM property WHERE name IN (SELECT value FROM json_each(:names)) ORDER BY name",
    { names: JSON.stringify(tables.map((table) => `${table}_changes`)) },
  );
  const versions = counts.map(({ name, value }) => `${String(name)} ${String(value)}`);
  // A broken count need not grow by one: then anything that is written counts.
  if (!counts.every(({ value }) => Number.isSafeInteger(value))) {
    const other = connection.get("PRAGMA data_version")?.["data_version"];
    versions.push(String(other), String(connection.commits));
  }
  return [connection.replaced, ...versions].join(" ");
}
