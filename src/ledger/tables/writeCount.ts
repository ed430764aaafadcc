import * as z from "zod/mini";
import type { Connection } from "../connection.ts";
import type { TallyMark } from "../tally.ts";
import { whole } from "./column.ts";

const rowSchema = z.object({ name: z.string(), value: whole });

/** How many lasting writes the file has taken, by its own count, and when the last one was. */
export function writeCount(connection: Connection): TallyMark {
  const rows = connection.records(
    "SELECT name, value FROM property WHERE name IN ('writes', 'written_at_ms')",
    {},
    (row) => rowSchema.parse(row),
  );
  const valueOf = (wanted: string): number | undefined =>
    rows.find(({ name }) => name === wanted)?.value;
  return { writes: valueOf("writes") ?? 0, atMs: valueOf("written_at_ms") ?? null };
}

/** Counts one more; to be called once in each lasting transaction. Returns its number. */
export function countWrite(connection: Connection, atMs: number): number {
  const writes = writeCount(connection).writes + 1;
  setWriteCount(connection, writes, atMs);
  return writes;
}

/** Sets the count, so that what was lost is told once and not again. */
export function setWriteCount(connection: Connection, writes: number, atMs: number): void {
  connection.run(
    `INSERT INTO property (name, value) VALUES ('writes', :writes), ('written_at_ms', :atMs)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    { writes, atMs },
  );
}
