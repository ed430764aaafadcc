import * as z from "zod/mini";
import type { InputState } from "../model/entities.ts";
import { toldCalls, type ToldCall } from "../told/calls.ts";
import { toldMetrics, toldSeries } from "../told/metrics.ts";
import { toldStats, type ToldDistribution } from "../told/stats.ts";
import { functionOf } from "./functionRpcs.ts";
import type { Message } from "./grpcServer.ts";
import { msOf, text, timestamp, timestampOf, unary, type Context, type UnaryRpc } from "./rpc.ts";

const HOUR_MS = 3_600_000;
/** FunctionCallInputStatus by the state of an input. */
const CALL_STATUS: Readonly<Record<InputState, number>> = {
  queued: 1,
  running: 2,
  success: 3,
  failure: 4,
  timeout: 5,
  terminated: 6,
};
/** About so many buckets where no width is asked for. */
const USUAL_BUCKETS = 100;
const SHORTEST_BUCKET_MS = 60_000;

const range = { since: timestamp, until: timestamp };

/** What `modal function stats`, `calls` and `metrics` ask for. */
export const statsRpcs: Readonly<Record<string, UnaryRpc>> = {
  FunctionGetTimeRangeStats: unary(
    z.object({ function_id: text, ...range, container_id: z.optional(text) }),
    (request, context) => {
      const { cloud } = context.workspace;
      const { fromMs, toMs } = rangeOf(request, context);
      const containerId = request.container_id ?? "";
      const stats = toldStats(cloud, functionOf(context, request.function_id), {
        fromMs,
        toMs,
        ...(containerId === "" ? {} : { containerId }),
      });
      return {
        since: timestampOf(fromMs),
        until: timestampOf(toMs),
        input_success_count: stats.inputSuccessCount,
        input_failure_count: stats.inputFailureCount,
        input_timeout_count: stats.inputTimeoutCount,
        input_running_at_end_count: stats.inputRunningAtEndCount,
        container_total_count: stats.containerTotalCount,
        container_started_count: stats.containerStartedCount,
        container_error_count: stats.containerErrorCount,
        container_creating_at_end_count: stats.containerCreatingAtEndCount,
        input_percentile_stats: distributions(stats.inputs),
        container_percentile_stats: distributions(stats.containers),
      };
    },
  ),

  FunctionGetMetrics: unary(
    z.object({
      function_id: text,
      ...range,
      bucket_secs: z.optional(z.number()),
      groups: z.array(text),
    }),
    (request, context) => {
      const asked = rangeOf(request, context);
      const bucketMs = bucketOf(asked, request.bucket_secs ?? 0);
      const fromMs = Math.floor(asked.fromMs / bucketMs) * bucketMs;
      const toMs = Math.floor(asked.toMs / bucketMs) * bucketMs;
      const fn = functionOf(context, request.function_id);
      const series = toldSeries(context.workspace.cloud, fn, { fromMs, toMs, bucketMs });
      const { groups } = request;
      return {
        since: timestampOf(fromMs),
        until: timestampOf(toMs),
        bucket_secs: bucketMs / 1000,
        series: series
          .filter(({ group }) => groups.length === 0 || groups.includes(group))
          .map(({ name, unit, description, points }) => ({
            name,
            unit,
            description,
            points: points.map(({ atMs, value }) => ({
              timestamp: timestampOf(atMs),
              ...(value === null ? {} : { value }),
            })),
          })),
      };
    },
  ),

  MetricsGetInfo: unary(
    z.object({ ...range, bucket_secs: z.optional(z.number()), groups: z.array(text) }),
    (request, context) => {
      const asked = rangeOf(request, context);
      const bucketMs = bucketOf(asked, request.bucket_secs ?? 0);
      return {
        groups: toldMetrics(context.workspace.cloud)
          .filter(({ group }) => request.groups.length === 0 || request.groups.includes(group))
          .map(({ group, name, unit, description }) => ({
            name: group,
            description,
            display_name: name,
            metrics: [{ name, unit, description }],
          })),
        bucket_secs: bucketMs / 1000,
        bucket_count: Math.floor((asked.toMs - asked.fromMs) / bucketMs),
      };
    },
  ),

  FunctionCallFetch: unary(
    z.object({
      function_id: text,
      tail: z.nullish(z.object({ count: z.number() })),
      range: z.nullish(z.object({ ...range, limit: z.number() })),
    }),
    (request, context) => {
      const fn = functionOf(context, request.function_id);
      const query = request.range
        ? { ...rangeOf(request.range, context), limit: request.range.limit }
        : { tail: request.tail?.count ?? 10 };
      const calls = toldCalls(context.workspace.cloud, fn, query);
      return { function_call_inputs: calls.map(callMessage) };
    },
  ),

  FunctionCallCount: unary(
    z.object({ function_id: text, ...range, bucket_secs: z.number() }),
    (request, context) => {
      const fn = functionOf(context, request.function_id);
      const sizeMs = Math.max(1, request.bucket_secs) * 1000;
      const counts = new Map<number, number>();
      const query = { ...rangeOf(request, context), limit: Number.POSITIVE_INFINITY };
      for (const { enqueuedAtMs } of toldCalls(context.workspace.cloud, fn, query)) {
        const startMs = Math.floor(enqueuedAtMs / sizeMs) * sizeMs;
        counts.set(startMs, (counts.get(startMs) ?? 0) + 1);
      }
      return {
        buckets: [...counts].map(([startMs, count]) => ({
          bucket_start_at: timestampOf(startMs),
          count,
        })),
      };
    },
  ),
};

/** A range as it is asked for; the last hour where it is not. */
function rangeOf(
  asked: {
    readonly since?: z.output<typeof timestamp>;
    readonly until?: z.output<typeof timestamp>;
  },
  context: Context,
): { readonly fromMs: number; readonly toMs: number } {
  const toMs = msOf(asked.until) ?? context.workspace.cloud.nowMs;
  return { fromMs: msOf(asked.since) ?? toMs - HOUR_MS, toMs };
}

function bucketOf(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  seconds: number,
): number {
  if (seconds > 0) return seconds * 1000;
  const wanted = (toMs - fromMs) / USUAL_BUCKETS;
  return Math.max(1, Math.ceil(wanted / SHORTEST_BUCKET_MS)) * SHORTEST_BUCKET_MS;
}

function distributions(told: ReadonlyMap<string, ToldDistribution>): Message {
  return Object.fromEntries(
    [...told].map(([name, { unit, percentiles }]) => [
      name,
      {
        unit,
        percentiles: percentiles.map(({ basisPoints, value }) => ({
          percentile_basis_points: basisPoints,
          value,
        })),
      },
    ]),
  );
}

function callMessage(call: ToldCall): Message {
  return {
    enqueued_at: timestampOf(call.enqueuedAtMs),
    function_call_id: call.callId,
    status: CALL_STATUS[call.state],
    ...(call.startedAtMs === null ? {} : { started_at: timestampOf(call.startedAtMs) }),
    ...(call.containerId === null ? {} : { container_id: call.containerId }),
    ...(call.startupSeconds === null ? {} : { startup_time_seconds: call.startupSeconds }),
    ...(call.executionSeconds === null ? {} : { execution_time_seconds: call.executionSeconds }),
  };
}
