import { t } from "../../base/text.ts";
import { regionKind, type RegionKind } from "../../cost/terms.ts";
import { memberText, numberOf, spoiledBy } from "../value/plain.ts";
import type { AppSource, FunctionSource, Reading, Value } from "../value/value.ts";

/** The GPU that a function's decorator asks for. */
export type GpuAsked =
  | { readonly kind: "none" }
  /** "L40S", "H100:2". */
  | { readonly kind: "one"; readonly gpu: string }
  /** Modal takes the first of these that is free, so only a container tells which. */
  | { readonly kind: "any-of"; readonly gpus: readonly string[] }
  | { readonly kind: "unknown"; readonly why: string };

/** What a function's decorator asks for. `undefined`: it cannot be told from the file. */
export interface FunctionFacts {
  readonly gpu: GpuAsked;
  /** Physical cores that each container requests. */
  readonly cpuCores: number | undefined;
  /** GiB that each container requests. */
  readonly memoryGib: number | undefined;
  /** GiB of disk that each container requests; 0: none. */
  readonly diskGib: number | undefined;
  /** What kind of region it has to run in. */
  readonly region: RegionKind | undefined;
  /** Its containers are not preempted. */
  readonly nonPreemptible: boolean | undefined;
  /** Modal's default where the file names none. */
  readonly scaledownSeconds: number | undefined;
  /** Containers that are kept day and night. */
  readonly minContainers: number | undefined;
  /** Whether its web address refuses calls without a proxy token; null: it has none; undefined: not told. */
  readonly needsToken: boolean | null | undefined;
}

/** What an app's file tells of each of its containers. A fact in which its functions differ tells nothing of a container. */
export interface AppFacts {
  /** "L40S", "H100:2"; null: none; undefined: it cannot be told. */
  readonly gpu: string | null | undefined;
  /** Physical cores that each container requests; undefined: not told. */
  readonly cpuCores: number | undefined;
  /** GiB that each container requests; undefined: not told. */
  readonly memoryGib: number | undefined;
  /** GiB of disk that each container requests; undefined: not told. */
  readonly diskGib: number | undefined;
  /** What kind of region each container has to run in; undefined: not told. */
  readonly region: RegionKind | undefined;
  /** Whether each container is not preempted; undefined: not told. */
  readonly nonPreemptible: boolean | undefined;
  /** null: not told, or it does not say when a container ends because some are kept. */
  readonly scaledownSeconds: number | null;
  /** Containers that `min_containers` keeps day and night, of all functions together, as far as they are told. */
  readonly warmContainers: number;
  /** By the names that Modal gives them: "web", "Model.*". Functions whose name cannot be told are left out. */
  readonly functions: ReadonlyMap<string, FunctionFacts>;
  /** What each function asks for, also where its name cannot be told. */
  readonly all: readonly FunctionFacts[];
  /** Why there may be more functions than these; null: these are all. */
  readonly mayHaveMore: string | null;
}

/** Modal's defaults (modal.com/docs/guide/resources, …/scale): 0.125 cores, 128 MiB, 60 s. */
const defaultCores = 0.125;
const defaultMib = 128;
const defaultScaledownSeconds = 60;

export function factsOf(app: AppSource): AppFacts {
  const named = registeredLast(app.functions);
  const all = named.map(({ facts }) => facts);
  // A function that could not be read may ask for anything.
  const isComplete = app.incomplete.length === 0;
  const common = <T>(values: readonly T[]): T | undefined => {
    const [only, ...others] = new Set(values);
    return isComplete && others.length === 0 ? only : undefined;
  };
  const mayBeKept = all.some(({ minContainers }) => minContainers === undefined);
  return {
    gpu: common(all.map(({ gpu }) => gpuOfEach(gpu))),
    cpuCores: common(all.map(({ cpuCores }) => cpuCores)),
    memoryGib: common(all.map(({ memoryGib }) => memoryGib)),
    diskGib: common(all.map(({ diskGib }) => diskGib)),
    region: common(all.map(({ region }) => region)),
    nonPreemptible: common(all.map(({ nonPreemptible }) => nonPreemptible)),
    scaledownSeconds: mayBeKept
      ? null
      : (common(all.map(({ scaledownSeconds }) => scaledownSeconds)) ?? null),
    warmContainers: all.reduce((sum, { minContainers = 0 }) => sum + minContainers, 0),
    functions: new Map(named.flatMap(({ name, facts }) => (name === null ? [] : [[name, facts]]))),
    all,
    mayHaveMore: app.incomplete[0] ?? null,
  };
}

