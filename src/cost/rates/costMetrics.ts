import { t } from "../../base/text.ts";
import { addCosts, knownCost, unknownCost, type Cost } from "../cost.ts";
import { exactly, type Within } from "./billedAmount.ts";
import { amountsOf, doubtsOf, factorsOf, type Factors } from "./priceTerms.ts";
import { gpuRate, unknownRateText, type Rate, type Rates } from "./rates.ts";
import { microUsd } from "../money.ts";
import type { ContainerSpan, Gpu } from "../span.ts";
import { unknownTerms } from "../terms.ts";

/** A cost by what it was paid for. `total` is exactly the sum of its parts. */
export interface CostMetrics {
  readonly gpu: Cost;
  readonly cpu: Cost;
  readonly memory: Cost;
  readonly total: Cost;
}

/** The parts of a cost that add up to it: where the GPU's is not known, the CPU's and the memory's still are. */
export function addends({ gpu, cpu, memory }: CostMetrics): readonly Cost[] {
  return [gpu, cpu, memory];
}

/** What a container holds while it runs, and pays for whether it uses it or not. */
export type Resources = Pick<
  ContainerSpan,
  "appName" | "gpu" | "gpuSource" | "gpuAmong" | "cpuCores" | "memoryGib" | "terms"
>;

/** USD per hour of one container, before any rounding. */
export interface HourlyRate {
  readonly gpu:
    | { readonly known: true; readonly usdPerHour: number }
    | { readonly known: false; readonly why: string };
  readonly cpu: number;
  readonly memory: number;
  /** All of it together, between what it lies; null: nobody can say how much it is at most. */
  readonly least: number;
  readonly most: number | null;
  /** What is not known that may make it dearer. */
  readonly doubts: readonly string[];
  /** Whose prices these are, of GPU, CPU and memory: equal while they are made alike, whatever Modal asks by now. */
  readonly basis: string;
}

/**
 * What a container costs per hour. Cores and memory count with the larger of what is asked for and
 * what is in use, as far as either is known; else with Modal's minimum. What is not known of its
 * terms is in the bounds.
 */
export function hourlyRate(resources: Resources, rates: Rates): HourlyRate {
  const rateOf = ratesKept.get(rates) ?? new WeakMap<Resources, HourlyRate>();
  ratesKept.set(rates, rateOf);
  const rate = rateOf.get(resources) ?? worked(resources, rates);
  rateOf.set(resources, rate);
  return rate;
}

/** A container that runs is priced every few seconds, each time at the same rate. */
const ratesKept = new WeakMap<Rates, WeakMap<Resources, HourlyRate>>();

function worked(resources: Resources, rates: Rates): HourlyRate {
  const terms = resources.terms ?? unknownTerms;
  const gpu = gpuHourly(resources, rates);
  const factors = factorsOf(resources, terms);
  const { cores, gib } = amountsOf(resources, terms);
  const cpu = within(cores, factors, terms.isSandbox, rates.cpu, rates.sandbox.cpu);
  const memory = within(gib, factors, terms.isSandbox, rates.memory, rates.sandbox.memory);
  const gpuUsd = gpu.known ? gpu.usdPerHour : 0;
  const gpus = gpu.known ? exactly(gpuUsd) : amongHourly(resources, rates);
  const region = isOwn(gpuRateOf(resources, rates)) ? exactly(1) : factors.region;
  return {
    gpu: gpu.known ? { known: true, usdPerHour: gpuUsd * region.likely } : gpu,
    cpu: cpu.likely,
    memory: memory.likely,
    least: (gpus?.least ?? 0) * region.least + cpu.least + memory.least,
    most: gpus === null ? null : gpus.most * region.most + cpu.most + memory.most,
    // Sentences of which few are ever shown.
    get doubts() {
      return doubtsOf(resources, terms);
    },
    basis: basisOf(resources, rates),
  };
}

/** What stands in `HourlyRate.basis` for the GPU of which nobody knows a price, and for none. */
export const noPrice = "none";

/** Prices of Modal's own change with a date, and what ran before keeps the old one: those are one. */
function basisOf(resources: Resources, rates: Rates): string {
  const { cpu, memory } = resources.terms?.isSandbox === true ? rates.sandbox : rates;
  return [gpuRateOf(resources, rates), cpu, memory]
    .map((rate) => {
      if (rate === undefined) return noPrice;
      if (rate.origin === "settings") return rate.usdPerHour.toString();
      return rate.origin === "bundled" ? `list-${rate.asOf}` : rate.origin; // not shown: a key
    })
    .join("/");
}

/** Whole micro-dollars per hour of one container. */
export function burnPerHour(resources: Resources, rates: Rates): Cost {
  return burnOf(hourlyRate(resources, rates));
}

/** The same of a rate that is worked out already. */
export function burnOf(hourly: HourlyRate): Cost {
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

/** USD per hour of some cores or GiB. A price of the user's own is final. */
function within(
  amount: Within,
  { region, preemption }: Factors,
  isSandbox: boolean | null,
  rate: Rate,
  sandboxRate: Rate,
): Within {
  const isFinalPrice = isOwn(rate);
  const usd = (of: keyof Within, price: Rate): number =>
    amount[of] * price.usdPerHour * (isFinalPrice ? 1 : region[of] * preemption[of]);
  const price = isSandbox === true ? sandboxRate : rate;
  return {
    least: usd("least", price),
    likely: usd("likely", price),
    most: usd("most", isSandbox === false ? rate : sandboxRate),
  };
}

function isOwn(rate: Rate | undefined): boolean {
  return rate?.origin === "settings";
}

function gpuRateOf({ gpu }: Resources, rates: Rates): Rate | undefined {
  return gpu === null ? undefined : gpuRate(rates, gpu.type);
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

/** What a GPU costs that is one of its app's functions': that much is known of it. null: it may be any. */
function amongHourly({ gpuAmong = [] }: Resources, rates: Rates): Within | null {
  const prices: number[] = [];
  for (const gpu of gpuAmong) {
    const rate = gpu === null ? undefined : gpuRate(rates, gpu.type);
    if (gpu !== null && rate === undefined) return null;
    prices.push((rate?.usdPerHour ?? 0) * (gpu?.count ?? 0));
  }
  const [least, most] = [Math.min(...prices), Math.max(...prices)];
  return prices.length === 0 ? null : { least, likely: least, most };
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
