import type { Cloud } from "../model/cloud.ts";
import { draw } from "../model/draw.ts";
import { HOUR_MS } from "../model/reckoning.ts";
import type { BillRow } from "../model/bill.ts";

/** How far behind the report is, by the switch `reportLag`. */
const LAG_MS = { none: 0, minutes: 10 * 60_000 };
/** An hour's row comes this much later than usual, or is wrong, incomplete or away until then. */
const LATE_MS = 3 * HOUR_MS;
const INCOMPLETE_MS = 2 * HOUR_MS;
const WITHDRAWN_FROM_MS = HOUR_MS;
/** While the report is refused half of the time: for this long at once. */
const REFUSAL_MS = 20 * 60_000;

/** The cost of an app in an hour as the report tells it now, in `COST_UNITS_PER_USD`ths of a dollar. */
export interface ToldRow {
  readonly appId: string;
  readonly hourStartMs: number;
  readonly units: bigint;
  /** By the keys that Modal uses; empty where it does not tell. */
  readonly unitsByResource: ReadonlyMap<string, bigint>;
}

/** What the report answers: its rows, or that there are none to be had, now or ever. */
export type ToldReport =
  | { readonly kind: "rows"; readonly rows: readonly ToldRow[] }
  | { readonly kind: "refused" }
  | { readonly kind: "none" };

/**
 * The report of the hours that begin in [fromMs, toMs), as Modal tells it at this moment. Ask again
 * later, and it may tell something else.
 */
export function toldReport(
  cloud: Cloud,
  range: { readonly fromMs: number; readonly toMs: number; readonly lagMs?: number },
): ToldReport {
  const { world, nowMs } = cloud;
  if (world.report === "none") return { kind: "none" };
  if (world.report === "refused" && isRefused(cloud)) return { kind: "refused" };
  const knownMs = nowMs - LAG_MS[world.reportLag] - (range.lagMs ?? 0);
  const exact = cloud.bill({
    byAppHour: true,
    fromMs: Math.ceil(range.fromMs / HOUR_MS) * HOUR_MS,
    toMs: Math.min(Math.ceil(range.toMs / HOUR_MS) * HOUR_MS, knownMs),
  });
  return { kind: "rows", rows: exact.flatMap((row) => rowAt(cloud, row)) };
}

function rowAt(cloud: Cloud, row: BillRow): readonly ToldRow[] {
  const { world, nowMs } = cloud;
  const sinceEndMs = nowMs - (row.hourStartMs + HOUR_MS);
  const drawn = draw(`${row.appId} ${row.hourStartMs}`, world.report);
  switch (world.report) {
    case "late":
      return sinceEndMs < LATE_MS ? [] : [toldRow(cloud, row, 1)];
    case "in-parts":
      return [toldRow(cloud, row, sinceEndMs < INCOMPLETE_MS ? 0.4 + drawn * 0.4 : 1)];
    case "corrected":
      return [toldRow(cloud, row, sinceEndMs < LATE_MS ? 0.85 + drawn * 0.3 : 1)];
    case "withdrawn": {
      const isAway = drawn < 0.5 && sinceEndMs >= WITHDRAWN_FROM_MS && sinceEndMs < LATE_MS;
      return isAway ? [] : [toldRow(cloud, row, 1)];
    }
    default:
      return [toldRow(cloud, row, 1)];
  }
}

function isRefused({ seed, nowMs }: Cloud): boolean {
  return draw(`${seed} ${Math.floor(nowMs / REFUSAL_MS)}`, "refused") < 0.5;
}

/** A row with the keys that the world's report has, and so much of it. */
export function toldRow({ world }: Pick<Cloud, "world">, row: BillRow, share: number): ToldRow {
  const part = (units: bigint): bigint => (units * BigInt(Math.round(share * 1000))) / 1000n;
  const resources = new Map<string, bigint>();
  if (world.costByResource !== "missing") {
    const isSnake = world.costByResource === "snake-case";
    for (const [gpu, units] of row.unitsByGpu)
      resources.set(isSnake ? snakeGpu(gpu) : gpu, part(units));
    resources.set(isSnake ? "cpu" : "CPU", part(row.cpuUnits));
    resources.set(isSnake ? "memory" : "Memory", part(row.memoryUnits));
  }
  return {
    appId: row.appId,
    hourStartMs: row.hourStartMs,
    units: part(row.units),
    unitsByResource: resources,
  };
}

function snakeGpu(type: string): string {
  return `gpu_${type.toLowerCase().replaceAll("-", "_")}`;
}
