import type { ModalFunction } from "./modalApps.ts";
import type { SourceValue } from "./sourceValue.ts";

/** What an app's file tells of each of its containers. A fact in which its functions differ tells nothing of a container. */
export interface AppFacts {
  /** "L40S", "H100:2"; null: none; undefined: it can not be told. */
  readonly gpu: string | null | undefined;
  /** Physical cores that each container requests; undefined: not told. */
  readonly cpuCores: number | undefined;
  /** GiB that each container requests; undefined: not told. */
  readonly memoryGib: number | undefined;
  /** null: not told, or told by a variable. */
  readonly scaledownSeconds: number | null;
  /** Containers that `min_containers` keeps day and night, of all functions together. */
  readonly warmContainers: number;
}

/** Modal's defaults (modal.com/docs/guide/resources): 0.125 cores and 128 MiB. */
const defaultCores = 0.125;
const defaultMib = 128;

export function factsOf(functions: readonly ModalFunction[]): AppFacts {
  const memoryMib = common(functions.map(({ memory }) => requested(memory, defaultMib)));
  const scaledown = common(
    functions.map(({ scaledownWindow }) => literalNumber(scaledownWindow) ?? undefined),
  );
  return {
    gpu: common(functions.map(({ gpu }) => gpuAsked(gpu))),
    cpuCores: common(functions.map(({ cpu }) => requested(cpu, defaultCores))),
    memoryGib: memoryMib === undefined ? undefined : memoryMib / 1024,
    scaledownSeconds: scaledown ?? null,
    warmContainers: functions
      .map(({ minContainers }) => literalNumber(minContainers) ?? 0)
      .reduce((sum, count) => sum + count, 0),
  };
}

/** What all of them say; undefined where they differ. */
function common<T>(values: readonly T[]): T | undefined {
  const [only, ...others] = new Set(values);
  return others.length === 0 ? only : undefined;
}

function gpuAsked(gpu: SourceValue | undefined): string | null | undefined {
  if (gpu === undefined) return null;
  if (gpu.kind === "literal" && (typeof gpu.value === "string" || gpu.value === null)) {
    return gpu.value;
  }
  if (gpu.kind === "variable" && typeof gpu.fallback === "string") return gpu.fallback;
  return undefined;
}

/** Of `(request, limit)`, Modal bills the request at least. */
function requested(value: SourceValue | undefined, byDefault: number): number | undefined {
  if (value === undefined) return byDefault;
  if (value.kind === "literal" && value.value === null) return byDefault;
  if (value.kind === "tuple") return literalNumber(value.values[0]);
  if (value.kind === "variable") return positive(value.fallback);
  return literalNumber(value);
}

function literalNumber(value: SourceValue | undefined): number | undefined {
  return value?.kind === "literal" ? positive(value.value) : undefined;
}

function positive(value: string | number | boolean | null): number | undefined {
  return typeof value === "number" && value > 0 ? value : undefined;
}
