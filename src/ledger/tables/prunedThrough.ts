import * as z from "zod/mini";
import type { Connection } from "../connection.ts";
import { whole } from "./column.ts";

const boundarySchema = z.object({ value: whole });

/** Calls that began before this instant may be gone; their counts are kept. 0: all are there. */
export function prunedThroughMs(connection: Connection): number {
  const row = connection.get("SELECT value FROM property WHERE name = 'pruned_through_ms'");
  return row === undefined ? 0 : boundarySchema.parse(row).value;
}