/** Of several functions with one name Modal keeps the last; where that is not certain, what they have in common. */
function registeredLast(
  sources: readonly FunctionSource[],
): readonly { readonly name: string | null; readonly facts: FunctionFacts }[] {
  const unnamed = sources.filter(({ name }) => name.kind !== "known");
  const byName = new Map<string, FunctionFacts>();
  for (const source of sources) {
    if (source.name.kind !== "known") continue;
    const facts = functionFacts(source);
    const before = byName.get(source.name.value);
    byName.set(
      source.name.value,
      before === undefined || source.isSure ? facts : commonOfBoth(before, facts),
    );
  }
  return [
    ...[...byName].map(([name, facts]) => ({ name, facts })),
    ...unnamed.map((source) => ({ name: null, facts: functionFacts(source) })),
  ];
}

function commonOfBoth(a: FunctionFacts, b: FunctionFacts): FunctionFacts {
  const both = <T>(one: T, other: T): T | undefined => (one === other ? one : undefined);
  return {
    gpu: sameGpu(a.gpu, b.gpu)
      ? a.gpu
      : { kind: "unknown", why: t("the file has it twice, and only one of the two is deployed") },
    cpuCores: both(a.cpuCores, b.cpuCores),
    memoryGib: both(a.memoryGib, b.memoryGib),
    diskGib: both(a.diskGib, b.diskGib),
    region: both(a.region, b.region),
    nonPreemptible: both(a.nonPreemptible, b.nonPreemptible),
    scaledownSeconds: both(a.scaledownSeconds, b.scaledownSeconds),
    minContainers: both(a.minContainers, b.minContainers),
    needsToken: both(a.needsToken, b.needsToken),
  };
}

/** The GPU of every container of the function; null: none; undefined: it cannot be told. */
function gpuOfEach(asked: GpuAsked): string | null | undefined {
  if (asked.kind === "one") return asked.gpu;
  return asked.kind === "none" ? null : undefined;
}

/** The GPU that all functions with one ask for: "L40S", "H100:2"; undefined: none, several, or one that cannot be told. */
export function onlyGpuAsked(functions: readonly FunctionFacts[]): string | undefined {
  const withGpu = functions.map(({ gpu }) => gpu).filter(({ kind }) => kind !== "none");
  const [only, ...others] = new Set(
    withGpu.map((gpu) => (gpu.kind === "one" ? gpu.gpu : undefined)),
  );
  return others.length === 0 ? only : undefined;
}

function functionFacts(source: FunctionSource): FunctionFacts {
  const memoryMib = wholeMib(source.argument("memory"));
  const diskMib = quantity(source.argument("ephemeral_disk"), 0);
  return {
    gpu: gpuAsked(source.argument("gpu")),
    cpuCores: wholeMillicores(quantity(source.argument("cpu"), defaultCores)),
    memoryGib: memoryMib === undefined ? undefined : memoryMib / 1024,
    diskGib: diskMib === undefined ? undefined : diskMib / 1024,
    // A server calls it otherwise.
    region: regionOf(source.argument("region", "compute_region")),
    nonPreemptible: truth(source.argument("nonpreemptible")),
    scaledownSeconds: windowOf(source.argument("scaledown_window", "container_idle_timeout")),
    minContainers: minContainers(source),
    needsToken: needsToken(source),
  };
}

function needsToken({ webEndpoints }: FunctionSource): boolean | null | undefined {
  const [needs, ...others] = new Set(webEndpoints.map((endpoint) => endpoint.needsToken));
  if (webEndpoints.length === 0) return null;
  return others.length === 0 ? needs : undefined;
}

/** Modal refuses a window that is none of 2 to 3600 seconds. */
function windowOf(reading: Reading<Value>): number | undefined {
  const seconds = quantity(reading, defaultScaledownSeconds);
  return seconds !== undefined && seconds >= 2 && seconds <= 3600 ? seconds : undefined;
}

/** The client sends whole numbers alone; with others, Modal's default counts or the deploy fails. */
function wholeMib(reading: Reading<Value>): number | undefined {
  const mib = quantity(reading, defaultMib);
  const asked = reading.kind === "known" ? numbersOf(reading.value) : [];
  return asked.some(({ kind }) => kind === "float") ? undefined : mib;
}

/** The client sends whole thousandths of a core. */
function wholeMillicores(cores: number | undefined): number | undefined {
  return cores === undefined ? undefined : Math.trunc(cores * 1000) / 1000;
}

function numbersOf(value: Value): readonly Value[] {
  return value.kind === "tuple" ? value.items : [value];
}

/** What may not be registered at all may keep containers or not. */
function minContainers(source: FunctionSource): number | undefined {
  const count = quantity(source.argument("min_containers", "keep_warm"), 0);
  return count === 0 || source.isSure ? count : undefined;
}

function gpuAsked(reading: Reading<Value>): GpuAsked {
  if (reading.kind === "absent") return { kind: "none" };
  if (reading.kind === "unknown") return reading;
  const { value } = reading;
  const member = memberText(value);
  if (member !== undefined) return { kind: "one", gpu: member };
  switch (value.kind) {
    case "none":
      return { kind: "none" };
    case "str":
      return value.value === "" ? { kind: "none" } : { kind: "one", gpu: value.value };
    case "list":
      return anyOf(value.items);
    default:
      return { kind: "unknown", why: spoiledBy(value) ?? t("what it asks for is not text") };
  }
}

