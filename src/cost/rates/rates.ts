import { t } from "../../base/text.ts";
import { gpuLabel, normaliseGpuType, spelledGpuType } from "./gpu.ts";
import { ownRateTarget, type OwnRates } from "./ownRates.ts";
import type { Gpu } from "../span.ts";

/** Where a rate comes from: the user's settings beat the workspace's own rates, which beat the bundled table. */
export type RateOrigin = "settings" | "workspace" | "bundled";

export interface Rate {
  readonly usdPerHour: number;
  readonly origin: RateOrigin;
  /** "2026-09-29": the day on which the rate was true; null for the user's own. */
  readonly asOf: string | null;
}

/** The rates in force. What a function pays beside them depends on its terms (terms.ts). */
export interface Rates {
  /** Per GPU, by the type's name (cost/gpu.ts). */
  readonly gpus: ReadonlyMap<string, Rate>;
  /** Per physical core. */
  readonly cpu: Rate;
  /** Per GiB. */
  readonly memory: Rate;
  /** The same for sandboxes, which pay for a GPU like functions. */
  readonly sandbox: { readonly cpu: Rate; readonly memory: Rate };
}

export interface RateSources {
  /** `modal billing rates`, USD per hour under Modal's keys, and when it was asked. */
  readonly workspace?: {
    readonly usdPerHourByKey: ReadonlyMap<string, number>;
    readonly fetchedAtMs: number;
  };
  /** The user's own USD per hour, by GPU name, "cpu" (per core) or "memory" (per GiB). Final: no terms change it. */
  readonly overrides?: OwnRates;
}

/**
 * List prices, USD per hour: modal.com/pricing as of 2026-09-01, equal to `modal billing rates` of
 * 2026-09-29. Used where the workspace does not tell its own.
 */
const bundledRates = {
  asOf: "2026-09-29",
  source: "https://modal.com/pricing",
  gpus: {
    B300: 7.1,
    B200: 6.25,
    H200: 4.54,
    H100: 3.95,
    "RTX-PRO-6000": 3.03,
    "A100-80GB": 2.5,
    "A100-40GB": 2.1,
    L40S: 1.95,
    A10: 1.1,
    L4: 0.8,
    T4: 0.59,
  },
  cpu: 0.0473,
  memory: 0.008,
  sandboxCpu: 0.1419,
  sandboxMemory: 0.024,
} as const;

/** The bundled list price of a GPU type, of "cpu" (per core) or "memory" (per GiB); undefined where there is none. */
export function listPrice(target: string): number | undefined {
  if (target === "cpu") return bundledRates.cpu;
  if (target === "memory") return bundledRates.memory;
  return new Map<string, number>(Object.entries(bundledRates.gpus)).get(target);
}

/** What a container is billed for at least (modal.com/pricing): an eighth of a core, 128 MiB. */
export const minimumCores = 0.125;
export const minimumGib = 0.125;

/** The rates in force. Numbers that are not positive and finite are passed over: a wrong price is worse than the next source's. */
export function ratesInForce(sources: RateSources = {}): Rates {
  const fromModal = ratesOfWorkspace(sources.workspace);
  const fromSettings = ownRates(sources.overrides ?? {});
  const gpus = new Map<string, Rate>();
  for (const [type, usdPerHour] of Object.entries(bundledRates.gpus)) {
    gpus.set(type, bundled(usdPerHour));
  }
  for (const [type, rate] of fromModal.gpus) gpus.set(type, rate);
  for (const [type, rate] of fromSettings.gpus) gpus.set(type, rate);
  const { sandbox } = fromModal;
  return {
    gpus,
    cpu: fromSettings.cpu ?? fromModal.cpu ?? bundled(bundledRates.cpu),
    memory: fromSettings.memory ?? fromModal.memory ?? bundled(bundledRates.memory),
    sandbox: {
      cpu: fromSettings.cpu ?? sandbox.cpu ?? bundled(bundledRates.sandboxCpu),
      memory: fromSettings.memory ?? sandbox.memory ?? bundled(bundledRates.sandboxMemory),
    },
  };
}

/** What a workspace told of its rates, and when it first told just that. */
export interface DatedRates {
  readonly usdPerHourByKey: ReadonlyMap<string, number>;
  readonly sinceMs: number;
  readonly fetchedAtMs: number;
}

/**
 * What was told until now. One that is dated later was dated by a clock that was ahead: it says nothing of
 * now, but where there is no other one, what it told is better than the list price.
 */
export function toldUntil(versions: readonly DatedRates[], nowMs: number): readonly DatedRates[] {
  const past = versions
    .filter(({ sinceMs }) => sinceMs <= nowMs)
    .map((one) => ({ ...one, fetchedAtMs: Math.min(one.fetchedAtMs, nowMs) }));
  return past.length > 0 ? past : versions.slice(0, 1);
}

