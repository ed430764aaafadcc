import * as z from "zod/mini";
import type { BillRow } from "../model/bill.ts";
import { HOUR_MS } from "../model/reckoning.ts";
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

export const billingRpcs: Readonly<Record<string, UnaryRpc>> = {
  WorkspaceBillingRates: unary(none, (_, context) => {
    const { usdPerHour } = context.workspace.cloud.rates;
    const formatted = Object.entries(usdPerHour).map(([key, value]) => `${key}: $${value}`);
    return { rates: usdPerHour, formatted: formatted.join("\n") };
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
      adjustments: { credits_applied: `-${usdText(credit)}`, plan_cost: "0" },
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
      const known = workspace.cloud.nowMs - workspace.billingLagMs;
      const fromMs = msOf(request.start_timestamp) ?? 0;
      const toMs = Math.min(msOf(request.end_timestamp) ?? known, known);
      const size = request.resolution.startsWith("h") ? HOUR_MS : DAY_MS;
      const rows = workspace.cloud.bill({ byAppHour: true, fromMs, toMs });
      const merged = new Map<string, { appId: string; startMs: number; rows: BillRow[] }>();
      for (const row of rows) {
        const startMs = Math.floor(row.hourStartMs / size) * size;
        const key = `${startMs} ${row.appId}`;
        const group = merged.get(key) ?? { appId: row.appId, startMs, rows: [] };
        group.rows.push(row);
        merged.set(key, group);
      }
      for (const group of merged.values()) {
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
          cost: usdText(total(group.rows)),
          cost_by_resource: byResource(context, group.rows),
        });
      }
    },
  ),
};

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
  return { deployed_apps: usdText(total(deployed)), ephemeral_apps: usdText(total(ephemeral)) };
}

function byResource(context: Context, rows: readonly BillRow[]): Message {
  const sum = (pick: (row: BillRow) => bigint): bigint =>
    rows.reduce((whole, row) => whole + pick(row), 0n);
  const gpus = new Set(
    [...context.workspace.cloud.fleet.containers.values()]
      .filter((one) => rows.some((row) => row.appId === one.appId) && one.gpu !== null)
      .map((one) => one.gpu?.type ?? ""),
  );
  return {
    ...(gpus.size === 0
      ? {}
      : { [`gpu_${[...gpus].join("_").toLowerCase()}`]: usdText(sum((row) => row.gpuUnits)) }),
    cpu: usdText(sum((row) => row.cpuUnits)),
    memory: usdText(sum((row) => row.memoryUnits)),
  };
}

function usdUnits(context: Context, metered: bigint): bigint {
  const credit = BigInt(Math.round(context.workspace.creditUsd * 1e6)) * UNITS_PER_MICRO;
  return credit < metered ? credit : metered;
}

const UNITS_PER_MICRO = COST_UNITS_PER_USD / 1_000_000n;
