import * as z from "zod/mini";
import { whole } from "./column.ts";
import type { Connection } from "../connection.ts";

const versionSchema = z.object({ value: whole });

/** Grows with every change of any call, by any window: what was read at the same version is still true. */
export function callVersion(connection: Connection): number {
  const row = connection.get("SELECT value FROM property WHERE name = 'call_changes'");
  return row === undefined ? 0 : versionSchema.parse(row).value;
}

/** To be called in the transaction that changes calls. */
export function countCallChange(connection: Connection): void {
  connection.run(
    `INSERT INTO property (name, value) VALUES ('call_changes', 1)
     ON CONFLICT (name) DO UPDATE SET value = value + 1`,
  );
}
