import { t } from "../../base/text.ts";
import { runBlock } from "./block.ts";
import type { End, Frame, Leaving } from "./frame.ts";
import { str, unknown } from "../value/plain.ts";
import { builtins } from "../library/pythonNames.ts";
import type { LoadedModule, Program } from "../library/pythonScope.ts";
import { spoil } from "../value/spoil.ts";
import { namesChangedBy } from "./statement.ts";
import { childrenOf, type Node, type Tree } from "../value/tree.ts";
import type { Enclosing, ModuleNames, Value } from "../value/value.ts";

export interface ModuleParts {
  readonly tree: Tree;
  /** Absolute path. */
  readonly file: string;
  readonly program: Program;
  /** What `__name__` is. */
  readonly name: string;
  /** A script has no package: its relative imports raise. */
  readonly isScript: boolean;
}

/** Runs the statements of one Python module, as far as they can be followed, and keeps its names. */
export class ModuleRun implements Frame, LoadedModule {
  readonly tree: Tree;
  readonly file: string;
  readonly program: Program;
  readonly isScript: boolean;
  readonly isModule = true;
  readonly qualifier = "";
  readonly returns: Value[] = [];
  readonly left: Leaving[] = [];
  own = new Map<string, Value>();
  mayBindAny: string | undefined;
  raised: string | null = null;
  /** Names that a function changes through `global`. */
  readonly #global: ReadonlySet<string>;
  #nextError = 0;
  #isForgetting = false;

  constructor({ tree, file, program, name, isScript }: ModuleParts) {
    this.tree = tree;
    this.file = file;
    this.program = program;
    this.isScript = isScript;
    this.#global = namesChangedBy("global", tree.top, tree);
    this.own.set("__name__", str(name));
  }

  get names(): ReadonlyMap<string, Value> {
    return this.own;
  }

  readonly module: ModuleNames = this;
  readonly closure: Enclosing = this;

  run(): void {
    this.block(childrenOf(this.tree.top));
  }

  block(statements: readonly Node[]): End {
    return runBlock(statements, this);
  }

  lookUp(name: string): Value | undefined {
    return this.own.get(name);
  }

  read(name: string): Value {
    const value = this.own.get(name);
    if (value !== undefined) return value;
    if (builtins.has(name)) return { kind: "library", path: `builtins.${name}` };
    if (this.mayBindAny !== undefined) return unknown(this.mayBindAny);
    return unknown(t("{0} is not known here", name));
  }

  bind(name: string, value: Value): void {
    const isChanged = this.#global.has(name) && value.kind !== "app";
    this.own.set(name, isChanged ? unknown(t("a function changes {0}", name)) : value);
  }

  forget(why: string): void {
    // A function that it spoils may do the same.
    if (this.#isForgetting) return;
    this.#isForgetting = true;
    for (const [name, value] of this.own) {
      spoil(value, why);
      if (!["app", "function", "class", "library", "module"].includes(value.kind))
        this.own.set(name, unknown(why));
    }
    this.mayBindAny ??= why;
    this.#isForgetting = false;
  }

  /** What the parser could not read may be anything; the innermost statements tell first. */
  ran({ from, to }: Node): void {
    const { errors, lineAt } = this.tree;
    for (; (errors[this.#nextError] ?? Infinity) <= to; this.#nextError += 1) {
      const at = errors[this.#nextError] ?? 0;
      if (at >= from) this.forget(t("line {0} could not be read", lineAt(at)));
    }
  }
}
