/**
 * What this workspace pays, USD per hour, under the keys and with the digits of
 * `modal billing rates --json` (public dumps of 2026-08-15 to 2026-09-29).
 */
export const usdPerHour: Readonly<Record<string, string>> = {
  cpu_hour_cost: "0.04730",
  cpu_hour_cost_sandbox: "0.141900",
  mem_gib_hour_cost: "0.00800",
  mem_gib_hour_cost_sandbox: "0.024000",
  gpu_hour_cost_t4: "0.59",
  gpu_hour_cost_l4: "0.80",
  gpu_hour_cost_a10g: "1.10",
  gpu_hour_cost_l40s: "1.95",
  gpu_hour_cost_a100_40gb: "2.10",
  gpu_hour_cost_a100_80gb: "2.50",
  gpu_hour_cost_rtx6000: "3.03",
  gpu_hour_cost_h100: "3.95",
  gpu_hour_cost_h200: "4.54",
  gpu_hour_cost_b200: "6.25",
  gpu_hour_cost_b300: "7.10",
  volume_storage_gib_month_cost: "0.09000",
};

const GPU_KEYS: Readonly<Record<string, string>> = {
  T4: "gpu_hour_cost_t4",
  L4: "gpu_hour_cost_l4",
  A10: "gpu_hour_cost_a10g",
  A10G: "gpu_hour_cost_a10g",
  L40S: "gpu_hour_cost_l40s",
  A100: "gpu_hour_cost_a100_40gb",
  "A100-40GB": "gpu_hour_cost_a100_40gb",
  "A100-80GB": "gpu_hour_cost_a100_80gb",
  "RTX-PRO-6000": "gpu_hour_cost_rtx6000",
  H100: "gpu_hour_cost_h100",
  "H100!": "gpu_hour_cost_h100",
  H200: "gpu_hour_cost_h200",
  B200: "gpu_hour_cost_b200",
  "B200+": "gpu_hour_cost_b200",
  B300: "gpu_hour_cost_b300",
  ANY: "gpu_hour_cost_t4",
};

export interface GpuSpec {
  readonly type: string;
  readonly count: number;
}

/** Where a function may run: a broad region ("us") and a narrow one ("us-east-1") cost more. */
export type Region = "any" | "broad" | "narrow";

/** What is billed, and on which terms. */
export interface Resources {
  readonly gpu: GpuSpec | null;
  readonly milliCpu: number;
  readonly memoryMib: number;
  readonly ephemeralDiskMib?: number;
  readonly region?: Region;
  readonly nonpreemptible?: boolean;
  readonly isSandbox?: boolean;
}

/** Cost per millisecond in `COST_UNITS_PER_USD`ths of a dollar, by resource. Exact integers. */
export interface Price {
  readonly gpu: bigint;
  readonly cpu: bigint;
  readonly memory: bigint;
}

/**
 * One cost unit is (1 µ$ per hour) × (1 ms) × (1/1000 core) × (1 MiB as a share of a GiB) × (1/100
 * of a region's factor) × (1/100 MiB), so that every price in the table and every duration in ms is
 * a whole number of units: no rounding at all.
 */
const MICRO = 1_000_000n;
const MS_PER_HOUR = 3_600_000n;
const MIB_PER_GIB = 1024n;
const MILLI = 1000n;
const CENTI = 100n;
export const COST_UNITS_PER_USD = MICRO * MS_PER_HOUR * MIB_PER_GIB * MILLI * CENTI * CENTI;

/** Hundredths of the price, by region: 1.15 since September 2026 and 1.75 (public notes of pricing). */
const REGION_FACTOR: Readonly<Record<Region, bigint>> = { any: 100n, broad: 115n, narrow: 175n };

/** CPU functions that are not preempted cost three times the CPU and memory (pricing). */
const NONPREEMPTIBLE_FACTOR = 3n;

/** 20 GiB of disk are billed as 1 GiB of memory where that is more than the memory itself (docs). */
const DISK_MIB_PER_MEMORY_MIB = 20n;

export interface RateCard {
  readonly usdPerHour: Readonly<Record<string, string>>;
  /** Off: the bill is GPU seconds alone. */
  readonly billCpuAndMemory: boolean;
}

export function isKnownGpu(type: string): boolean {
  return GPU_KEYS[type.toUpperCase()] !== undefined;
}

/** USD per hour for one GPU of a type. Throws on a GPU that Modal does not sell. */
export function gpuUsdPerHour(card: RateCard, type: string): number {
  return Number(rate(card, gpuKey(type))) / 1e6;
}

export function priceOf(card: RateCard, resources: Resources): Price {
  const region = REGION_FACTOR[resources.region ?? "any"];
  const gpu =
    resources.gpu === null
      ? 0n
      : rate(card, gpuKey(resources.gpu.type)) *
        BigInt(resources.gpu.count) *
        MIB_PER_GIB *
        MILLI *
        CENTI *
        region;
  if (!card.billCpuAndMemory) return { gpu, cpu: 0n, memory: 0n };
  const kind = resources.isSandbox === true ? "_sandbox" : "";
  const isKept = resources.nonpreemptible === true && resources.gpu === null;
  const factor = region * (isKept ? NONPREEMPTIBLE_FACTOR : 1n);
  const centiMib = larger(
    BigInt(resources.memoryMib) * CENTI,
    (BigInt(resources.ephemeralDiskMib ?? 0) * CENTI) / DISK_MIB_PER_MEMORY_MIB,
  );
  return {
    gpu,
    cpu:
      rate(card, `cpu_hour_cost${kind}`) *
      BigInt(resources.milliCpu) *
      MIB_PER_GIB *
      CENTI *
      factor,
    memory: rate(card, `mem_gib_hour_cost${kind}`) * centiMib * MILLI * factor,
  };
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** Cost units as dollars with 12 decimals, cut off (never rounded up). */
export function usdText(units: bigint): string {
  const scaled = (units * 1_000_000_000_000n) / COST_UNITS_PER_USD;
  const digits = scaled.toString().padStart(13, "0");
  const fraction = digits.slice(-12).replace(/0+$/, "");
  return fraction === "" ? digits.slice(0, -12) : `${digits.slice(0, -12)}.${fraction}`;
}

export function usd(units: bigint): number {
  return Number(usdText(units));
}

function gpuKey(type: string): string {
  const key = GPU_KEYS[type.toUpperCase()];
  if (key === undefined) throw new RangeError(`Modal sells no GPU named ${type}.`);
  return key;
}

function rate(card: RateCard, key: string): bigint {
  const text = card.usdPerHour[key];
  if (text === undefined) throw new RangeError(`No rate named ${key}.`);
  const micro = Number(text) * 1e6;
  if (!Number.isFinite(micro) || Math.abs(micro - Math.round(micro)) > 1e-3)
    throw new RangeError(`The rate ${key} = ${text} is finer than a millionth of a dollar.`);
  return BigInt(Math.round(micro));
}
