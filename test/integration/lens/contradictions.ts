import { factsOf, type FunctionFacts } from "../../../src/lens/read/facts.ts";
import { spoiledBy } from "../../../src/lens/value/plain.ts";
import type { ProgramSource } from "../../../src/lens/read/program.ts";
import type { AppSource, FunctionSource, Value } from "../../../src/lens/value/value.ts";
import type { PythonOutcome, PythonValue } from "./oracle.ts";

type PythonApp = Extract<PythonOutcome, { readonly apps: unknown }>["apps"][string];
type Options = PythonApp["functions"][string];

/** Where the reader claims what a run of the same files shows to be otherwise; empty: nowhere. */
export function contradictions(read: ProgramSource, run: PythonOutcome): readonly string[] {
  if ("raised" in run) return [];
  if (read.raised !== null) return [`it does not raise (${read.raised})`];
  return [...read.variables].flatMap(([variable, app]) => {
    const made = run.apps[variable];
    if (made === undefined) return [`${variable} is no app`];
    return appContradictions(app, made).map((one) => `${variable}: ${one}`);
  });
}

/** The same of what is shown and priced alone, where a run tells no single arguments. */
export function factContradictions(read: ProgramSource, run: PythonOutcome): readonly string[] {
  if ("raised" in run) return [];
  if (read.raised !== null) return [`it does not raise (${read.raised})`];
  return [...read.variables].flatMap(([variable, app]) => {
    const made = run.apps[variable];
    if (made === undefined) return [`${variable} is no app`];
    return appContradictions(app, made, { arguments: false }).map((one) => `${variable}: ${one}`);
  });
}

function appContradictions(
  app: AppSource,
  made: PythonApp,
  compared = { arguments: true },
): readonly string[] {
  const wrong: string[] = [];
  const { name } = app;
  if (name.kind === "known" && made.name !== name.value)
    wrong.push(`its name is ${JSON.stringify(made.name)}, not ${name.value}`);
  if (name.kind === "absent" && made.name !== null) wrong.push(`it has a name`);
  const named = new Map<string, FunctionSource>();
  for (const source of app.functions) {
    if (source.name.kind !== "known") continue;
    named.set(source.name.value, source);
    if (source.isSure && made.functions[source.name.value] === undefined)
      wrong.push(`it has no function ${source.name.value}`);
  }
  for (const [key, source] of named) {
    const options = made.functions[key];
    if (compared.arguments && options !== undefined && source.isSure)
      wrong.push(...argumentsWrong(key, source, options));
  }
  const facts = factsOf(app);
  for (const [key, one] of facts.functions) {
    const options = made.functions[key];
    if (options !== undefined) wrong.push(...factsWrong(key, one, options));
  }
  const isWhole = facts.mayHaveMore === null && facts.functions.size === facts.all.length;
  for (const [key, options] of Object.entries(made.functions)) {
    if (isWhole && !facts.functions.has(key)) wrong.push(`it has the function ${key} as well`);
    const gpu = gpuOf(options);
    if (facts.gpu !== undefined && gpu !== undefined && gpu !== (facts.gpu ?? ""))
      wrong.push(`not all have the GPU ${facts.gpu}: ${gpu}`);
  }
  return wrong;
}

const shown = ["gpu", "cpu", "memory", "scaledown_window", "min_containers", "region", "timeout"];

function argumentsWrong(key: string, source: FunctionSource, options: Options): readonly string[] {
  return shown.flatMap((argument) => {
    const reading = source.argument(argument);
    const real = options[argument];
    if (reading.kind === "absent") return real === undefined ? [] : [`${key} has ${argument}`];
    if (reading.kind === "unknown") return [];
    if (real === undefined) return [`${key} has no ${argument}`];
    return isSame(reading.value, real)
      ? []
      : [`${argument} of ${key} is ${JSON.stringify(real)}, not ${JSON.stringify(reading.value)}`];
  });
}

function isSame(read: Value, real: PythonValue): boolean {
  // Of what may have been changed, nothing is claimed.
  if (spoiledBy(read) !== null) return true;
  switch (read.kind) {
    case "str":
    case "bool":
      return real.kind === "plain" && real.value === read.value;
    case "none":
      return real.kind === "plain" && real.value === null;
    case "int":
    case "float":
      return real.kind === read.kind && real.value === read.value;
    case "list":
    case "tuple":
      return (
        real.kind === read.kind &&
        real.items.length === read.items.length &&
        read.items.every((item, at) => {
          const other = real.items[at];
          return other !== undefined && isSame(item, other);
        })
      );
    default:
      // Nothing plain is claimed.
      return true;
  }
}

function factsWrong(key: string, facts: FunctionFacts, options: Options): readonly string[] {
  const wrong: string[] = [];
  const gpu = gpuOf(options);
  const claimed =
    facts.gpu.kind === "one"
      ? facts.gpu.gpu
      : facts.gpu.kind === "any-of"
        ? facts.gpu.gpus.join(" ")
        : facts.gpu.kind === "none"
          ? ""
          : undefined;
  if (claimed !== undefined && claimed !== gpu)
    wrong.push(`${key} has the GPU ${gpu ?? "?"}, not ${claimed}`);
  const number = (names: readonly string[], byDefault: number): number | undefined => {
    const value = names.map((name) => options[name]).find((one) => one !== undefined);
    if (value === undefined) return byDefault;
    if (value.kind === "plain") return value.value === null ? byDefault : Number(value.value);
    if (value.kind === "int" || value.kind === "float") return value.value;
    if (value.kind !== "tuple") return undefined;
    const [request] = value.items;
    return request?.kind === "int" || request?.kind === "float" ? request.value : undefined;
  };
  const compare = (what: string, claim: number | undefined, real: number | undefined): void => {
    if (claim !== undefined && claim !== real)
      wrong.push(`${what} of ${key} is ${real ?? "?"}, not ${claim}`);
  };
  const memory = number(["memory"], 128);
  compare("cpu", facts.cpuCores, number(["cpu"], 0.125));
  compare("memory", facts.memoryGib, memory === undefined ? undefined : memory / 1024);
  compare(
    "window",
    facts.scaledownSeconds,
    number(["scaledown_window", "container_idle_timeout"], 60),
  );
  compare("min_containers", facts.minContainers, number(["min_containers", "keep_warm"], 0));
  return wrong;
}

/** "H100", "H100 A100" for a list, "" for none; undefined: something else. */
function gpuOf({ gpu }: Options): string | undefined {
  if (gpu === undefined) return "";
  if (gpu.kind === "plain")
    return gpu.value === null ? "" : typeof gpu.value === "string" ? gpu.value : undefined;
  if (gpu.kind !== "list" && gpu.kind !== "tuple") return undefined;
  const texts = gpu.items.map((item) => (item.kind === "plain" ? String(item.value) : "?"));
  if (texts.includes("?")) return undefined;
  return new Set(texts).size === 1 ? texts[0] : texts.join(" ");
}