/** Rates over time: a container is priced at those that were in force while it ran. */
export interface RateHistory {
  /** Those last told before the instant; before the first, the first. */
  at(atMs: number): Rates;
  /** When others came into force than those before, as far as anybody asked. In order. */
  readonly changedAtMs: readonly number[];
  /** The latest. */
  readonly now: Rates;
  /** Two histories with equal keys price everything alike. */
  readonly key: string;
}

/** The history that a workspace told, oldest first, with the user's own rates, which hold for all of it. */
export function rateHistory(
  versions: readonly DatedRates[],
  sources: Omit<RateSources, "workspace"> = {},
): RateHistory {
  const made = new Map<DatedRates | undefined, Rates>();
  const ratesOf = (workspace: DatedRates | undefined): Rates => {
    const cached = made.get(workspace);
    if (cached !== undefined) return cached;
    const rates = ratesInForce({ ...sources, ...(workspace === undefined ? {} : { workspace }) });
    made.set(workspace, rates);
    return rates;
  };
  return {
    at: (atMs) => ratesOf(versions.findLast(({ sinceMs }) => sinceMs <= atMs) ?? versions[0]),
    changedAtMs: versions.slice(1).map(({ sinceMs }) => sinceMs),
    get now() {
      return ratesOf(versions.at(-1));
    },
    key: JSON.stringify([
      versions.map(({ usdPerHourByKey, sinceMs }) => [sinceMs, ...usdPerHourByKey]),
      sources,
    ]),
  };
}

/** The rate of one GPU of the type; undefined where nobody told. */
export function gpuRate(rates: Rates, type: string): Rate | undefined {
  return rates.gpus.get(normaliseGpuType(type));
}

/** "L40S $1.95/h (workspace, 2026-11-21)", or what to do about a GPU without a rate. */
export function describeGpuRate(rates: Rates, gpu: Gpu): string {
  const rate = gpuRate(rates, gpu.type);
  if (rate === undefined) return unknownRateText(gpu);
  const where = rate.asOf === null ? rate.origin : `${rate.origin}, ${rate.asOf}`;
  return `${gpuLabel(gpu)} $${(rate.usdPerHour * gpu.count).toFixed(2)}/h (${where})`;
}

export function unknownRateText(gpu: Gpu): string {
  return t(
    'No price is known for the GPU {0}. Set its USD per hour in the setting "modalMeter.rates".',
    gpu.type,
  );
}

interface PartialRates {
  readonly gpus: ReadonlyMap<string, Rate>;
  readonly cpu: Rate | undefined;
  readonly memory: Rate | undefined;
}

interface WorkspaceRates extends PartialRates {
  readonly sandbox: Pick<PartialRates, "cpu" | "memory">;
}

/** Keys as in the dumps of `modal billing rates` (client 1.5.4): gpu_hour_cost_a100_80gb, cpu_hour_cost, mem_gib_hour_cost, the last two also with _sandbox. */
function ratesOfWorkspace(workspace: RateSources["workspace"]): WorkspaceRates {
  const gpus = new Map<string, Rate>();
  const others = new Map<string, Rate>();
  for (const [key, usdPerHour] of workspace?.usdPerHourByKey ?? []) {
    if (!isPrice(usdPerHour)) continue;
    const asOf = new Date(workspace?.fetchedAtMs ?? 0).toISOString().slice(0, 10);
    const rate: Rate = { usdPerHour, origin: "workspace", asOf };
    const gpu = /^gpu_hour_cost_(.+)$/.exec(key)?.[1];
    // By the whole name: "h100_reserved" is no H100.
    if (gpu === undefined) others.set(key, rate);
    else gpus.set(spelledGpuType(gpu), rate);
  }
  return {
    gpus,
    cpu: others.get("cpu_hour_cost"),
    memory: others.get("mem_gib_hour_cost"),
    sandbox: {
      cpu: others.get("cpu_hour_cost_sandbox"),
      memory: others.get("mem_gib_hour_cost_sandbox"),
    },
  };
}

function ownRates(overrides: Readonly<Record<string, number>>): PartialRates {
  const gpus = new Map<string, Rate>();
  let cpu: Rate | undefined;
  let memory: Rate | undefined;
  for (const [name, usdPerHour] of Object.entries(overrides)) {
    const target = ownRateTarget(name);
    if (target === undefined || !isPrice(usdPerHour)) continue;
    const rate: Rate = { usdPerHour, origin: "settings", asOf: null };
    if (target === "cpu") cpu = rate;
    else if (target === "memory") memory = rate;
    else gpus.set(target, rate);
  }
  return { gpus, cpu, memory };
}

function bundled(usdPerHour: number): Rate {
  return { usdPerHour, origin: "bundled", asOf: bundledRates.asOf };
}

/** What is more is no price, and the cost of a day would be no number. */
const mostUsdPerHour = 10_000;

function isPrice(usdPerHour: number): boolean {
  return usdPerHour > 0 && usdPerHour <= mostUsdPerHour;
}
