import type { World } from "../worlds/world.ts";
import type { Container, Phase } from "./entities.ts";
import type { PriceList } from "./priceList.ts";
import { priceOf } from "./rates.ts";

export const HOUR_MS = 3_600_000;

export interface BillRange {
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** What one container cost in one phase, within one hour of UTC and at one price. */
export interface CostPart {
  readonly appId: string;
  readonly functionId: string;
  readonly containerId: string;
  readonly phase: Phase;
  readonly fromMs: number;
  readonly toMs: number;
  readonly hourStartMs: number;
  readonly gpuType: string | null;
  /** Exact, in `COST_UNITS_PER_USD`ths of a dollar. */
  readonly gpuUnits: bigint;
  readonly cpuUnits: bigint;
  readonly memoryUnits: bigint;
}

/**
 * The exact cost of a container up to `nowMs`: every millisecond of its billed phases × the price
 * then in force. Which phases are billed, and how its end is rounded, is the world's to say.
 */
export function reckon(
  container: Container,
  world: World,
  prices: PriceList,
  nowMs: number,
  range: BillRange = {},
): CostPart[] {
  const parts: CostPart[] = [];
  const billed = container.phases.filter(({ phase }) => isBilled(phase, world));
  const [first] = billed;
  if (first === undefined) return parts;
  const from = range.fromMs ?? Number.NEGATIVE_INFINITY;
  const to = Math.min(range.toMs ?? nowMs, nowMs);
  const end = Math.min(billedEnd(container, first.fromMs, world) ?? nowMs, to);
  for (const [index, change] of billed.entries()) {
    const until = Math.min(billed[index + 1]?.fromMs ?? end, end);
    let at = Math.max(change.fromMs, from);
    while (at < until) {
      const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
      const { card, untilMs } = prices.at(at);
      const stop = Math.min(until, hour + HOUR_MS, untilMs);
      const price = priceOf(card, {
        ...container.spec,
        ...change,
        gpu: container.gpu,
        isSandbox: container.sandbox !== null,
      });
      const ms = BigInt(stop - at);
      parts.push({
        appId: container.appId,
        functionId: container.fn.id,
        containerId: container.id,
        phase: change.phase,
        fromMs: at,
        toMs: stop,
        hourStartMs: hour,
        gpuType: container.gpu?.type ?? null,
        gpuUnits: price.gpu * ms,
        cpuUnits: price.cpu * ms,
        memoryUnits: price.memory * ms,
      });
      at = stop;
    }
  }
  return parts;
}

function isBilled(phase: Phase, { billedFrom }: World): boolean {
  if (phase === "queue") return billedFrom === "enqueue";
  if (phase === "boot") return billedFrom !== "ready";
  return true;
}

/** null while it runs. */
function billedEnd({ finishedAtMs }: Container, fromMs: number, world: World): number | null {
  if (finishedAtMs === null || world.rounding === "milliseconds") return finishedAtMs;
  return fromMs + Math.ceil((finishedAtMs - fromMs) / 1000) * 1000;
}
