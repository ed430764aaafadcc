import { readProgram, type Entry, type ProgramSource } from "../../../../src/lens/read/program.ts";
import { textOf } from "../../../../src/lens/value/plain.ts";
import type {
  AppSource,
  FunctionSource,
  Reading,
  Value,
} from "../../../../src/lens/value/value.ts";

/** The arguments that the tables show, each under the names that Modal has given it. */
const shown = [
  ["gpu"],
  ["cpu"],
  ["memory"],
  ["scaledown_window", "container_idle_timeout"],
  ["min_containers", "keep_warm"],
  ["region"],
] as const;

export interface Case {
  readonly files: Readonly<Record<string, string>>;
  /** "app.py" where it is left out; "-m package.module" imports a module. */
  readonly deploy?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

/** Reads a case as `modal deploy` would import it. */
export function read({ files, deploy = "app.py", variables = {} }: Case): ProgramSource {
  const all = new Map(Object.entries(files).map(([path, text]) => [`/w/${path}`, text]));
  const module = /^-m (.*)$/.exec(deploy)?.[1];
  const entry: Entry =
    module === undefined
      ? { kind: "script", file: `/w/${deploy}`, folder: "/w" }
      : { kind: "module", file: `/w/${module.replaceAll(".", "/")}.py`, folder: "/w", module };
  return readProgram(entry, { text: (file) => all.get(file) }, new Map(Object.entries(variables)));
}

/** One line per app and function, as a person would check it: "?" is what cannot be told. */
export function render({ variables, raised }: ProgramSource): string {
  const lines = [...variables].flatMap(([variable, app]) => [
    `${variable} = ${reading(app.name, (name) => name)}${notes(app)}`,
    ...app.functions.map((one) => `  ${line(one)}`),
  ]);
  return [...(raised === null ? [] : ["raises"]), ...lines].join("\n");
}

function notes(app: AppSource): string {
  return [
    ...(app.constructedBy === "Stub" ? [" (Stub)"] : []),
    ...(app.incomplete.length > 0 ? [" and more"] : []),
  ].join("");
}

function line(source: FunctionSource): string {
  const parts = shown.flatMap((names) => {
    const found = source.argument(...names);
    return found.kind === "absent" ? [] : [`${names[0]}=${reading(found, valueText)}`];
  });
  const web = source.webEndpoints.map(({ name, kind }) => `${kind} ${name}`);
  const name = reading(source.name, (text) => text);
  return [`${name}${source.isSure ? "" : " (maybe)"}`, ...parts, ...web].join(", ");
}

function reading<T>(found: Reading<T>, text: (value: T) => string): string {
  if (found.kind === "known") return text(found.value);
  return found.kind === "absent" ? "-" : "?";
}

function valueText(value: Value): string {
  if (value.kind === "list" || value.kind === "tuple")
    return `[${value.items.map(valueText).join(" ")}]`;
  return textOf(value) ?? "?";
}
