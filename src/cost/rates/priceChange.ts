import { plural, t } from "../../base/text.ts";
import { spelledGpuType } from "./gpu.ts";
import { formatRate } from "./ownRates.ts";

/** One price that is another one now, USD per hour. */
export interface PriceChange {
  /** "L40S", "cpu" (per core), "memory" (per GiB). */
  readonly of: string;
  readonly beforeUsd: number;
  readonly nowUsd: number;
}

/** What a function pays for, of two answers of `modal billing rates`; what only one of them has did not change. */
export function priceChanges(
  before: ReadonlyMap<string, number>,
  now: ReadonlyMap<string, number>,
): readonly PriceChange[] {
  const changes: PriceChange[] = [];
  for (const [key, nowUsd] of now) {
    const beforeUsd = before.get(key);
    const of = pricedBy(key);
    if (of === undefined || beforeUsd === undefined || beforeUsd === nowUsd) continue;
    changes.push({ of, beforeUsd, nowUsd });
  }
  return changes;
}

const mostNamed = 4;

/** "Modal's prices have changed: L40S $1.95 → $1.75/h. What runs costs the new price from now on, and what ran the old one." */
export function priceChangeText(changes: readonly PriceChange[]): string {
  const named = changes
    .slice(0, mostNamed)
    .map(({ of, beforeUsd, nowUsd }) => `${of} ${formatRate(beforeUsd)} → ${formatRate(nowUsd)}/h`);
  const more = changes.length - named.length;
  const list = [
    ...named,
    ...(more > 0 ? [plural(more, { one: "{0} more", other: "{0} more" })] : []),
  ];
  return t(
    "Modal's prices have changed: {0}. What runs costs the new price from now on; what ran before keeps the old one.",
    list.join(", "),
  );
}

function pricedBy(key: string): string | undefined {
  const gpu = /^gpu_hour_cost_(.+)$/.exec(key)?.[1];
  if (gpu !== undefined) return spelledGpuType(gpu);
  if (key === "cpu_hour_cost") return "cpu";
  return key === "mem_gib_hour_cost" ? "memory" : undefined;
}
