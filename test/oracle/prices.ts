import { rateOf, type ExactRate } from "./money.ts";

// Modal's prices of 2026-11 in dollars an hour, as `modal billing rates` prints them.

export const gpuPrices = {
  t4: "0.59",
  l4: "0.80",
  a10g: "1.10",
  l40s: "1.95",
  a100_40gb: "2.10",
  a100_80gb: "2.50",
  rtx6000: "3.03",
  h100: "3.95",
  h200: "4.54",
  b200: "6.25",
  b300: "7.10",
} as const;

export type GpuKey = keyof typeof gpuPrices;

export const coreHourUsd = "0.0473";
export const gibHourUsd = "0.008";

/** How Modal, its containers and people write a GPU's name, and the price that it has. */
export const gpuNames: Readonly<Record<string, GpuKey>> = {
  T4: "t4",
  L4: "l4",
  A10: "a10g",
  A10G: "a10g",
  L40S: "l40s",
  A100: "a100_40gb",
  "A100-40GB": "a100_40gb",
  "A100-80GB": "a100_80gb",
  "RTX-PRO-6000": "rtx6000",
  H100: "h100",
  "H100!": "h100",
  H200: "h200",
  B200: "b200",
  "B200+": "b200",
  B300: "b300",
};

/** Prices from an instant on, as a percentage of the table above; Modal may change them at any time. */
export interface PriceLevel {
  readonly fromMs: number;
  readonly percent: number;
}

export interface Hardware {
  /** Undefined: a CPU container. */
  readonly gpu: { readonly name: string; readonly count: number } | undefined;
  /** Thousandths of a physical core. */
  readonly milliCpu: number;
  readonly memoryMib: number;
  /** 100, or more for a chosen region (115 broad, 175 narrow). */
  readonly regionPercent: number;
}

/** What the hardware costs while prices stand at `percent` of the table. */
export function rateAt(hardware: Hardware, percent: number): ExactRate {
  const { gpu, milliCpu, memoryMib, regionPercent } = hardware;
  const key = gpu && gpuNames[gpu.name];
  if (gpu && !key) throw new Error(`no price for ${gpu.name}`);
  const table =
    (gpu && key ? BigInt(gpu.count) * rateOf(gpuPrices[key]) : 0n) +
    (BigInt(milliCpu) * rateOf(coreHourUsd)) / 1000n +
    (BigInt(memoryMib) * rateOf(gibHourUsd)) / 1024n;
  return (table * BigInt(percent) * BigInt(regionPercent)) / 10_000n;
}

/** A price of the table at a percentage, as a decimal text. */
export function priceText(usdPerHour: string, percent: number): string {
  const digits = ((rateOf(usdPerHour) * BigInt(percent)) / 100n / 10n ** 8n)
    .toString()
    .padStart(9, "0");
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`;
}
