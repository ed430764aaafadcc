import type { Cloud } from "../model/cloud.ts";
import type { Container, Fn } from "../model/entities.ts";
import { toldStartupMs } from "./containers.ts";
import { usesOf } from "./use.ts";

/** Values at p50, p90 and p99. */
export interface ToldDistribution {
  readonly unit: string;
  readonly percentiles: readonly { readonly basisPoints: number; readonly value: number }[];
}

/** What `FunctionGetTimeRangeStats` tells (`modal function stats`). */
export interface ToldStats {
  readonly inputSuccessCount: number;
  readonly inputFailureCount: number;
  readonly inputTimeoutCount: number;
  readonly inputRunningAtEndCount: number;
  readonly containerTotalCount: number;
  readonly containerStartedCount: number;
  readonly containerErrorCount: number;
  readonly containerCreatingAtEndCount: number;
  readonly inputs: ReadonlyMap<string, ToldDistribution>;
  readonly containers: ReadonlyMap<string, ToldDistribution>;
}

const BASIS_POINTS = [5000, 9000, 9900];

/** The stats of a function in [fromMs, toMs); of one of its containers alone where one is named. */
export function toldStats(
  cloud: Cloud,
  fn: Fn,
  range: { readonly fromMs: number; readonly toMs: number; readonly containerId?: string },
): ToldStats {
  const { fromMs } = range;
  const toMs = Math.min(range.toMs, cloud.nowMs);
  const isWithin = (ms: number | null): ms is number => ms !== null && ms >= fromMs && ms < toMs;
  const containers = [...cloud.fleet.containers.values()].filter(
    (one) =>
      one.fn === fn &&
      one.enqueuedAtMs < toMs &&
      (one.finishedAtMs ?? toMs) >= fromMs &&
      (range.containerId === undefined || one.id === range.containerId),
  );
  const inputs = [...cloud.fleet.inputs.values()].filter(
    (one) =>
      one.fn === fn && (range.containerId === undefined || one.container?.id === range.containerId),
  );
  const done = inputs.filter((one) => isWithin(one.finishedAtMs));
  const count = (...states: readonly string[]): number =>
    done.filter(({ state }) => states.includes(state)).length;
  const started = containers.filter((one) => isWithin(one.readyAtMs));
  const isSnake = cloud.world.costByResource === "snake-case";
  return {
    inputSuccessCount: count("success"),
    inputFailureCount: count("failure", "terminated"),
    inputTimeoutCount: count("timeout"),
    inputRunningAtEndCount: inputs.filter(
      ({ startedAtMs, finishedAtMs }) =>
        startedAtMs !== null && startedAtMs < toMs && (finishedAtMs ?? toMs) >= toMs,
    ).length,
    containerTotalCount: containers.filter((one) => one.bootedAtMs !== null).length,
    containerStartedCount: started.length,
    containerErrorCount: containers.filter(
      (one) => one.endReason === "crashed" && isWithin(one.finishedAtMs),
    ).length,
    containerCreatingAtEndCount: containers.filter(
      (one) => (one.readyAtMs ?? toMs) >= toMs && (one.finishedAtMs ?? toMs) >= toMs,
    ).length,
    inputs: named(isSnake, [
      {
        name: "Execution time (s)",
        unit: "s",
        weighed: done.flatMap(({ startedAtMs, finishedAtMs }) =>
          startedAtMs === null || finishedAtMs === null
            ? []
            : [{ value: (finishedAtMs - startedAtMs) / 1000, weight: 1 }],
        ),
      },
    ]),
    containers: named(isSnake, [
      { name: "Startup time (s)", unit: "s", weighed: startups(cloud, started) },
      ...useOf(cloud, containers, { fromMs, toMs }),
    ]),
  };
}

interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly weighed: readonly { readonly value: number; readonly weight: number }[];
}

function startups(cloud: Cloud, started: readonly Container[]): Metric["weighed"] {
  return started.flatMap((container) => {
    const ms = toldStartupMs(cloud, container);
    return ms === null ? [] : [{ value: ms / 1000, weight: 1 }];
  });
}

function useOf(
  { world }: Cloud,
  containers: readonly Container[],
  range: { readonly fromMs: number; readonly toMs: number },
): readonly Metric[] {
  if (world.useTold === "nowhere") return [];
  const uses = containers.flatMap((container) => usesOf(container, range));
  return [
    {
      name: "CPU Usage (cores)",
      unit: "cores",
      weighed: uses.map(({ milliCpu, forMs }) => ({ value: milliCpu / 1000, weight: forMs })),
    },
    {
      name: "Memory Usage (GiB)",
      unit: "GiB",
      weighed: uses.map(({ memoryMib, forMs }) => ({ value: memoryMib / 1024, weight: forMs })),
    },
  ];
}

/** By the names in the CLI's own order of display, or in the snake case of the proto's comments. */
function named(
  isSnake: boolean,
  metrics: readonly Metric[],
): ReadonlyMap<string, ToldDistribution> {
  return new Map(
    metrics
      .filter(({ weighed }) => weighed.length > 0)
      .map(({ name, unit, weighed }) => [
        isSnake
          ? name
              .replace(/ \(.*$/, "")
              .toLowerCase()
              .replaceAll(" ", "_")
          : name,
        {
          unit,
          percentiles: BASIS_POINTS.map((basisPoints) => ({
            basisPoints,
            value: percentile(weighed, basisPoints / 10_000),
          })),
        },
      ]),
  );
}

/** The value below which that share of the weight lies. */
function percentile(weighed: Metric["weighed"], share: number): number {
  const sorted = weighed.toSorted((a, b) => a.value - b.value);
  const whole = sorted.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  for (const { value, weight } of sorted) {
    sum += weight;
    if (sum >= whole * share) return value;
  }
  return sorted.at(-1)?.value ?? 0;
}
