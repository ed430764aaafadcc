import { t } from "../../base/text.ts";
import { microUsd, type MicroUsd } from "../../cost/money.ts";
import { parseGpu } from "../../cost/rates/gpu.ts";
import { burnPerHour } from "../../cost/rates/costMetrics.ts";
import type { Rates } from "../../cost/rates/rates.ts";
import type { Gpu } from "../../cost/span.ts";
import { forgottenNight, idleBufferCost, requestCost } from "../../cost/spending/estimate.ts";
import type { AppFacts, FunctionFacts, GpuAsked } from "../../lens/read/facts.ts";
import {
  rangeText,
  type FixedInFile,
  type MicroUsdRange,
  type ModeFigures,
} from "../../session/mode/modeAdvice.ts";

/** An app as a deploy in some mode would make it. */
export interface PricedApp {
  readonly name: string;
  /** undefined: no file of it was read. */
  readonly facts: AppFacts | undefined;
  /** The GPU that something else than its file names: a setting, what runs. */
  readonly otherGpu: string | undefined;
}

/** A request of one minute, as in the house's own rule of thumb. */
const typicalRequestSeconds = 60;
const nightHours = 12;

/** "A100-80GB", "H100:2, H100:8", "H100 or A100", "CPU"; undefined: not all of it is known. */
export function gpuText(apps: readonly PricedApp[]): string | undefined {
  const texts = new Set<string>();
  for (const app of apps) {
    const asked = pricedFunctions(app);
    if (asked === undefined || asked.why !== null) return undefined;
    for (const { gpu } of asked.functions) {
      if (gpu.kind === "unknown") return undefined;
      texts.add(gpuAskedText(gpu));
    }
  }
  return texts.size === 0 ? undefined : [...texts].join(", ");
}

function gpuAskedText(gpu: Exclude<GpuAsked, { readonly kind: "unknown" }>): string {
  switch (gpu.kind) {
    case "none":
      return t("CPU");
    case "one":
      return gpu.gpu;
    default:
      return gpu.gpus.reduce((list, one) => t("{0} or {1}", list, one));
  }
}

/** What the apps cost, one container of each function; `scaledownSeconds`: the mode's, where the file of an app is not known. */
export function figuresOf(
  apps: readonly PricedApp[],
  scaledownSeconds: number,
  rates: Rates,
): ModeFigures {
  const requests: MicroUsdRange[] = [];
  const tails: MicroUsdRange[] = [];
  let night = 0;
  for (const app of apps) {
    const asked = pricedFunctions(app);
    if (asked === undefined)
      return { kind: "unknown", why: t("which GPU {0} asks for is not known", app.name) };
    if (asked.why !== null) return { kind: "unknown", why: asked.why };
    for (const one of asked.functions) {
      const hourly = hourlyOf(app.name, one, rates);
      if (typeof hourly === "string") return { kind: "unknown", why: hourly };
      const window = one.scaledownSeconds ?? (app.facts === undefined ? scaledownSeconds : null);
      if (window === null)
        return { kind: "unknown", why: t("the scaledown window of {0} is not known", app.name) };
      const range = (of: (usdPerHour: number) => MicroUsd): MicroUsdRange => ({
        least: of(hourly.least / 1e6),
        most: of(hourly.most / 1e6),
      });
      requests.push(range((usd) => requestCost(typicalRequestSeconds, window, usd)));
      tails.push(range((usd) => idleBufferCost(window, usd)));
      night += forgottenNight(nightHours, window, hourly.most / 1e6).most;
    }
  }
  if (requests.length === 0) return { kind: "unknown", why: t("no function was read") };
  return {
    kind: "known",
    request: spanOf(requests),
    idleTail: spanOf(tails),
    forgottenNight: microUsd(night),
  };
}

/** What one container of each app costs per hour, "≈ $1.95/h"; "≈ $3.95–$31.60/h" where it may be of one function or another; undefined: not known. */
export function hourlyText(apps: readonly PricedApp[], rates: Rates): string | undefined {
  let [least, most] = [0, 0];
  for (const app of apps) {
    const asked = pricedFunctions(app);
    if (asked === undefined || asked.why !== null) return undefined;
    const hourly: MicroUsdRange[] = [];
    for (const one of asked.functions) {
      const range = hourlyOf(app.name, one, rates);
      if (typeof range === "string") return undefined;
      hourly.push(range);
    }
    if (hourly.length === 0) return undefined;
    const ofApp = spanOf(hourly);
    least += ofApp.least;
    most += ofApp.most;
  }
  if (apps.length === 0) return undefined;
  return `${rangeText({ least: microUsd(least), most: microUsd(most) })}/h`;
}

