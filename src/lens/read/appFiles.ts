import { readProgram, type Entry, type ProgramSource, type PythonFiles } from "./program.ts";
import { isAppName } from "../library/refusal.ts";
import type { AppSource } from "../value/value.ts";

/** An app that `modal deploy` can be pointed at, or a person would expect that it can. */
export interface AppFile {
  /** Absolute path. */
  readonly file: string;
  /** How the CLI is told: `modal deploy file.py`, or `-m package.module` from the folder of the package. */
  readonly entry: Entry;
  /** The variable that holds the app; "app" is what the CLI looks for by itself. */
  readonly variable: string;
  readonly app: AppSource;
  /** Why a deploy of it would fail; null: nothing speaks against it. */
  readonly problem: AppFileProblem | null;
}

export type AppFileProblem =
  /** Modal removed `modal.Stub`: the file must say `modal.App`. */
  | { readonly kind: "stub" }
  /** Its import raises. */
  | { readonly kind: "raises"; readonly why: string }
  /** Version 1.6 of Modal's package refuses it; an older one, or a newer one, may not. */
  | { readonly kind: "refused"; readonly why: string }
  /** Its app has no name, or none that Modal takes: a deploy has to be told one. */
  | { readonly kind: "no-name"; readonly name: string | null }
  /** The CLI refuses a file name with more than one dot. */
  | { readonly kind: "file-name" }
  /** A line, from 1, that could not be read: it is no Python, or some that the parser does not know. */
  | { readonly kind: "unread"; readonly line: number };

const importsModal = /^[ \t]*(?:import|from)[ \t][^\n]*\bmodal\b/m;
const registers = /^[ \t]*@\s*[\w.]+\.(?:function|cls|server)\b|\.include\s*\(/m;

/** True where a file may make an app or a function of one: all others need not be parsed. Cheap. */
export function mayBeAppFile(text: string): boolean {
  return importsModal.test(text) || registers.test(text);
}

const fromImport = /^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n]*)/gm;
const plainImport = /^[ \t]*import[ \t]+([^\n]*)/gm;

/**
 * The modules that a file imports, for reading them before it: by their looks, without reading the file
 * as Python, and rather more than fewer.
 */
export function importedModules(
  text: string,
): readonly { readonly level: number; readonly module: string }[] {
  const lines = text.replaceAll(/;|\\\r?\n/g, (mark) => (mark === ";" ? "\n" : " "));
  const found: { level: number; module: string }[] = [];
  for (const [, dots = "", module = "", names = ""] of lines.matchAll(fromImport)) {
    found.push({ level: dots.length, module });
    for (const name of namesIn(names))
      found.push({ level: dots.length, module: module === "" ? name : `${module}.${name}` });
  }
  for (const [, names = ""] of lines.matchAll(plainImport)) {
    for (const module of namesIn(names)) found.push({ level: 0, module });
  }
  return found;
}

/** "a.b as c, d" names a.b and d. */
function namesIn(text: string): readonly string[] {
  return text
    .replaceAll(/#[^\n]*/g, "")
    .split(/[,()]/)
    .flatMap((part) => /^\s*([\w.]+)/.exec(part)?.[1] ?? []);
}

/**
 * The apps that a file could be deployed for, with these environment variables. A file that imports
 * relatively is a part of a package, and is read as its module. Never throws.
 */
export function appsOfFile(
  file: string,
  folder: string,
  files: PythonFiles,
  variables: ReadonlyMap<string, string>,
): readonly AppFile[] {
  const script: Entry = { kind: "script", file, folder };
  const asScript = readProgram(script, files, variables);
  const isPart = asScript.relativeImport;
  const entry = isPart ? moduleEntry(file, files) : script;
  const source = isPart ? readProgram(entry, files, variables) : asScript;
  return appsIn(source).map(([variable, app]) => ({
    file,
    entry,
    variable,
    app,
    problem: problemOf(source, app, entry),
  }));
}

/** Each app once, under the variable that the CLI takes by itself where there is one. */
function appsIn({ variables }: ProgramSource): readonly (readonly [string, AppSource])[] {
  const byApp = new Map<AppSource, string>();
  for (const [variable, app] of variables) {
    if (!byApp.has(app) || variable === "app") byApp.set(app, variable);
  }
  return [...byApp]
    .filter(([app]) => app.functions.length > 0 || app.incomplete.length > 0)
    .map(([app, variable]) => [variable, app] as const);
}

function problemOf(source: ProgramSource, app: AppSource, entry: Entry): AppFileProblem | null {
  if (app.constructedBy === "Stub") return { kind: "stub" };
  if (source.raised !== null) return { kind: "raises", why: source.raised };
  const name = entry.file.slice(entry.file.lastIndexOf("/") + 1);
  if (entry.kind === "script" && name.replace(/\.py$/, "").includes("."))
    return { kind: "file-name" };
  if (source.refused !== null) return { kind: "refused", why: source.refused };
  if (app.name.kind === "absent") return { kind: "no-name", name: null };
  if (app.name.kind === "known" && !isAppName(app.name.value))
    return { kind: "no-name", name: app.name.value };
  return source.unreadLine === null ? null : { kind: "unread", line: source.unreadLine };
}

/** The package begins above the highest folder with an `__init__.py`; without one, where the imports reach. */
function moduleEntry(file: string, files: PythonFiles): Entry {
  const parts = file.replace(/\.py$/, "").split("/");
  const lastIndex = parts.length - 1;
  let top = lastIndex;
  while (top > 1 && files.text([...parts.slice(0, top), "__init__.py"].join("/")) !== undefined)
    top -= 1;
  if (top === lastIndex) {
    const levels = importedModules(files.text(file) ?? "").map(({ level }) => level);
    top = Math.max(1, lastIndex - Math.max(1, ...levels));
  }
  return {
    kind: "module",
    file,
    folder: parts.slice(0, top).join("/"),
    module: parts.slice(top).join("."),
  };
}

/**
 * Of several files that hold the same app, those that bring the most of it: `main.py`, which imports the
 * files with the functions, rather than each of these.
 */
export function withoutParts(found: readonly AppFile[]): readonly AppFile[] {
  const groups = Map.groupBy(found, ({ app }) => `${app.file}:${app.offset}`);
  return found.filter((one) => {
    const mine = functionsOf(one);
    return !(groups.get(`${one.app.file}:${one.app.offset}`) ?? []).some((other) => {
      const theirs = functionsOf(other);
      return theirs.size > mine.size && [...mine].every((place) => theirs.has(place));
    });
  });
}

/** Where its functions stand: two reads of one file make two objects of each. */
function functionsOf({ app }: AppFile): ReadonlySet<string> {
  return new Set(app.functions.map(({ file, offset }) => `${file}:${offset}`));
}
