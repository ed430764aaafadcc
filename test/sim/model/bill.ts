import { usd, usdText } from "./rates.ts";
import type { CostPart } from "./reckoning.ts";

/** The exact cost of one app in one hour of UTC. */
export interface BillRow {
  readonly appId: string;
  /** 0 when the bill is not split by hour. */
  readonly hourStartMs: number;
  /** Exact, in `COST_UNITS_PER_USD`ths of a dollar. */
  readonly units: bigint;
  readonly gpuUnits: bigint;
  readonly cpuUnits: bigint;
  readonly memoryUnits: bigint;
  readonly unitsByGpu: ReadonlyMap<string, bigint>;
  readonly usd: number;
  readonly usdText: string;
}

interface Sum {
  readonly appId: string;
  readonly hour: number;
  readonly gpus: Map<string, bigint>;
  cpu: bigint;
  memory: bigint;
}

/** The parts added up per app, and per hour where that is asked for. */
export function billOf(
  parts: Iterable<CostPart>,
  options: { readonly byAppHour?: boolean } = {},
): BillRow[] {
  const sums = new Map<string, Sum>();
  for (const part of parts) {
    const hour = options.byAppHour === true ? part.hourStartMs : 0;
    const key = `${part.appId} ${hour}`;
    let sum = sums.get(key);
    if (sum === undefined) {
      sum = { appId: part.appId, hour, gpus: new Map(), cpu: 0n, memory: 0n };
      sums.set(key, sum);
    }
    if (part.gpuType !== null)
      sum.gpus.set(part.gpuType, (sum.gpus.get(part.gpuType) ?? 0n) + part.gpuUnits);
    sum.cpu += part.cpuUnits;
    sum.memory += part.memoryUnits;
  }
  return [...sums.values()]
    .map(rowOf)
    .sort((a, b) => a.hourStartMs - b.hourStartMs || (a.appId < b.appId ? -1 : 1));
}

function rowOf({ appId, hour, gpus, cpu, memory }: Sum): BillRow {
  const gpuUnits = [...gpus.values()].reduce((whole, one) => whole + one, 0n);
  const units = gpuUnits + cpu + memory;
  return {
    appId,
    hourStartMs: hour,
    units,
    gpuUnits,
    cpuUnits: cpu,
    memoryUnits: memory,
    unitsByGpu: gpus,
    usd: usd(units),
    usdText: usdText(units),
  };
}
