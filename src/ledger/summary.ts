import { periodOf } from "../cost/spending/calendar.ts";
import * as z from "zod/mini";
import { microUsd } from "../cost/money.ts";
import type { SummaryRow, TimeRange } from "../session/ledgerPort.ts";
import { quarterMs } from "./tables/callQuarter.ts";
import { maybeWhole, text, whole } from "./tables/column.ts";
import type { Connection } from "./connection.ts";
import { prunedThroughMs } from "./tables/prunedThrough.ts";

export type SummaryQuery = TimeRange & {
  readonly scope?: string;
  /** IANA name. */
  readonly timeZone: string;
};

const groupSchema = z.object({
  group_id: whole,
  app_name: text,
  endpoint: text,
  first_quarter: maybeWhole,
  last_quarter: maybeWhole,
});

const sumsSchema = z.object({
  calls: maybeWhole,
  unknown_calls: maybeWhole,
  reported_micro_usd: maybeWhole,
});

const rawSchema = z.object({
  app_name: text,
  endpoint: text,
  calls: whole,
  unknown_calls: whole,
  reported_micro_usd: whole,
});

type Add = (
  appName: string,
  endpoint: string,
  calls: number,
  unknownCalls: number,
  reported: number,
) => void;

/**
 * Calls per local day, app and endpoint, from the counts per quarter of an hour. Where a day (or the
 * range) does not begin or end at a quarter, its edge is counted from the calls themselves; where
 * those are pruned, a quarter belongs to the day and range in which it begins.
 */
export function summaryOf(connection: Connection, query: SummaryQuery): readonly SummaryRow[] {
  return connection.read(() => {
    const groups = groupsOf(connection, query.scope);
    const keptFromMs = prunedThroughMs(connection);
    const rows: SummaryRow[] = [];
    const fromMs = Math.max(
      query.fromMs,
      Math.min(...groups.map((g) => g.firstQuarter)) * quarterMs,
    );
    const lastQuarter = Math.max(...groups.map((g) => g.lastQuarter));
    const toMs = Math.min(query.toMs, (lastQuarter + 1) * quarterMs);
    for (let startMs = fromMs; startMs < toMs;) {
      const { key: day, toMs: midnightMs } = periodOf("day", startMs, query.timeZone);
      const range = { fromMs: startMs, toMs: Math.min(toMs, midnightMs) };
      rows.push(
        ...rowsOf(day, (add) => addDay(connection, groups, query.scope, keptFromMs, range, add)),
      );
      startMs = range.toMs;
    }
    return rows;
  });
}

interface Group {
  readonly groupId: number;
  readonly appName: string;
  readonly endpoint: string;
  readonly firstQuarter: number;
  readonly lastQuarter: number;
}

function groupsOf(connection: Connection, scope: string | undefined): readonly Group[] {
  return connection
    .records(
      `SELECT group_id, app_name, endpoint,
         (SELECT min(quarter) FROM call_quarter q WHERE q.group_id = g.group_id) AS first_quarter,
         (SELECT max(quarter) FROM call_quarter q WHERE q.group_id = g.group_id) AS last_quarter
       FROM call_group g WHERE :scope IS NULL OR scope = :scope`,
      { scope: scope ?? null },
      (row) => groupSchema.parse(row),
    )
    .flatMap((r) => {
      if (r.first_quarter === null || r.last_quarter === null) return [];
      return {
        groupId: r.group_id,
        appName: r.app_name,
        endpoint: r.endpoint,
        firstQuarter: r.first_quarter,
        lastQuarter: r.last_quarter,
      };
    });
}

function addDay(
  connection: Connection,
  groups: readonly Group[],
  scope: string | undefined,
  keptFromMs: number,
  { fromMs, toMs }: TimeRange,
  add: Add,
): void {
  const first = Math.ceil(fromMs / quarterMs);
  const end = toMs < keptFromMs ? Math.ceil(toMs / quarterMs) : Math.floor(toMs / quarterMs);
  for (const group of groups) {
    if (group.lastQuarter < first || group.firstQuarter >= end) continue;
    const sums = sumsSchema.parse(
      connection.get(
        `SELECT sum(calls) AS calls, sum(unknown_calls) AS unknown_calls,
           sum(reported_micro_usd) AS reported_micro_usd
         FROM call_quarter WHERE group_id = :groupId AND quarter >= :first AND quarter < :end`,
        { groupId: group.groupId, first, end },
      ),
    );
    add(
      group.appName,
      group.endpoint,
      sums.calls ?? 0,
      sums.unknown_calls ?? 0,
      sums.reported_micro_usd ?? 0,
    );
  }
  const headToMs = Math.min(first * quarterMs, toMs);
  addCalls(connection, scope, keptFromMs, { fromMs, toMs: headToMs }, add);
  const tailFromMs = Math.max(end * quarterMs, headToMs);
  addCalls(connection, scope, keptFromMs, { fromMs: tailFromMs, toMs }, add);
}

function addCalls(
  connection: Connection,
  scope: string | undefined,
  keptFromMs: number,
  range: TimeRange,
  add: Add,
): void {
  const fromMs = Math.max(range.fromMs, keptFromMs);
  if (fromMs >= range.toMs) return;
  const rows = connection.records(
    `SELECT coalesce(app_name, '') AS app_name, coalesce(endpoint, '') AS endpoint,
       count(*) AS calls, sum(reported_micro_usd IS NULL) AS unknown_calls,
       coalesce(sum(reported_micro_usd), 0) AS reported_micro_usd
     FROM call
     WHERE started_at_ms >= :fromMs AND started_at_ms < :toMs AND (:scope IS NULL OR scope = :scope)
     GROUP BY 1, 2`,
    { fromMs, toMs: range.toMs, scope: scope ?? null },
    (row) => rawSchema.parse(row),
  );
  for (const r of rows) {
    add(r.app_name, r.endpoint, r.calls, r.unknown_calls, r.reported_micro_usd);
  }
}

/** One day's rows: several scopes may have the same app and endpoint. By app, then endpoint. */
function rowsOf(day: string, collect: (add: Add) => void): readonly SummaryRow[] {
  const rows = new Map<string, SummaryRow>();
  collect((appName, endpoint, calls, unknownCalls, reported) => {
    if (calls === 0) return;
    const key = JSON.stringify([appName, endpoint]);
    const sum = rows.get(key);
    rows.set(key, {
      day,
      appName,
      endpoint: endpoint === "" ? null : endpoint,
      calls: (sum?.calls ?? 0) + calls,
      unknownCalls: (sum?.unknownCalls ?? 0) + unknownCalls,
      reportedMicroUsd: microUsd((sum?.reportedMicroUsd ?? 0) + reported),
    });
  });
  return [...rows.values()].toSorted(
    (a, b) => order(a.appName, b.appName) || order(a.endpoint ?? "", b.endpoint ?? ""),
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
