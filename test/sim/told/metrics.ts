import type { Cloud } from "../model/cloud.ts";
import type { Fn } from "../model/entities.ts";
import { usesOf } from "./use.ts";

/** One series as the catalogue (`MetricsGetInfo`) has it. */
export interface ToldMetric {
  readonly group: string;
  readonly name: string;
  readonly unit: string;
  readonly description: string;
}

/** One series of `FunctionGetMetrics`; null is a bucket without an observation. */
export interface ToldSeries extends ToldMetric {
  readonly points: readonly { readonly atMs: number; readonly value: number | null }[];
}

const metrics = {
  calls: {
    group: "calls",
    name: "successful_calls_count",
    unit: "calls",
    description: "Calls that succeeded",
  },
  cpu: {
    group: "containers",
    name: "cpu_usage_avg",
    unit: "cores",
    description: "CPU in use per container",
  },
  memory: {
    group: "containers",
    name: "memory_usage_avg",
    unit: "GiB",
    description: "Memory in use per container",
  },
} satisfies Record<string, ToldMetric>;

/**
 * Which series there are. That there are groups "containers" and "calls" is in the proto's comments,
 * and that a series is named after its metric and aggregation is in the CLI; the names themselves
 * are guessed, as the service's catalogue is not public.
 */
export function toldMetrics({ world }: Cloud): readonly ToldMetric[] {
  return world.useTold === "nowhere" ? [metrics.calls] : Object.values(metrics);
}

/** What `FunctionGetMetrics` tells of a function, per bucket. */
export function toldSeries(
  cloud: Cloud,
  fn: Fn,
  range: { readonly fromMs: number; readonly toMs: number; readonly bucketMs: number },
): readonly ToldSeries[] {
  const buckets: number[] = [];
  for (let atMs = range.fromMs; atMs < range.toMs; atMs += range.bucketMs) buckets.push(atMs);
  const toMs = (atMs: number): number => Math.min(atMs + range.bucketMs, cloud.nowMs);
  const containers = [...cloud.fleet.containers.values()].filter((one) => one.fn === fn);
  const average = (atMs: number, of: "milliCpu" | "memoryMib"): number | null => {
    const uses = containers.flatMap((one) => usesOf(one, { fromMs: atMs, toMs: toMs(atMs) }));
    const forMs = uses.reduce((sum, use) => sum + use.forMs, 0);
    return forMs === 0 ? null : uses.reduce((sum, use) => sum + use[of] * use.forMs, 0) / forMs;
  };
  const ends = [...cloud.fleet.inputs.values()]
    .filter((one) => one.fn === fn && one.state === "success")
    .map(({ finishedAtMs }) => finishedAtMs ?? -1);
  const values: Record<string, (atMs: number) => number | null> = {
    [metrics.calls.name]: (atMs) => ends.filter((end) => end >= atMs && end < toMs(atMs)).length,
    [metrics.cpu.name]: (atMs) => scaled(average(atMs, "milliCpu"), 1000),
    [metrics.memory.name]: (atMs) => scaled(average(atMs, "memoryMib"), 1024),
  };
  return toldMetrics(cloud).map((metric) => ({
    ...metric,
    points: buckets.map((atMs) => ({ atMs, value: values[metric.name]?.(atMs) ?? null })),
  }));
}

function scaled(value: number | null, by: number): number | null {
  return value === null ? null : value / by;
}
