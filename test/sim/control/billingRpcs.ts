import * as z from "zod/mini";
import type { BillRow } from "../model/bill.ts";
import { HOUR_MS } from "../model/reckoning.ts";
import type { PriceStep } from "../model/priceList.ts";
import { toldReport, type ToldRow } from "../told/report.ts";
import { COST_UNITS_PER_USD, usdText } from "../model/rates.ts";
import {
  msOf,
  none,
  stream,
  text,
  timestamp,
  timestampOf,
  unary,
  type Context,
  type StreamRpc,
  type UnaryRpc,
} from "./rpc.ts";
import type { Message } from "./grpcServer.ts";
import { RpcError } from "./status.ts";

const DAY_MS = 24 * HOUR_MS;
/** How long before a change of prices the rates tell of it. */
const NOTICE_MS = 14 * DAY_MS;

export const billingRpcs: Readonly<Record<string, UnaryRpc>> = {
  WorkspaceBillingRates: unary(none, (_, context) => {
    const { cloud } = context.workspace;
    const { usdPerHour } = cloud.rates;
    const formatted = Object.entries(usdPerHour).map(([key, value]) => `${key}: $${value}`);
    const next = cloud.prices.nextChange(cloud.nowMs);
    const isNear = next !== null && next.fromMs - cloud.nowMs < NOTICE_MS;
    return {
      rates: usdPerHour,
      formatted: formatted.join("\n"),
      ...(isNear ? { deprecation_warnings: noticesOf(next) } : {}),
    };
  }),

  WorkspaceBillingSummary: unary(z.object({ start_timestamp: timestamp }), (request, context) => {
    const cycle = cycleOf(context, msOf(request.start_timestamp));
    const metered = total(cycle.rows);
    const credit = usdUnits(context, metered);
    return {
      start_timestamp: timestampOf(cycle.startMs),
      end_timestamp: timestampOf(cycle.endMs),
      metered_cost: usdText(metered),
      billed_cost: usdText(metered - credit),
      metered_cost_breakdown: breakdown(context, cycle.rows),
      adjustments: spelled(context, {
        "Credits Applied": `-${usdText(credit)}`,
        "Plan Cost": "0",
      }),
    };
  }),

  EnvironmentBillingSummary: unary(
    z.object({ start_timestamp: timestamp, environment_id: text }),
    (request, context) => {
      const environment = context.workspace.environmentById(request.environment_id);
      if (environment === null) throw new RpcError("NOT_FOUND", "Environment not found");
      const cycle = cycleOf(context, msOf(request.start_timestamp));
      const rows = cycle.rows.filter(
        (row) => context.workspace.cloud.app(row.appId).environment === environment.name,
      );
      return {
        start_timestamp: timestampOf(cycle.startMs),
        end_timestamp: timestampOf(cycle.endMs),
        metered_cost: usdText(total(rows)),
        metered_cost_breakdown: breakdown(context, rows),
      };
    },
  ),
};

export const billingStreams: Readonly<Record<string, StreamRpc>> = {
  WorkspaceBillingReport: stream(
    z.object({
      start_timestamp: timestamp,
      end_timestamp: timestamp,
      resolution: text,
      environment_ids: z.optional(z.array(text)),
      app_ids: z.optional(z.array(text)),
    }),
    async (request, context, send) => {
      const { workspace } = context;
      const size = request.resolution.startsWith("h") ? HOUR_MS : DAY_MS;
      for (const group of groupsOf(rowsOf(request, context), size)) {
        const app = workspace.cloud.app(group.appId);
        const environment = workspace.environment(app.environment);
        const environments = request.environment_ids ?? [];
        const apps = request.app_ids ?? [];
        if (environments.length > 0 && !environments.includes(environment?.id ?? "")) continue;
        if (apps.length > 0 && !apps.includes(app.id)) continue;
        send({
          object_id: app.id,
          description: app.description,
          environment_name: app.environment,
          interval: timestampOf(group.startMs),
          cost: usdText(group.units),
          cost_by_resource: Object.fromEntries(
            [...group.unitsByResource].map(([name, units]) => [name, usdText(units)]),
          ),
        });
      }
    },
  ),
};

