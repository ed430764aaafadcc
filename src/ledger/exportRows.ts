import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { tables } from "./tables/schema.ts";

const chunkLength = 64 * 1024;

/**
 * Every row of every table from one snapshot, as pieces of text. The caller owns the connection; it
 * must be used for nothing else meanwhile.
 */
export async function* exportRows(
  database: DatabaseSync,
  format: "csv" | "json",
): AsyncIterable<string> {
  database.exec("BEGIN");
  let buffer = "";
  for (const piece of format === "csv" ? csv(database) : json(database)) {
    buffer += piece;
    if (buffer.length < chunkLength) continue;
    yield buffer;
    buffer = "";
    // Let the editor breathe between two chunks.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
  if (buffer !== "") yield buffer;
}

function* csv(database: DatabaseSync): Iterable<string> {
  for (const table of tables) {
    const statement = database.prepare(`SELECT * FROM "${table}"`);
    const columns = statement.columns().map(({ name }) => name);
    yield `${["table", ...columns].map(cell).join(",")}\r\n`;
    for (const row of statement.iterate()) {
      const cells = columns.map((name) => cell(row[name] ?? null));
      yield `${[cell(table), ...cells].join(",")}\r\n`;
    }
    yield "\r\n";
  }
}

function* json(database: DatabaseSync): Iterable<string> {
  let separator = "{";
  for (const table of tables) {
    yield `${separator}\n${JSON.stringify(table)}: [`;
    separator = ",";
    let rowSeparator = "\n";
    for (const row of database.prepare(`SELECT * FROM "${table}"`).iterate()) {
      yield rowSeparator + JSON.stringify(row);
      rowSeparator = ",\n";
    }
    yield "]";
  }
  yield "\n}\n";
}

/**
 * One CSV cell (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe in
 * front: app names and prompts come from other people (OWASP, "CSV injection"). Some skip spaces, quotes
 * and invisible characters before it, and some know the signs in their full width too.
 */
export function cell(value: SQLOutputValue): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const safe = /^[\t\r\n]|^[\s\p{Cf}\p{Cc}"']*[=+\-@＝＋－＠]/u.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
