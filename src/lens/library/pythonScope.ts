import { t } from "../../base/text.ts";
import { unknown } from "../value/plain.ts";
import type { Environment } from "./environment.ts";
import type { ImportSource } from "../value/imports.ts";
import type { Node, Tree } from "../value/tree.ts";
import type {
  AppSource,
  Arguments,
  Enclosing,
  FunctionValue,
  ModuleNames,
  Value,
} from "../value/value.ts";

/** One import of one file with everything that it imports, as `modal deploy` does it. */
export interface Program {
  readonly environment: Environment;
  /** Every app that is made, in order. */
  readonly apps: AppSource[];
  /** How many undecided branches and loops it is in: what is changed there may not have been changed. */
  undecided: number;
  /** Why Modal refuses the file; null: nothing of it was seen. */
  refused: string | null;
  /** Why a call raises that is certain to run, and that nothing catches; null: none does. */
  raised: string | null;
  /** How deep the expression is that is being read. */
  depth: number;
  /** How many calls of functions it is in. */
  calls: number;
  /** A script imports relatively. */
  importsRelatively: boolean;
  /** How many statements may run yet: a program that needs more is not followed to its end. */
  statementsLeft: number;
  /** What modules hold that have run by now may have been changed. */
  readonly forgetModules: (why: string) => void;
  /** What an expression is worth. (Expressions, functions and statements hold each other; read/program.ts ties the knot.) */
  readonly evaluate: (node: Node, scope: PythonScope) => Value;
  /** Runs the module of an import, where it has not run yet; undefined: it is none of the workspace. */
  readonly load: (
    from: string,
    source: ImportSource,
    submodule?: string,
  ) => LoadedModule | undefined;
  /** Runs the body of a function of the workspace; undefined: the call is not followed. */
  readonly call: (callee: FunctionValue, args: Arguments, scope: PythonScope) => Value | undefined;
}

/** A module of the workspace that has run, or runs still. */
export interface LoadedModule extends ModuleNames {
  /** Why it raises; null: as far as can be told it does not. */
  readonly raised: string | null;
  /** Why a name that it does not bind may be in it all the same. */
  readonly mayBindAny: string | undefined;
}

/** Where an expression stands: the names that it sees and the file that it is in. */
export interface PythonScope extends Enclosing {
  readonly tree: Tree;
  /** Absolute path. */
  readonly file: string;
  readonly program: Program;
  /** The module whose `globals()` these are. */
  readonly module: ModuleNames;
  /** Whether it is the module itself, and no class, function or comprehension in it. */
  readonly isModule: boolean;
  /** What stands before the names of what is made here: "make.<locals>.", "Config."; "" in a module. */
  readonly qualifier: string;
  /** What functions see that are made here: the names of a class are hidden from them. */
  readonly closure: Enclosing;
  bind(name: string, value: Value): void;
}

interface InnerOfClass {
  readonly ofClass?: string;
  /** Names that it binds: before it does, it sees those of the module, not those of a function around it. */
  readonly assigned?: ReadonlySet<string>;
}

/** Names of an inner block over those around it: of the body of a class, of a comprehension. */
export function innerScope(
  names: Map<string, Value>,
  scope: PythonScope,
  { ofClass, assigned = new Set() }: InnerOfClass = {},
): PythonScope {
  const inner: PythonScope = {
    tree: scope.tree,
    file: scope.file,
    program: scope.program,
    module: scope.module,
    isModule: false,
    qualifier: ofClass === undefined ? scope.qualifier : `${scope.qualifier}${ofClass}.`,
    get closure() {
      return ofClass === undefined ? inner : scope.closure;
    },
    read: (name) =>
      names.get(name) ??
      (assigned.has(name) ? unknown(t("{0} is not known here", name)) : scope.read(name)),
    lookUp: (name) => names.get(name) ?? (assigned.has(name) ? undefined : scope.lookUp(name)),
    bind: (name, value) => void names.set(name, value),
    forget: (why) => {
      for (const name of names.keys()) names.set(name, unknown(why));
      scope.forget(why);
    },
  };
  return inner;
}