/** The rows that Modal has now. Throws what it answers when it has none to give. */
function rowsOf(
  request: {
    readonly start_timestamp?: z.output<typeof timestamp>;
    readonly end_timestamp?: z.output<typeof timestamp>;
  },
  { workspace, asksTooOften }: Context,
): readonly ToldRow[] {
  if (workspace.cloud.world.reportLimit === "two-in-ten-seconds" && asksTooOften("report"))
    throw new RpcError("RESOURCE_EXHAUSTED", "Too many billing report requests", {
      retryAfterSeconds: 10,
    });
  const report = toldReport(workspace.cloud, {
    fromMs: msOf(request.start_timestamp) ?? 0,
    toMs: msOf(request.end_timestamp) ?? workspace.cloud.nowMs,
    lagMs: workspace.billingLagMs,
  });
  if (report.kind === "none")
    throw new RpcError("PERMISSION_DENIED", "Billing reports are not part of this plan");
  if (report.kind === "refused")
    throw new RpcError("RESOURCE_EXHAUSTED", "Billing reports are not available right now");
  return report.rows;
}

interface Group {
  readonly appId: string;
  readonly startMs: number;
  readonly unitsByResource: Map<string, bigint>;
  units: bigint;
}

function groupsOf(rows: readonly ToldRow[], size: number): Iterable<Group> {
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const startMs = Math.floor(row.hourStartMs / size) * size;
    const key = `${startMs} ${row.appId}`;
    const group = groups.get(key) ?? {
      appId: row.appId,
      startMs,
      unitsByResource: new Map<string, bigint>(),
      units: 0n,
    };
    group.units += row.units;
    for (const [name, units] of row.unitsByResource)
      group.unitsByResource.set(name, (group.unitsByResource.get(name) ?? 0n) + units);
    groups.set(key, group);
  }
  return groups.values();
}

/** What is told of a change of prices before it comes. */
function noticesOf({ fromMs, card }: PriceStep): Message {
  const day = new Date(fromMs).toISOString().slice(0, 10);
  return Object.fromEntries(
    Object.entries(card.usdPerHour).map(([key, value]) => [key, `From ${day} on: $${value}`]),
  );
}

function cycleOf(
  context: Context,
  startMs: number | null,
): { readonly startMs: number; readonly endMs: number; readonly rows: readonly BillRow[] } {
  const { cloud, billingLagMs } = context.workspace;
  const at = new Date(startMs ?? cloud.nowMs);
  const from = Date.UTC(at.getUTCFullYear(), at.getUTCMonth());
  const monthEnd = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1);
  const endMs = Math.min(monthEnd, cloud.nowMs);
  const toMs = Math.min(endMs, cloud.nowMs - billingLagMs);
  return { startMs: from, endMs, rows: cloud.bill({ fromMs: from, toMs }) };
}

function total(rows: readonly BillRow[]): bigint {
  return rows.reduce((sum, row) => sum + row.units, 0n);
}

function breakdown(context: Context, rows: readonly BillRow[]): Message {
  const { cloud } = context.workspace;
  const deployed = rows.filter((row) => cloud.app(row.appId).deployments.length > 0);
  const ephemeral = rows.filter((row) => cloud.app(row.appId).deployments.length === 0);
  return spelled(context, {
    "Deployed Apps": usdText(total(deployed)),
    "Ephemeral Apps": usdText(total(ephemeral)),
  });
}

/** Keys as the CLI prints them in its table, or in snake case, as it prints them in JSON. */
function spelled(context: Context, entries: Readonly<Record<string, string>>): Message {
  if (context.workspace.cloud.world.costByResource !== "snake-case") return entries;
  return Object.fromEntries(
    Object.entries(entries).map(([key, value]) => [key.toLowerCase().replaceAll(" ", "_"), value]),
  );
}

function usdUnits(context: Context, metered: bigint): bigint {
  const credit = BigInt(Math.round(context.workspace.creditUsd * 1e6)) * UNITS_PER_MICRO;
  return credit < metered ? credit : metered;
}

const UNITS_PER_MICRO = COST_UNITS_PER_USD / 1_000_000n;
