import { t } from "../../base/text.ts";
import { Environment } from "../library/environment.ts";
import type { ImportSource } from "../value/imports.ts";
import { callFunction } from "../run/call.ts";
import { evaluate } from "../run/expression.ts";
import { ModuleRun } from "../run/module.ts";
import type { Program } from "../library/pythonScope.ts";
import { parse, type Tree } from "../value/tree.ts";
import type { AppSource } from "../value/value.ts";

/** The Python files of a workspace, by absolute paths with "/" between their parts. */
export interface PythonFiles {
  /** undefined: there is no such file, or it was not read. */
  text(file: string): string | undefined;
  /** Its tree, where it is kept; without this method each read parses it. */
  tree?(file: string): Tree;
}

/** How `modal deploy` is told what to import. */
export type Entry =
  /** `modal deploy path/file.py`: the file's folder and the working directory are searched for imports. */
  | { readonly kind: "script"; readonly file: string; readonly folder: string }
  /** `modal deploy -m package.module`, from the folder that the package stands in. */
  | {
      readonly kind: "module";
      readonly file: string;
      readonly folder: string;
      readonly module: string;
    };

/** What a file makes when it is imported. */
export interface ProgramSource {
  /** The apps that its module holds, by the variables that hold them, in their order. */
  readonly variables: ReadonlyMap<string, AppSource>;
  /** Why its import fails; null: as far as can be told it does not. */
  readonly raised: string | null;
  /** Why version 1.6 of the modal package refuses the file when it is imported; null: nothing of it was seen. */
  readonly refused: string | null;
  /** It imports relatively, as a part of a package: it can be deployed as a module only. */
  readonly relativeImport: boolean;
  /** Line of what could not be read, from 1, which may be Python all the same; null: all of it was. */
  readonly unreadLine: number | null;
}

/** Files that one import may bring in: more are no app, and a circle of folders has an end. */
const maxModules = 300;
/** Statements that may run: what people write needs hundreds. */
const maxStatements = 30_000;

/**
 * What `modal deploy` would find in a file, with these environment variables. Follows Python's own order
 * as far as it is certain; nothing is run, and what cannot be told is unknown with its reason. Never throws.
 */
export function readProgram(
  entry: Entry,
  files: PythonFiles,
  variables: ReadonlyMap<string, string>,
): ProgramSource {
  const loader = new Loader(entry, files, new Environment(variables));
  const { program } = loader;
  const run = loader.main();
  if (loader.texts.some((text) => otherOptions.test(text)))
    for (const app of program.apps)
      app.mayHaveMore(t("with_options(…) makes containers of another kind"));
  const found = [...run.names].flatMap(([name, value]) =>
    value.kind === "app" ? [[name, value.app] as const] : [],
  );
  const [firstError] = run.tree.errors;
  return {
    variables: new Map(found),
    raised: run.raised,
    refused: program.refused,
    relativeImport: program.importsRelatively && run.raised !== null,
    unreadLine: firstError === undefined ? null : run.tree.lineAt(firstError),
  };
}

/** `Model.with_options(gpu="H100")`: containers beside those that a decorator asks for, with another price or window. */
const otherOptions =
  /\.with_options\s*\((?:[^()]|\([^()]*\))*?(?:\*\*|\b(?:gpu|cpu|memory|scaledown_window|region|cloud)\s*=)/;

class Loader {
  readonly #entry: Entry;
  readonly #files: PythonFiles;
  readonly #runs = new Map<string, ModuleRun>();
  readonly program: Program;

  constructor(entry: Entry, files: PythonFiles, environment: Environment) {
    this.#entry = entry;
    this.#files = files;
    this.program = {
      environment,
      apps: [],
      undecided: 0,
      refused: null,
      raised: null,
      depth: 0,
      calls: 0,
      importsRelatively: false,
      statementsLeft: maxStatements,
      forgetModules: (why) => {
        for (const run of this.#runs.values()) run.forget(why);
      },
      load: (from, source, submodule) => this.#load(from, source, submodule),
      evaluate,
      call: callFunction,
    };
  }

  get texts(): readonly string[] {
    return [...this.#runs.values()].map(({ tree }) => tree.textOf(tree.top));
  }

  main(): ModuleRun {
    const entry = this.#entry;
    const isScript = entry.kind === "script";
    const name = isScript ? stem(entry.file) : entry.module;
    if (!isScript) this.#runPackages(entry.folder, name.split("."));
    return this.#run(entry.file, this.#files.text(entry.file) ?? "", name, isScript);
  }

  #run(file: string, text: string, name: string, isScript: boolean): ModuleRun {
    const run = new ModuleRun({
      tree: this.#files.tree?.(file) ?? parse(text),
      file,
      program: this.program,
      name,
      isScript,
    });
    // Known before it has run: two modules may import each other.
    this.#runs.set(file, run);
    run.run();
    return run;
  }

  #load(from: string, source: ImportSource, submodule: string | undefined): ModuleRun | undefined {
    for (const folder of this.#foldersOf(from, source.level)) {
      const path = [...source.module.split("."), ...(submodule === undefined ? [] : [submodule])];
      const place = [folder, ...path.filter((part) => part !== "")].join("/");
      for (const file of [`${place}.py`, `${place}/__init__.py`]) {
        const earlierRun = this.#runs.get(file);
        if (earlierRun !== undefined) return earlierRun;
        if (this.#runs.size >= maxModules) return undefined;
        const text = this.#files.text(file);
        if (text === undefined) continue;
        this.#runPackages(folder, path);
        // Its package may have imported it.
        const run = this.#runs.get(file) ?? this.#run(file, text, path.join("."), false);
        this.#bindInPackage(place, run);
        return run;
      }
    }
    return undefined;
  }

  /** The packages around a module run before it does. */
  #runPackages(folder: string, path: readonly string[]): void {
    for (let depth = 1; depth < path.length; depth += 1) {
      const above = path.slice(0, depth);
      const file = `${folder}/${above.join("/")}/__init__.py`;
      const text = this.#runs.has(file) ? undefined : this.#files.text(file);
      if (text !== undefined) this.#run(file, text, above.join("."), false);
    }
  }

  /** A module that has run is an attribute of its package. */
  #bindInPackage(place: string, run: ModuleRun): void {
    const name = place.slice(place.lastIndexOf("/") + 1);
    this.#runs.get(`${folderOf(place)}/__init__.py`)?.bind(name, { kind: "module", module: run });
  }

  #foldersOf(from: string, level: number): readonly string[] {
    if (level === 0) {
      const { kind, file, folder } = this.#entry;
      return kind === "script" ? [...new Set([folderOf(file), folder])] : [folder];
    }
    let folder = folderOf(from);
    for (let up = 1; up < level; up += 1) folder = folderOf(folder);
    return [folder];
  }
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function stem(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1).replace(/\.py$/, "");
}
