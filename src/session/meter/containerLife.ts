import { parseGpu } from "../../cost/rates/gpu.ts";
import type { Gpu, GpuSource } from "../../cost/span.ts";

/** What an app's file tells of how long its containers stay. */
export interface AppLife {
  /** Of all of them; null: the file does not say it in plain numbers, or its functions differ. */
  readonly scaledownSeconds: number | null;
  /** How many of them `min_containers` keeps; 0: none. */
  readonly warmContainers: number;
  /** By the names that Modal gives to functions. */
  readonly functions?: ReadonlyMap<string, FunctionLife>;
  /** Every function, also one whose name cannot be told. */
  readonly all?: readonly FunctionLife[];
  /** Why there may be more functions than these; null: these are all. */
  readonly mayHaveMore?: string | null;
}

/** The same of one function. `undefined`: it cannot be told. */
export interface FunctionLife {
  readonly gpu:
    | { readonly kind: "none" }
    | { readonly kind: "one"; readonly gpu: string }
    | { readonly kind: "any-of"; readonly gpus: readonly string[] }
    | { readonly kind: "unknown" };
  readonly scaledownSeconds: number | undefined;
  readonly minContainers: number | undefined;
}

/** What is known of a container: the function that it runs, where Modal told, and its GPU. */
export interface KnownContainer {
  readonly functionName: string | undefined;
  readonly gpu?: Gpu | null;
  /** undefined: nobody saw the container itself. */
  readonly gpuSource?: GpuSource;
}

/** How long one container stays: as the functions say of which it may be one. */
export function lifeOfContainer(
  life: AppLife,
  container: KnownContainer,
): { readonly scaledownSeconds: number | null; readonly isKept: boolean } {
  const functions = functionsOf(life, container);
  if (functions === undefined)
    return { scaledownSeconds: life.scaledownSeconds, isKept: life.warmContainers > 0 };
  const [seconds, ...others] = new Set(functions.map(({ scaledownSeconds }) => scaledownSeconds));
  const mayBeKept = functions.some(({ minContainers }) => minContainers === undefined);
  return {
    scaledownSeconds: others.length > 0 || mayBeKept ? null : (seconds ?? null),
    isKept: functions.some(({ minContainers = 0 }) => minContainers > 0),
  };
}

/** The same, with what it is among. */
export type LifeInApp = ReturnType<typeof lifeOfContainer> & {
  /** The app's file keeps some. */
  readonly mayKeep: boolean;
};

export function lifeInApp(life: AppLife, container: KnownContainer): LifeInApp {
  return { ...lifeOfContainer(life, container), mayKeep: life.warmContainers > 0 };
}

/**
 * Whether `min_containers` keeps a container. That some of the app are kept (`kept`, as Modal said;
 * undefined: it was not asked) says nothing of one: its own function does, where the file tells it.
 */
export function isKeptWarm(life: LifeInApp | undefined, kept: number | undefined): boolean {
  if (kept === undefined) return life?.isKept === true;
  return kept > 0 && (life?.mayKeep !== true || life.isKept);
}

/** The functions that a container may run; undefined: what the app's have in common counts. */
function functionsOf(
  { functions, all, mayHaveMore }: AppLife,
  { functionName, gpu = null, gpuSource = "unknown" }: KnownContainer,
): readonly FunctionLife[] | undefined {
  const named = functionName === undefined ? undefined : functions?.get(functionName);
  if (named !== undefined) return [named];
  // Modal names one that the file does not have: then the file is not what was deployed.
  if (functionName !== undefined || gpuSource === "unknown") return undefined;
  if (all === undefined || mayHaveMore !== null) return undefined;
  const possible = all.filter((one) => mayHave(one, gpu));
  return possible.length === 0 ? undefined : possible;
}

function mayHave({ gpu: asked }: FunctionLife, gpu: Gpu | null): boolean {
  switch (asked.kind) {
    case "none":
      return gpu === null;
    case "one":
      return gpu !== null && mayGet(asked.gpu, gpu);
    case "any-of":
      return gpu !== null && asked.gpus.some((one) => mayGet(one, gpu));
    default:
      return true;
  }
}

/** Modal gives a better one for some (modal.com/docs/guide/gpu: an H200 for an H100, 80 GB for 40). */
const upgrades: ReadonlyMap<string, string> = new Map([
  ["H100", "H200"],
  ["A100-40GB", "A100-80GB"],
  ["B200", "B300"],
]);

function mayGet(text: string, gpu: Gpu): boolean {
  const asked = parseGpu(text);
  if (asked === undefined) return true;
  const isType = asked.type === gpu.type || upgrades.get(asked.type) === gpu.type;
  return isType && asked.count === gpu.count;
}
