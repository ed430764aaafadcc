import { numberOf } from "./plain.ts";
import type { AppSource, FunctionSource, Reading, Value } from "./value.ts";

/** What a function's decorator asks for. `undefined`: it cannot be told from the file. */
export interface FunctionFacts {
  /** "L40S", "H100:2"; null: none. One of several that are asked for in order cannot be told. */
  readonly gpu: string | null | undefined;
  /** Physical cores that each container requests. */
  readonly cpuCores: number | undefined;
  /** GiB that each container requests. */
  readonly memoryGib: number | undefined;
  /** Modal's default where the file names none. */
  readonly scaledownSeconds: number | undefined;
  /** Containers that are kept day and night. */
  readonly minContainers: number | undefined;
}

/** What an app's file tells of each of its containers. A fact in which its functions differ tells nothing of a container. */
export interface AppFacts {
  /** "L40S", "H100:2"; null: none; undefined: it cannot be told. */
  readonly gpu: string | null | undefined;
  /** Physical cores that each container requests; undefined: not told. */
  readonly cpuCores: number | undefined;
  /** GiB that each container requests; undefined: not told. */
  readonly memoryGib: number | undefined;
  /** null: not told, or it does not say when a container ends because some are kept. */
  readonly scaledownSeconds: number | null;
  /** Containers that `min_containers` keeps day and night, of all functions together, as far as they are told. */
  readonly warmContainers: number;
  /** By the names that Modal gives them: "web", "Model.*". Functions whose name cannot be told are left out. */
  readonly functions: ReadonlyMap<string, FunctionFacts>;
}

/** Modal's defaults (modal.com/docs/guide/resources, …/scale): 0.125 cores, 128 MiB, 60 s. */
const defaultCores = 0.125;
const defaultMib = 128;
const defaultScaledownSeconds = 60;

export function factsOf(app: AppSource): AppFacts {
  const named = app.functions.map((source) => [source.name, functionFacts(source)] as const);
  const all = named.map(([, facts]) => facts);
  // A function that could not be read may ask for anything.
  const isComplete = app.incomplete.length === 0;
  const common = <T>(values: readonly T[]): T | undefined => {
    const [only, ...others] = new Set(values);
    return isComplete && others.length === 0 ? only : undefined;
  };
  const mayBeKept = all.some(({ minContainers }) => minContainers === undefined);
  return {
    gpu: common(all.map(({ gpu }) => gpu)),
    cpuCores: common(all.map(({ cpuCores }) => cpuCores)),
    memoryGib: common(all.map(({ memoryGib }) => memoryGib)),
    scaledownSeconds: mayBeKept
      ? null
      : (common(all.map(({ scaledownSeconds }) => scaledownSeconds)) ?? null),
    warmContainers: all.reduce((sum, { minContainers = 0 }) => sum + minContainers, 0),
    functions: new Map(
      named.flatMap(([name, facts]) => (name.kind === "known" ? [[name.value, facts]] : [])),
    ),
  };
}

function functionFacts(source: FunctionSource): FunctionFacts {
  const memoryMib = quantity(source.argument("memory"), defaultMib);
  return {
    gpu: gpuAsked(source.argument("gpu")),
    cpuCores: quantity(source.argument("cpu"), defaultCores),
    memoryGib: memoryMib === undefined ? undefined : memoryMib / 1024,
    scaledownSeconds: quantity(
      source.argument("scaledown_window", "container_idle_timeout"),
      defaultScaledownSeconds,
    ),
    minContainers: minContainers(source),
  };
}

/** What may not be registered at all may keep containers or not. */
function minContainers(source: FunctionSource): number | undefined {
  const count = quantity(source.argument("min_containers", "keep_warm"), 0);
  return count === 0 || source.isSure ? count : undefined;
}

function gpuAsked(reading: Reading<Value>): string | null | undefined {
  if (reading.kind === "absent") return null;
  if (reading.kind === "unknown") return undefined;
  const { value } = reading;
  if (value.kind === "none") return null;
  if (value.kind === "str") return value.value;
  const [only, ...others] = value.kind === "list" || value.kind === "tuple" ? value.items : [];
  return only?.kind === "str" && others.length === 0 ? only.value : undefined;
}

/** Of `(request, limit)`, Modal bills the request at least. */
function quantity(reading: Reading<Value>, byDefault: number): number | undefined {
  if (reading.kind === "absent") return byDefault;
  if (reading.kind === "unknown") return undefined;
  const { value } = reading;
  if (value.kind === "none") return byDefault;
  const asked = value.kind === "tuple" ? value.items[0] : value;
  const number = asked === undefined ? undefined : numberOf(asked);
  return number !== undefined && number >= 0 ? number : undefined;
}

/** What is the same in all of them: of one app in several files, or in several modes. */
export function commonFacts([first, ...others]: readonly [AppFacts, ...AppFacts[]]): AppFacts {
  return others.reduce(
    (a, b) => ({
      gpu: a.gpu === b.gpu ? a.gpu : undefined,
      cpuCores: a.cpuCores === b.cpuCores ? a.cpuCores : undefined,
      memoryGib: a.memoryGib === b.memoryGib ? a.memoryGib : undefined,
      scaledownSeconds: a.scaledownSeconds === b.scaledownSeconds ? a.scaledownSeconds : null,
      warmContainers: Math.min(a.warmContainers, b.warmContainers),
      functions: new Map(
        [...a.functions].flatMap(([name, facts]) => {
          const other = b.functions.get(name);
          return other !== undefined && sameFacts(facts, other) ? [[name, facts] as const] : [];
        }),
      ),
    }),
    first,
  );
}

function sameFacts(a: FunctionFacts, b: FunctionFacts): boolean {
  return (
    a.gpu === b.gpu &&
    a.cpuCores === b.cpuCores &&
    a.memoryGib === b.memoryGib &&
    a.scaledownSeconds === b.scaledownSeconds &&
    a.minContainers === b.minContainers
  );
}
