import type { ContainerStats } from "../session/modalControl.ts";
import type { InUse } from "../cost/terms.ts";

/** One of a container's stats: its value at percentiles. */
export interface Metric {
  readonly name: string;
  readonly values: ReadonlyMap<number, number>;
}

/**
 * What a container's stats tell. Modal names its metrics "Startup time (s)" or "startup_time", "CPU
 * Usage (cores)" or "cpu_usage", "subject to change" (proto); the units are seconds, cores and GiB.
 */
export function metricsOf(metrics: readonly Metric[]): Omit<ContainerStats, "containers"> {
  const startup = valueAt(find(metrics, /^startup[ _]time/i), 50);
  return {
    startupMs: startup === null ? null : Math.round(startup * 1000),
    coresInUse: inUse(find(metrics, /^cpu[ _]usage/i)),
    gibInUse: inUse(find(metrics, /^memory[ _]usage/i)),
  };
}

function find(metrics: readonly Metric[], name: RegExp): Metric | undefined {
  return metrics.find((metric) => name.test(metric.name));
}

function inUse(metric: Metric | undefined): InUse | null {
  const half = valueAt(metric, 50);
  const most = valueAt(metric, 90);
  const nearlyAll = valueAt(metric, 99);
  if (half === null || most === null || nearlyAll === null) return null;
  return [half, Math.max(half, most), Math.max(half, most, nearlyAll)];
}

function valueAt(metric: Metric | undefined, percentile: number): number | null {
  const value = metric?.values.get(percentile);
  return value !== undefined && Number.isFinite(value) && value >= 0 ? value : null;
}
