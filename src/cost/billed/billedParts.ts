import { gpuTypes, normaliseGpuType } from "../rates/gpu.ts";
import type { BilledRow } from "./billedRow.ts";

/** US dollars by what they are paid for. */
export interface Parts {
  readonly gpu: number;
  readonly cpu: number;
  readonly memory: number;
}

export const noParts: Parts = { gpu: 0, cpu: 0, memory: 0 };
export const resources = ["gpu", "cpu", "memory"] as const;

/** Parts that miss the row's amount by more are not its. */
const mostMissed = 0.002;
/** Each part is rounded to a micro-dollar. */
const roundedUsd = 3e-6;

/**
 * What a row of the bill was paid for, in USD. Modal's own mock has the keys "CPU", "Memory" and a
 * GPU's name; any case and snake case ("gpu_l40s") are taken for the same. null: it is not told, or
 * something else is in it, or it is not the whole amount.
 */
export function billedParts({ cost, costByResource }: BilledRow): Parts | null {
  if (costByResource === undefined) return null;
  const sums = { gpu: 0, cpu: 0, memory: 0, other: 0 };
  for (const [key, part] of Object.entries(costByResource)) sums[resourceOf(key)] += part / 1e6;
  const { other, ...parts } = sums;
  const usd = cost / 1e6;
  const missed = Math.abs(usd - usdOfParts(parts));
  return other === 0 && missed <= usd * mostMissed + roundedUsd ? parts : null;
}

export function usdOfParts({ gpu, cpu, memory }: Parts): number {
  return gpu + cpu + memory;
}

export function addedParts(a: Parts, b: Parts): Parts {
  return { gpu: a.gpu + b.gpu, cpu: a.cpu + b.cpu, memory: a.memory + b.memory };
}

function resourceOf(key: string): keyof Parts | "other" {
  const name = key
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");
  if (/(^|_)(cpu|cores?)(_|$)/.test(name)) return "cpu";
  if (/(^|_)(memory|mem|ram)(_|$)/.test(name)) return "memory";
  if (/^gpus?(_|$)/.test(name)) return "gpu";
  const types: readonly string[] = gpuTypes;
  return types.includes(normaliseGpuType(key)) ? "gpu" : "other";
}
