import * as z from "zod/mini";
import type { CallRecord } from "../../cost/call.ts";
import type { CallQuery } from "../../session/ledgerPort.ts";
import { callsOf, toCall } from "./callTable.ts";
import { text, whole } from "./column.ts";
import type { Connection, Row } from "../connection.ts";

const changeSchema = z.object({ number: whole, call_id: text });

/**
 * The answer to a query from an earlier one: only the calls that changed since are read. undefined:
 * more have changed than the file remembers, or a window of an older version counted as well.
 * @param versions as `changeCounts` tells them of calls alone
 */
export function renewedCalls(
  connection: Connection,
  query: CallQuery,
  earlier: { readonly version: string; readonly items: readonly CallRecord[] },
  version: string,
  parse: (row: Row) => CallRecord = toCall,
): readonly CallRecord[] | undefined {
  if (query.limit !== undefined) return undefined;
  const [from, to] = [countIn(earlier.version), countIn(version)];
  if (from === undefined || to === undefined || from.file !== to.file) return undefined;
  const changes = connection.records(
    "SELECT number, call_id FROM call_change WHERE number > :since",
    { since: from.count },
    (row) => changeSchema.parse(row),
  );
  if (changes.filter(({ number }) => number <= to.count).length !== to.count - from.count)
    return undefined;
  const changed = new Set(changes.map(({ call_id: callId }) => callId));
  const now = callsOf(connection, { ...query, callIds: [...changed] }, parse);
  // All but the few that changed are in order already.
  return [...now, ...earlier.items.filter(({ callId }) => !changed.has(callId))].toSorted(
    (a, b) => b.startedAtMs - a.startedAtMs || (a.callId < b.callId ? 1 : -1),
  );
}

function countIn(version: string): { readonly file: string; readonly count: number } | undefined {
  const [, file = "", count = ""] = /^(\d+) call_changes (\d+)$/.exec(version) ?? [];
  return count === "" ? undefined : { file, count: Number(count) };
}
