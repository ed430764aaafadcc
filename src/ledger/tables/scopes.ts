import * as z from "zod/mini";
import type { TimeRange } from "../../session/ledgerPort.ts";
import { text } from "./column.ts";
import type { Connection } from "../connection.ts";

const rowSchema = z.object({ scope: text });

/** The scopes of a workspace that were ever looked at, or that the bill of this range names, in order. */
export function scopesIn(
  connection: Connection,
  { workspace, fromMs, toMs }: { readonly workspace: string } & TimeRange,
): readonly string[] {
  return connection.records(
    `SELECT scope FROM listing WHERE substr(scope, 1, length(:prefix)) = :prefix
     UNION SELECT scope FROM billed
     WHERE interval_start_ms >= :fromMs AND interval_start_ms < :toMs
       AND substr(scope, 1, length(:prefix)) = :prefix
     ORDER BY scope`,
    { prefix: prefixOf(workspace), fromMs, toMs },
    (row) => rowSchema.parse(row).scope,
  );
}

/** Whether the scope is an environment of the workspace. */
export function isOf(workspace: string, scope: string): boolean {
  return scope.startsWith(prefixOf(workspace));
}

function prefixOf(workspace: string): string {
  return `${workspace}/`;
}
