import type { Cloud } from "../model/cloud.ts";
import type { Fn } from "../model/entities.ts";
import { usesOf } from "./use.ts";

/** One series of `FunctionGetMetrics`; null is a bucket without an observation. */
export interface ToldSeries {
  readonly group: string;
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly points: readonly { readonly atMs: number; readonly value: number | null }[];
}

/**
 * What `FunctionGetMetrics` tells, per bucket. That there are groups "containers" and "calls" is in
 * the proto's comments, and that a series is named after its metric and aggregation is in the CLI;
 * the names themselves are guessed, as the service's catalogue is not public.
 */
export function toldMetrics(
  cloud: Cloud,
  fn: Fn,
  range: { readonly fromMs: number; readonly toMs: number; readonly bucketMs: number },
): readonly ToldSeries[] {
  const buckets: number[] = [];
  for (let atMs = range.fromMs; atMs < range.toMs; atMs += range.bucketMs) buckets.push(atMs);
  const containers = [...cloud.fleet.containers.values()].filter((one) => one.fn === fn);
  const toMs = (atMs: number): number => Math.min(atMs + range.bucketMs, cloud.nowMs);
  const average = (of: "milliCpu" | "memoryMib", per: number): ToldSeries["points"] =>
    buckets.map((atMs) => {
      const uses = containers.flatMap((one) => usesOf(one, { fromMs: atMs, toMs: toMs(atMs) }));
      const forMs = uses.reduce((sum, use) => sum + use.forMs, 0);
      const used = uses.reduce((sum, use) => sum + use[of] * use.forMs, 0);
      return { atMs, value: forMs === 0 ? null : used / forMs / per };
    });
  const succeeded = [...cloud.fleet.inputs.values()].filter(
    (one) => one.fn === fn && one.state === "success",
  );
  const calls: ToldSeries = {
    group: "calls",
    name: "successful_calls_count",
    unit: "calls",
    description: "Calls that succeeded",
    points: buckets.map((atMs) => ({
      atMs,
      value: succeeded.filter(
        ({ finishedAtMs }) => (finishedAtMs ?? -1) >= atMs && (finishedAtMs ?? -1) < toMs(atMs),
      ).length,
    })),
  };
  if (cloud.world.useTold === "nowhere") return [calls];
  const group = "containers";
  return [
    calls,
    {
      group,
      name: "cpu_usage_avg",
      unit: "cores",
      description: "CPU in use per container",
      points: average("milliCpu", 1000),
    },
    {
      group,
      name: "memory_usage_avg",
      unit: "GiB",
      description: "Memory in use per container",
      points: average("memoryMib", 1024),
    },
  ];
}
