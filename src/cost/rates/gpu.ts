import type { Gpu } from "../span.ts";

/** GPU types that Modal offers, under the names that this product uses (modal.com/docs/guide/gpu, 2026-08). */
export const gpuTypes = [
  "T4",
  "L4",
  "A10",
  "L40S",
  "A100-40GB",
  "A100-80GB",
  "RTX-PRO-6000",
  "H100",
  "H200",
  "B200",
  "B300",
] as const;

/** Modal's other spellings. `H100!` pins what `H100` only asks for, `B200+` may be a B300 billed as a B200: one price each. */
const aliases: ReadonlyMap<string, string> = new Map([
  ["A10G", "A10"],
  ["A100", "A100-40GB"],
  ["A100-40G", "A100-40GB"],
  ["A100-80G", "A100-80GB"],
  ["H100!", "H100"],
  ["B200+", "B200"],
  ["RTX6000", "RTX-PRO-6000"],
  ["RTX-6000", "RTX-PRO-6000"],
  ["RTXPRO6000", "RTX-PRO-6000"],
]);

/** As cost lines and `gpuLabel` write it. */
const noGpu = /^(?:cpu|none)$/i;

/** A container has at most 8 GPUs (same page). */
const maxCount = 8;

/**
 * Reads one GPU as Modal's decorator, its API, a header, people or `nvidia-smi` write it: `l40s`,
 * `H100:2`, `2xH100`, `H100 x2`, `A100_80GB`, `NVIDIA H100 80GB HBM3`. A name that is not known is
 * kept, in capitals: its rate is unknown, which is not the same as no GPU. undefined for empty or
 * unreadable text, and for what says that there is none.
 */
export function parseGpu(text: string): Gpu | undefined {
  const [name, digits = "1"] = nameAndCount(text.trim());
  if (!/^[a-z][a-z0-9 _+!.()-]*$/i.test(name) || noGpu.test(name)) return undefined;
  const count = Number(digits);
  if (count < 1 || count > maxCount) return undefined;
  return { type: normaliseGpuType(name), count };
}

function nameAndCount(text: string): readonly [name: string, digits?: string] {
  const colon = /^(.*?)\s*:\s*(\d+)$/.exec(text);
  if (colon !== null) return [colon[1] ?? "", colon[2] ?? ""];
  const before = /^(\d+)\s*[x×*]\s*(.*)$/i.exec(text);
  if (before !== null) return [before[2] ?? "", before[1] ?? ""];
  const after = /^(.*?)(\s*)[x×*]\s*(\d+)$/i.exec(text);
  const [, name = "", blank = "", digits = ""] = after ?? [];
  // Without a blank only a name that is known: another may end in "x2" itself.
  const isCount = after !== null && (blank !== "" || isKnownType(normaliseGpuType(name)));
  return isCount ? [name, digits] : [text];
}

function isKnownType(type: string): boolean {
  return gpuTypes.some((gpuType) => gpuType === type);
}

/** The product's name of a GPU type, also of a device such as "H100 80GB HBM3". Idempotent. */
export function normaliseGpuType(name: string): string {
  const spelled = spelledGpuType(name);
  return isKnownType(spelled) ? spelled : (deviceType(spelled) ?? spelled);
}

/** The product's name of a GPU type in one of Modal's spellings; another name stays another type. */
export function spelledGpuType(name: string): string {
  const plain = name
    .trim()
    .toUpperCase()
    .replace(/[\s_]+/g, "-")
    .replace(/^(?:NVIDIA-|TESLA-|GEFORCE-)+/, "");
  return aliases.get(plain) ?? plain;
}

/** `L40S`, `H100:2` as Modal writes it; `CPU` for no GPU. */
export function gpuLabel(gpu: Gpu | null): string {
  if (gpu === null) return "CPU";
  return gpu.count === 1 ? gpu.type : `${gpu.type}:${gpu.count}`;
}

/** The names that CUDA gives to devices: `A100-SXM4-80GB`, `H100-80GB-HBM3`, `RTX-PRO-6000-BLACKWELL-SERVER-EDITION`. */
function deviceType(name: string): string | undefined {
  if (/^A100-.*80GB/.test(name)) return "A100-80GB";
  if (/^A100-.*40GB/.test(name)) return "A100-40GB";
  const gpuType = gpuTypes.find((type) => name.startsWith(`${type}-`));
  return gpuType?.startsWith("A100") === true ? undefined : gpuType;
}
