import type { Environment } from "./environment.ts";
import type { Tree } from "../value/tree.ts";
import type { AppSource, ModuleNames, Value } from "../value/value.ts";

/** One import of one file with everything that it imports, as `modal deploy` does it. */
export interface Program {
  readonly environment: Environment;
  /** Every app that is made, in order. */
  readonly apps: AppSource[];
  /** How many undecided branches and loops it is in: what is changed there may not have been changed. */
  undecided: number;
  /** Why Modal refuses the file; null: nothing of it was seen. */
  refused: string | null;
  /** How deep the expression is that is being read. */
  depth: number;
}

/** Where an expression stands: the names that it sees and the file that it is in. */
export interface PythonScope {
  readonly tree: Tree;
  /** Absolute path. */
  readonly file: string;
  readonly program: Program;
  /** The module whose `globals()` these are. */
  readonly module: ModuleNames;
  /** Everything that is bound so far. */
  readonly names: ReadonlyMap<string, Value>;
  read(name: string): Value;
  bind(name: string, value: Value): void;
  /** Code that is not followed may have bound any name to anything. */
  forget(why: string): void;
}
