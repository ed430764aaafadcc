import type { DatabaseSync } from "node:sqlite";
import { toBilled } from "./tables/billedTable.ts";
import { toCall } from "./tables/callTable.ts";
import type { Row } from "./connection.ts";
import { toLease } from "./tables/leaseTable.ts";
import { toListing } from "./tables/listingTable.ts";
import { toRates } from "./tables/rateTable.ts";
import { toReceipt } from "./tables/receiptTable.ts";
import { toSession } from "./tables/sessionTable.ts";
import { toSpan } from "./tables/spanTable.ts";
import { toWindow } from "./tables/windowTable.ts";

/** How each row is read that says more than SQLite's own types do. */
const readers: Readonly<Record<string, (row: Row) => unknown>> = {
  session: toSession,
  call: toCall,
  span: (row) => toSpan({ ...row, latest_look_era: null, latest_look_at_ms: null }),
  billed: toBilled,
  receipt: toReceipt,
  rate: toRates,
  listing: toListing,
  lease: toLease,
  editor_window: toWindow,
};

/**
 * The tables with a row that cannot be read as what it should say. SQLite's own check does not see
 * this: its pages carry no checksum. Reads every row, some 300,000 in a second.
 */
export function unreadableTables(database: DatabaseSync): readonly string[] {
  return Object.entries(readers).flatMap(([table, read]) => {
    try {
      for (const row of database.prepare(`SELECT * FROM "${table}"`).iterate()) read(row);
      return [];
    } catch {
      return [table];
    }
  });
}
