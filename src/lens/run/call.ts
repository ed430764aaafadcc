import { t } from "../../base/text.ts";
import { runBlock } from "./block.ts";
import { evaluate } from "./expression.ts";
import { leave, statementsOf, type End, type Frame, type Leaving } from "./frame.ts";
import { boundParameters, parametersOf } from "../library/parameters.ts";
import type { Program, PythonScope } from "../library/pythonScope.ts";
import { eitherOf } from "../value/merge.ts";
import { none, unknown } from "../value/plain.ts";
import { spoil } from "../value/spoil.ts";
import { assignedIn, namesChangedBy } from "./statement.ts";
import { childrenOf, type Node, type Tree } from "../value/tree.ts";
import type { Arguments, Enclosing, FunctionValue, ModuleNames, Value } from "../value/value.ts";

/** Deeper than anything that a person writes, and far from the end of the stack. */
const maxDepth = 25;

/** Runs the body of a function with these arguments; undefined: the call is not followed, and nothing of it ran. */
export function callFunction(
  callee: FunctionValue,
  args: Arguments,
  scope: PythonScope,
): Value | undefined {
  const { program } = scope;
  if (callee.unfollowed !== null || args.more !== null) return undefined;
  if (program.calls >= maxDepth || program.statementsLeft <= 0) return undefined;
  if (callee.kept !== undefined && (args.positional.length > 0 || args.keywords.size > 0))
    return undefined;
  if (callee.kept?.value !== undefined) return callee.kept.value;
  const parameters = parametersOf(callee.definition, callee.tree);
  const bound = parameters === undefined ? undefined : boundParameters(parameters, callee, args);
  if (bound === undefined) return undefined;
  program.calls += 1;
  try {
    const value = new FunctionRun(callee, bound, program).result();
    if (callee.kept !== undefined)
      callee.kept.value =
        program.undecided > 0 ? unknown(t("{0}() may not have been called", callee.name)) : value;
    return value;
  } finally {
    program.calls -= 1;
  }
}

/** One call of a function: its own names over those around it. */
class FunctionRun implements Frame {
  readonly tree: Tree;
  readonly file: string;
  readonly program: Program;
  readonly module: ModuleNames;
  readonly closure: Enclosing = this;
  readonly isScript = false;
  readonly isModule = false;
  readonly qualifier: string;
  readonly returns: Value[] = [];
  readonly left: Leaving[] = [];
  own: Map<string, Value>;
  raised: string | null = null;
  mayBindAny: string | undefined;
  readonly #callee: FunctionValue;
  readonly #enclosing: Enclosing;
  readonly #local: ReadonlySet<string>;
  /** Names of the module that it changes, and all that it changes outside. */
  readonly #ofModule: ReadonlySet<string>;
  readonly #outer: ReadonlySet<string>;
  /** Names that a function inside it changes. */
  readonly #changedInside: ReadonlySet<string>;

  constructor(callee: FunctionValue, bound: ReadonlyMap<string, Value>, program: Program) {
    const { definition, tree, enclosing } = callee;
    this.#callee = callee;
    this.tree = tree;
    this.qualifier = `${callee.name}.<locals>.`; // not shown: as Python writes it
    this.program = program;
    this.module = enclosing.module;
    this.file = enclosing.module.file;
    this.own = new Map();
    this.#enclosing = enclosing;
    const body = definition.getChild("Body");
    this.#local = new Set([...bound.keys(), ...(body === null ? [] : assignedIn(body, tree))]);
    this.#changedInside = namesChangedBy("nonlocal", definition, tree);
    this.#ofModule = namesChangedBy("global", body, tree, { isShallow: true });
    this.#outer = new Set([
      ...this.#ofModule,
      ...namesChangedBy("nonlocal", body, tree, { isShallow: true }),
    ]);
    for (const [name, value] of bound) this.bind(name, value);
  }

  result(): Value {
    const leaving: Leaving = { of: "call", maybe: null };
    this.left.push(leaving);
    const body = this.#callee.definition.getChild("Body");
    if (body === null) return this.#expression();
    const end = this.block(statementsOf(body));
    leave(this);
    if (end === "raised") return this.#raised();
    if (end !== "returned") this.returns.push(none);
    const [only = none, ...others] = this.returns;
    if (others.length === 0) return only;
    return eitherOf(
      this.returns,
      leaving.maybe ?? t("what {0}() gives is not known", this.#callee.name),
    );
  }

  #expression(): Value {
    const expression = childrenOf(this.#callee.definition).at(-1);
    leave(this);
    return expression === undefined ? none : evaluate(expression, this);
  }

  #raised(): Value {
    const why = this.raised ?? t("{0}() raises", this.#callee.name);
    // Nothing catches it, and it is certain to run.
    if (this.program.undecided === 0) this.program.raised ??= why;
    return unknown(why);
  }

  block(statements: readonly Node[]): End {
    return runBlock(statements, this);
  }

  lookUp(name: string): Value | undefined {
    return this.own.get(name) ?? (this.#isLocal(name) ? undefined : this.#enclosing.lookUp(name));
  }

  read(name: string): Value {
    const value = this.own.get(name);
    if (value !== undefined) return value;
    if (this.#isLocal(name)) return unknown(this.mayBindAny ?? t("{0} is not known here", name));
    return this.#enclosing.read(name);
  }

  bind(name: string, value: Value): void {
    if (this.#outer.has(name)) this.#bindOuter(name, value);
    else if (this.#changedInside.has(name))
      this.own.set(name, unknown(t("a function changes {0}", name)));
    else this.own.set(name, value);
  }

  /** What is changed through `global` or `nonlocal` is unknown there, but for an app. */
  #bindOuter(name: string, value: Value): void {
    const why = t("a function changes {0}", name);
    if (value.kind !== "app") spoil(value, why);
    if (!this.#ofModule.has(name)) return;
    this.module.bind(name, this.program.undecided === 0 ? value : unknown(why));
  }

  forget(why: string): void {
    for (const [name, value] of this.own) {
      spoil(value, why);
      if (value.kind !== "app") this.own.set(name, unknown(why));
    }
    this.mayBindAny ??= why;
    this.#enclosing.forget(why);
  }

  ran(): void {
    // What could not be read in it is told where it is defined.
  }

  #isLocal(name: string): boolean {
    return this.#local.has(name) && !this.#outer.has(name);
  }
}
