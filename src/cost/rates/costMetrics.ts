import { t } from "../../base/text.ts";
import { addCosts, knownCost, unknownCost, type Cost } from "../cost.ts";
import { gpuRate, minimumCores, minimumGib, unknownRateText, type Rates } from "./rates.ts";
import { microUsd } from "../money.ts";
import type { ContainerSpan, Gpu } from "../span.ts";

/** A cost by what it was paid for. `total` is exactly the sum of its parts. */
export interface CostMetrics {
  readonly gpu: Cost;
  readonly cpu: Cost;
  readonly memory: Cost;
  readonly total: Cost;
}

/** What a container holds while it runs, and pays for whether it uses it or not. */
export type Resources = Pick<
  ContainerSpan,
  "appName" | "gpu" | "gpuSource" | "cpuCores" | "memoryGib"
>;

/** USD per hour of one container, before any rounding. */
export interface HourlyRate {
  readonly gpu:
    | { readonly known: true; readonly usdPerHour: number }
    | { readonly known: false; readonly why: string };
  readonly cpu: number;
  readonly memory: number;
}

/**
 * What a container costs per hour. Cores and memory count with what is known to be billed (the
 * larger of request and use), else with Modal's minimum, which is then a floor.
 */
export function hourlyRate(resources: Resources, rates: Rates): HourlyRate {
  const { gpu, gpuSource, cpuCores, memoryGib } = resources;
  const isWithoutGpu = gpu === null && gpuSource !== "unknown";
  const { cpu, memory } = isWithoutGpu ? rates.withoutGpu : rates;
  return {
    gpu: gpuHourly(resources, rates),
    cpu: Math.max(cpuCores ?? 0, minimumCores) * cpu.usdPerHour,
    memory: Math.max(memoryGib ?? 0, minimumGib) * memory.usdPerHour,
  };
}

/** Whole micro-dollars per hour of one container. */
export function burnPerHour(resources: Resources, rates: Rates): Cost {
  const hourly = hourlyRate(resources, rates);
  return hourly.gpu.known
    ? knownCost(microUsd((hourly.gpu.usdPerHour + hourly.cpu + hourly.memory) * 1e6))
    : unknownCost(hourly.gpu.why);
}

/**
 * The cost of the part [fromMs, toMs) of a container that started at `startMs`.
 *
 * Each part is a difference of running totals since the start, rounded. So adjacent parts add up to
 * the whole to the micro-dollar, however finely a report cuts time.
 */
export function metricsBetween(
  rate: HourlyRate,
  startMs: number,
  fromMs: number,
  toMs: number,
): CostMetrics {
  const part = (usdPerHour: number): Cost => knownCost(difference(usdPerHour, fromMs, toMs));
  const difference = (usdPerHour: number, from: number, to: number) =>
    microUsd(runningTotal(usdPerHour, to - startMs) - runningTotal(usdPerHour, from - startMs));
  const gpu = rate.gpu.known ? part(rate.gpu.usdPerHour) : unknownCost(rate.gpu.why);
  const cpu = part(rate.cpu);
  const memory = part(rate.memory);
  return { gpu, cpu, memory, total: addCosts([gpu, cpu, memory]) };
}

export function addMetrics(parts: Iterable<CostMetrics>): CostMetrics {
  const all = [...parts];
  const gpu = addCosts(all.map((part) => part.gpu));
  const cpu = addCosts(all.map((part) => part.cpu));
  const memory = addCosts(all.map((part) => part.memory));
  return { gpu, cpu, memory, total: addCosts([gpu, cpu, memory]) };
}

function gpuHourly({ appName, gpu, gpuSource }: Resources, rates: Rates): HourlyRate["gpu"] {
  if (gpu !== null) return gpuPrice(gpu, rates);
  if (gpuSource !== "unknown") return { known: true, usdPerHour: 0 };
  const why = t(
    'The GPU of the app {0} is not known. Name it as "gpu" of the app in the setting "modalMeter.deployTargets".',
    appName,
  );
  return { known: false, why };
}

function gpuPrice(gpu: Gpu, rates: Rates): HourlyRate["gpu"] {
  const rate = gpuRate(rates, gpu.type);
  return rate === undefined
    ? { known: false, why: unknownRateText(gpu) }
    : { known: true, usdPerHour: rate.usdPerHour * gpu.count };
}

/** Rounded micro-dollars of `ms` at a rate: USD/h × 1e6 µ$ / 3.6e6 ms. */
function runningTotal(usdPerHour: number, ms: number): number {
  return Math.round((usdPerHour * ms) / 3.6);
}
