import type { Container } from "./entities.ts";
import { priceOf, usd, usdText, type RateCard } from "./rates.ts";

export const HOUR_MS = 3_600_000;

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
  readonly usd: number;
  readonly usdText: string;
}

export interface BillRange {
  readonly fromMs?: number;
  readonly toMs?: number;
}

/**
 * The bill of these containers up to `nowMs`: every millisecond from start to end × the price then
 * in force, cut at the hours. A pending container costs nothing; cold start and idling cost in full.
 */
export function billOf(
  containers: Iterable<Container>,
  card: RateCard,
  nowMs: number,
  options: BillRange & { readonly byAppHour?: boolean } = {},
): BillRow[] {
  const rows = new Map<
    string,
    { appId: string; hour: number; gpu: bigint; cpu: bigint; memory: bigint }
  >();
  const from = options.fromMs ?? Number.NEGATIVE_INFINITY;
  const to = Math.min(options.toMs ?? nowMs, nowMs);
  for (const container of containers) {
    const end = Math.min(container.finishedAtMs ?? nowMs, to);
    for (const [index, change] of container.usage.entries()) {
      const until = Math.min(container.usage[index + 1]?.fromMs ?? end, end);
      let at = Math.max(change.fromMs, from);
      const price = priceOf(card, { ...change, gpu: container.gpu });
      while (at < until) {
        const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
        const stop = options.byAppHour === true ? Math.min(until, hour + HOUR_MS) : until;
        const hourKey = options.byAppHour === true ? hour : 0;
        const key = `${container.appId} ${hourKey}`;
        let row = rows.get(key);
        if (row === undefined) {
          row = { appId: container.appId, hour: hourKey, gpu: 0n, cpu: 0n, memory: 0n };
          rows.set(key, row);
        }
        const ms = BigInt(stop - at);
        row.gpu += price.gpu * ms;
        row.cpu += price.cpu * ms;
        row.memory += price.memory * ms;
        at = stop;
      }
    }
  }
  return [...rows.values()]
    .map((row) => {
      const units = row.gpu + row.cpu + row.memory;
      return {
        appId: row.appId,
        hourStartMs: row.hour,
        units,
        gpuUnits: row.gpu,
        cpuUnits: row.cpu,
        memoryUnits: row.memory,
        usd: usd(units),
        usdText: usdText(units),
      };
    })
    .sort((a, b) => a.hourStartMs - b.hourStartMs || (a.appId < b.appId ? -1 : 1));
}