function anyOf(items: readonly Value[]): GpuAsked {
  const gpus: string[] = [];
  for (const item of items) {
    if (item.kind !== "str")
      return {
        kind: "unknown",
        why: spoiledBy(item) ?? t("one of the GPUs that it lists is not text"),
      };
    gpus.push(item.value);
  }
  const [first, ...others] = new Set(gpus);
  if (first === undefined) return { kind: "none" };
  return others.length === 0 ? { kind: "one", gpu: first } : { kind: "any-of", gpus };
}

/** Of `(request, limit)`, Modal bills the request at least. */
function quantity(reading: Reading<Value>, byDefault: number): number | undefined {
  if (reading.kind === "absent") return byDefault;
  if (reading.kind === "unknown") return undefined;
  const { value } = reading;
  if (value.kind === "none") return byDefault;
  const asked = value.kind === "tuple" ? value.items[0] : value;
  // A truth value is a number to Python, and refused by Modal.
  const number = asked === undefined || asked.kind === "bool" ? undefined : numberOf(asked);
  if (number === undefined || number < 0) return undefined;
  // To Modal's client a zero is as good as nothing.
  return number === 0 ? byDefault : number;
}

/** undefined: it cannot be told. */
function regionOf(reading: Reading<Value>): RegionKind | undefined {
  if (reading.kind === "absent") return "any";
  if (reading.kind === "unknown") return undefined;
  const { value } = reading;
  switch (value.kind) {
    case "none":
      return "any";
    case "str":
      return regionKind([value.value]);
    case "list":
    case "tuple": {
      const names = value.items.flatMap((item) => (item.kind === "str" ? [item.value] : []));
      return names.length === value.items.length ? regionKind(names) : undefined;
    }
    default:
      return undefined;
  }
}

function truth(reading: Reading<Value>): boolean | undefined {
  if (reading.kind === "absent") return false;
  if (reading.kind === "unknown") return undefined;
  const { value } = reading;
  if (value.kind === "none") return false;
  return value.kind === "bool" ? value.value : undefined;
}

/** What is the same in all of them: of one app in several files, or in several modes. */
export function commonFacts([first, ...others]: readonly [AppFacts, ...AppFacts[]]): AppFacts {
  return others.reduce(
    (a, b) => ({
      gpu: a.gpu === b.gpu ? a.gpu : undefined,
      cpuCores: a.cpuCores === b.cpuCores ? a.cpuCores : undefined,
      memoryGib: a.memoryGib === b.memoryGib ? a.memoryGib : undefined,
      diskGib: a.diskGib === b.diskGib ? a.diskGib : undefined,
      region: a.region === b.region ? a.region : undefined,
      nonPreemptible: a.nonPreemptible === b.nonPreemptible ? a.nonPreemptible : undefined,
      scaledownSeconds: a.scaledownSeconds === b.scaledownSeconds ? a.scaledownSeconds : null,
      warmContainers: Math.min(a.warmContainers, b.warmContainers),
      functions: new Map(
        [...a.functions].flatMap(([name, facts]) => {
          const other = b.functions.get(name);
          return other !== undefined && sameFacts(facts, other) ? [[name, facts] as const] : [];
        }),
      ),
      all: sameAll(a.all, b.all) ? a.all : [...a.all, ...b.all],
      mayHaveMore: a.mayHaveMore ?? b.mayHaveMore,
    }),
    first,
  );
}

function sameFacts(a: FunctionFacts, b: FunctionFacts): boolean {
  return (
    sameGpu(a.gpu, b.gpu) &&
    a.cpuCores === b.cpuCores &&
    a.memoryGib === b.memoryGib &&
    a.diskGib === b.diskGib &&
    a.region === b.region &&
    a.nonPreemptible === b.nonPreemptible &&
    a.scaledownSeconds === b.scaledownSeconds &&
    a.minContainers === b.minContainers &&
    a.needsToken === b.needsToken
  );
}

function sameAll(a: readonly FunctionFacts[], b: readonly FunctionFacts[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, index) => {
      const other = b[index];
      return other !== undefined && sameFacts(one, other);
    })
  );
}

function sameGpu(a: GpuAsked, b: GpuAsked): boolean {
  return textOfAsked(a) === textOfAsked(b);
}

/** "H100", "H100 or A100"; "" for none; undefined: it cannot be told. */
function textOfAsked(asked: GpuAsked): string | undefined {
  switch (asked.kind) {
    case "none":
      return "";
    case "one":
      return asked.gpu;
    case "any-of":
      return asked.gpus.join(" ");
    default:
      return undefined;
  }
}