/** What the files fix for themselves, whatever the mode says. */
export function fixedInFiles(apps: readonly PricedApp[], modeSeconds: number): FixedInFile {
  const functions = apps.flatMap(({ facts }) => (facts === undefined ? [] : pricedOf(facts)));
  const windows = new Set(functions.map(({ scaledownSeconds }) => scaledownSeconds ?? modeSeconds));
  return {
    windowSeconds:
      windows.size === 1 && windows.has(modeSeconds) ? [] : [...windows].toSorted((a, b) => a - b),
    keptWarm: apps.reduce((sum, { facts }) => sum + (facts?.warmContainers ?? 0), 0),
  };
}

interface PricedFunctions {
  readonly functions: readonly FunctionFacts[];
  /** Why these are not all that has to be priced; null: they are. */
  readonly why: string | null;
}

/** The functions that the price is about; undefined: nothing is known. */
function pricedFunctions({ facts, otherGpu }: PricedApp): PricedFunctions | undefined {
  const named = otherGpu === undefined ? undefined : onlyGpu(otherGpu, facts);
  if (facts === undefined) return named;
  const functions = pricedOf(facts);
  const unknown = functions.find(({ gpu }) => gpu.kind === "unknown")?.gpu;
  if (unknown?.kind === "unknown")
    return named ?? { functions, why: t("its GPU is not known: {0}", unknown.why) };
  if (facts.mayHaveMore !== null)
    return { functions, why: t("not all functions were read: {0}", facts.mayHaveMore) };
  return { functions, why: null };
}

/** Those with a GPU, where there is one: a small job beside costs next to nothing. */
function pricedOf({ all }: AppFacts): readonly FunctionFacts[] {
  const withGpu = all.filter(({ gpu }) => gpu.kind !== "none");
  return withGpu.length > 0 ? withGpu : all;
}

/** As if the app were one function with this GPU. */
function onlyGpu(gpu: string, facts: AppFacts | undefined): PricedFunctions {
  const one: FunctionFacts = {
    gpu: { kind: "one", gpu },
    cpuCores: facts?.cpuCores,
    memoryGib: facts?.memoryGib,
    diskGib: facts?.diskGib,
    region: facts?.region,
    nonPreemptible: facts?.nonPreemptible,
    scaledownSeconds: facts?.scaledownSeconds ?? undefined,
    minContainers: undefined,
    needsToken: undefined,
  };
  return { functions: [one], why: null };
}

/** Micro-dollars per hour of one container; a text says why it is not known. */
function hourlyOf(
  appName: string,
  { gpu, cpuCores, memoryGib }: FunctionFacts,
  rates: Rates,
): MicroUsdRange | string {
  const priced: MicroUsd[] = [];
  for (const one of gpusOf(gpu)) {
    const burn = burnPerHour(
      {
        appName,
        gpu: one ?? null,
        gpuSource: one === undefined ? "unknown" : "deploy-file",
        cpuCores: cpuCores ?? null,
        memoryGib: memoryGib ?? null,
      },
      rates,
    );
    if (!burn.known) return burn.why;
    priced.push(burn.microUsd);
  }
  const sorted = priced.toSorted((a, b) => a - b);
  const [least = microUsd(0)] = sorted;
  return { least, most: sorted.at(-1) ?? least };
}

function gpusOf(asked: GpuAsked): readonly (Gpu | null | undefined)[] {
  switch (asked.kind) {
    case "none":
      return [null];
    case "one":
      return [parseGpu(asked.gpu)];
    case "any-of":
      return asked.gpus.map((gpu) => parseGpu(gpu));
    default:
      return [undefined];
  }
}

function spanOf(ranges: readonly MicroUsdRange[]): MicroUsdRange {
  const least = Math.min(...ranges.map((range) => range.least));
  const most = Math.max(...ranges.map((range) => range.most));
  return { least: microUsd(least), most: microUsd(most) };
}
