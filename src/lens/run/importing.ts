import { t } from "../../base/text.ts";
import type { End, Frame } from "./frame.ts";
import { importsOf, takenByStar, type ImportSource } from "../value/imports.ts";
import { modalNames, standardModules } from "../library/pythonNames.ts";
import type { LoadedModule } from "../library/pythonScope.ts";
import { refuseRemoved } from "../library/refusal.ts";
import { unknown } from "../value/plain.ts";
import type { Node } from "../value/tree.ts";
import type { Value } from "../value/value.ts";

/** Binds what an import statement imports; a file of the workspace runs first. */
export function importStatement(node: Node, frame: Frame): End {
  for (const source of importsOf(node, frame.tree)) {
    if (source.level > 0 && frame.isScript) {
      frame.program.importsRelatively = true;
      frame.raised = t("it imports relatively, as a part of a package");
      return "raised";
    }
    const failed = importOne(source, frame);
    if (failed !== null) {
      frame.raised = failed;
      return "raised";
    }
  }
  return "done";
}

/** Whether nothing speaks against an import: the module is there, and what is taken of it. */
export function importsSurely(node: Node, frame: Frame): boolean {
  return importsOf(node, frame.tree).every((source) => {
    const { level, module, names } = source;
    if (level === 0 && standardModules.has(module)) return names === null;
    if (level === 0 && module === "modal")
      return names === null || names.every(({ name }) => name === "App" || name === "Image");
    if (level > 0 && frame.isScript) return false;
    // What it raises is caught here.
    const { raised } = frame.program;
    const run = module === "" ? undefined : load(source, frame);
    frame.program.raised = raised;
    if (run === undefined || run.raised !== null || run.mayBindAny !== undefined) return false;
    return names === null || names.every(({ name }) => run.names.has(name));
  });
}

function load(
  source: ImportSource,
  { program, file }: Frame,
  submodule?: string,
): LoadedModule | undefined {
  return program.load(file, source, submodule);
}

/** Why the imported file raises; null: as far as can be told it does not. */
function importOne(source: ImportSource, frame: Frame): string | null {
  const { module, names, as, level } = source;
  if (names === null) {
    const [run, top = module] = [load(source, frame), module.split(".")[0]];
    // `import a.b` binds `a`; what `a.b` is then found by its attributes.
    if (as !== null || top === module) frame.bind(as ?? top, moduleValue(run, module));
    else if (run === undefined) frame.bind(top, { kind: "library", path: top });
    else frame.bind(top, unknown(t("{0} is a package", top)));
    return run?.raised ?? null;
  }
  const run = module === "" ? undefined : load(source, frame);
  for (const { name, as: alias } of names) {
    if (name === "*") importAll(run, module, frame);
    else frame.bind(alias, imported(source, run, name, level, frame));
  }
  return run?.raised ?? null;
}

function imported(
  source: ImportSource,
  run: LoadedModule | undefined,
  name: string,
  level: number,
  frame: Frame,
): Value {
  const value = run?.names.get(name);
  if (value !== undefined) return value;
  const submodule = load(source, frame, name);
  if (submodule !== undefined) return moduleValue(submodule, name);
  if (run !== undefined) return unknown(t("{0} has no {1} that can be determined", run.file, name));
  // A relative import is never one of a library.
  if (level > 0)
    return unknown(t("the file of {0}{1} was not found", ".".repeat(level), source.module));
  return refuseRemoved({ kind: "library", path: `${source.module}.${name}` }, frame);
}

function importAll(run: LoadedModule | undefined, module: string, frame: Frame): void {
  const why = t('"from {0} import *" may bring it', module);
  if (run === undefined) {
    if (module !== "modal") {
      for (const [name, value] of frame.own) {
        if (value.kind !== "library") frame.own.set(name, unknown(why));
      }
      frame.mayBindAny = why;
      return;
    }
    for (const name of modalNames) frame.bind(name, { kind: "library", path: `modal.${name}` });
    return;
  }
  const taken = takenByStar(run.names);
  if (taken === undefined) frame.forget(why);
  for (const [name, value] of taken ?? []) frame.bind(name, value);
  frame.mayBindAny ??= run.mayBindAny;
}

function moduleValue(run: LoadedModule | undefined, path: string): Value {
  return run === undefined ? { kind: "library", path } : { kind: "module", module: run };
}
