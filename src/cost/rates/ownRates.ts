import { parseGpu } from "./gpu.ts";

/** The user's own rates (setting "modalMeter.rates"), USD per hour by GPU name, "cpu" or "memory". */
export type OwnRates = Readonly<Record<string, number>>;

/** What an entry is the price of: a GPU type's name, "cpu" (per core), "memory" (per GiB); undefined where it is none. */
export function ownRateTarget(name: string): string | undefined {
  const trimmed = name.trim();
  if (/^cpu$/i.test(trimmed)) return "cpu";
  if (/^mem(?:ory)?$/i.test(trimmed)) return "memory";
  const gpu = parseGpu(trimmed);
  return gpu?.count === 1 ? gpu.type : undefined;
}

/** A price with all the digits that it has: "$1.95", "$0.0473", "$0.000542", "$1.00e+300". */
export function formatRate(usd: number): string {
  if (Math.abs(usd) >= 1e9) return `$${usd.toPrecision(3)}`;
  if (Math.abs(usd) >= 0.095) return `$${usd.toFixed(2)}`;
  return `$${usd.toFixed(12).replace(/\.?0+$/, "")}`;
}
