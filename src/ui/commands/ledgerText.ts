import { plural, t } from "../../base/text.ts";

/** What a ledger without damage holds, by its rows per table: "no damage found; 1 session, 2 calls". */
export function soundLedgerText(rowCounts: ReadonlyMap<string, number>): string {
  const held = [...rowCounts].flatMap(([table, count]) => rowsText(table, count) ?? []);
  return held.length === 0
    ? t("no damage found; nothing is recorded yet")
    : t("no damage found; {0}", held.join(", "));
}

/** undefined: none, or rows that no person knows. */
function rowsText(table: string, count: number): string | undefined {
  if (count === 0) return undefined;
  switch (table) {
    case "session":
      return plural(count, { one: "{0} session", other: "{0} sessions" });
    case "call":
      return plural(count, { one: "{0} call", other: "{0} calls" });
    case "span":
      return plural(count, { one: "{0} container", other: "{0} containers" });
    case "billed":
      return plural(count, { one: "{0} row of the bill", other: "{0} rows of the bill" });
    case "receipt":
      return plural(count, { one: "{0} receipt of a stop", other: "{0} receipts of stops" });
    default:
      return undefined;
  }
}
