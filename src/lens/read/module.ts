import { t } from "../../base/text.ts";
import { assign, bindOne, remove, update } from "./binding.ts";
import { decorated, define } from "./definition.ts";
import { exits, swallows } from "./control.ts";
import { evaluate } from "./expression.ts";
import { importsOf, takenByStar, type ImportSource } from "./imports.ts";
import { capturedIn, fits } from "./match.ts";
import { refuseRemoved } from "./refusal.ts";
import { merged } from "../value/merge.ts";
import { str, truthOf, unknown } from "../value/plain.ts";
import { builtins, modalNames } from "./pythonNames.ts";
import type { Program, PythonScope } from "./pythonScope.ts";
import { spoil } from "../value/spoil.ts";
import { assignedIn, changedIn, globalNames, sections } from "./statement.ts";
import { childrenOf, partsOf, shown, type Node, type Tree } from "../value/tree.ts";
import type { ModuleNames, Value } from "../value/value.ts";

/** How a block ends: at its last statement, or by a `raise` or `sys.exit()` that is certain. */
type End = "done" | "raised";

export interface ModuleParts {
  readonly tree: Tree;
  /** Absolute path. */
  readonly file: string;
  readonly program: Program;
  /** What `__name__` is. */
  readonly name: string;
  /** A script has no package: its relative imports raise. */
  readonly isScript: boolean;
  /** The module of an import; undefined: it is none of the workspace. */
  readonly load: (source: ImportSource, submodule?: string) => ModuleRun | undefined;
}

/** Runs the statements of one Python module, as far as they can be followed, and keeps its names. */
export class ModuleRun implements PythonScope {
  readonly tree: Tree;
  readonly file: string;
  readonly program: Program;
  readonly #parts: ModuleParts;
  #names = new Map<string, Value>();
  /** Names that a function changes through `global`. */
  readonly #global: ReadonlySet<string>;
  #nextError = 0;
  #isForgetting = false;
  /** Why a name that was never bound may be there all the same. */
  #mayBindAny: string | undefined;
  /** Why the file raises when it is imported; null: as far as can be told it does not. */
  raised: string | null = null;
  importsRelatively = false;

  constructor(parts: ModuleParts) {
    this.#parts = parts;
    this.tree = parts.tree;
    this.file = parts.file;
    this.program = parts.program;
    this.#global = globalNames(parts.tree);
    this.#names.set("__name__", str(parts.name));
  }

  get names(): ReadonlyMap<string, Value> {
    return this.#names;
  }

  run(): void {
    this.#block(childrenOf(this.tree.top));
  }

  read(name: string): Value {
    const value = this.#names.get(name);
    if (value !== undefined) return value;
    if (builtins.has(name)) return { kind: "library", path: `builtins.${name}` };
    if (this.#mayBindAny !== undefined) return unknown(this.#mayBindAny);
    return unknown(t("{0} is not known here", name));
  }

  bind(name: string, value: Value): void {
    const isChanged = this.#global.has(name) && value.kind !== "app";
    this.#names.set(name, isChanged ? unknown(t("a function changes {0}", name)) : value);
  }

  readonly module: ModuleNames = this;

  forget(why: string): void {
    // A function that it spoils may do the same.
    if (this.#isForgetting) return;
    this.#isForgetting = true;
    for (const [name, value] of this.#names) {
      spoil(value, why);
      if (!["app", "function", "class", "library", "module"].includes(value.kind))
        this.#names.set(name, unknown(why));
    }
    this.#mayBindAny ??= why;
    this.#isForgetting = false;
  }

  #block(statements: readonly Node[]): End {
    for (const statement of statements) {
      if (this.#statement(statement) === "raised") return "raised";
      this.#noteErrors(statement);
    }
    return "done";
  }

  /** What the parser could not read may be anything; the innermost statements tell first. */
  #noteErrors({ from, to }: Node): void {
    const { errors, lineAt } = this.tree;
    for (; (errors[this.#nextError] ?? Infinity) <= to; this.#nextError += 1) {
      const at = errors[this.#nextError] ?? 0;
      if (at >= from) this.forget(t("line {0} could not be read", lineAt(at)));
    }
  }

  #body(node: Node | null | undefined): End {
    return node === null || node === undefined ? "done" : this.#block(childrenOf(node).slice(1));
  }

  #statement(node: Node): End {
    switch (node.name) {
      case "StatementGroup":
        return this.#block(childrenOf(node).filter(({ name }) => name !== ";"));
      case "ImportStatement":
        return this.#imports(node);
      case "AssignStatement":
        assign(node, this);
        return "done";
      case "UpdateStatement":
        update(node, this);
        return "done";
      case "ExpressionStatement":
        return this.#expression(node);
      case "DecoratedStatement":
        decorated(node, this);
        return "done";
      case "FunctionDefinition":
      case "ClassDefinition":
        define(node, this);
        return "done";
      case "IfStatement":
        return this.#if(childrenOf(node));
      case "ForStatement":
      case "WhileStatement":
        this.#loop(node);
        return "done";
      case "TryStatement":
        return this.#try(childrenOf(node));
      case "WithStatement":
        return this.#with(node);
      case "MatchStatement":
        return this.#match(node);
      case "RaiseStatement":
        this.#raise(node);
        return "raised";
      case "DeleteStatement":
        for (const target of childrenOf(node).slice(1)) {
          if (target.name === "VariableName") this.#names.delete(this.tree.textOf(target));
          else if (target.name !== ",") remove(target, this);
        }
        return "done";
      case "AssertStatement":
        for (const part of childrenOf(node).slice(1)) if (part.name !== ",") evaluate(part, this);
        return "done";
      default:
        return "done";
    }
  }

  #raise(node: Node): void {
    this.raised = t("it raises: {0}", shown(node, this.tree));
  }

  #expression(node: Node): End {
    const [expression] = childrenOf(node);
    if (expression === undefined) return "done";
    if (expression.name === "CallExpression" && exits(expression, this)) {
      this.#raise(expression);
      return "raised";
    }
    evaluate(expression, this);
    return "done";
  }

  #imports(node: Node): End {
    for (const source of importsOf(node, this.tree)) {
      if (source.level > 0 && this.#parts.isScript) {
        this.importsRelatively = true;
        this.raised = t("it imports relatively, as a part of a package");
        return "raised";
      }
      const failed = this.#import(source);
      if (failed !== null) {
        this.raised = failed;
        return "raised";
      }
    }
    return "done";
  }

  /** Why the imported file raises; null: as far as can be told it does not. */
  #import(source: ImportSource): string | null {
    const { module, names, as, level } = source;
    if (names === null) {
      const [run, top = module] = [this.#parts.load(source), module.split(".")[0]];
      // `import a.b` binds `a`; what `a.b` is then found by its attributes.
      if (as !== null || top === module) this.bind(as ?? top, moduleValue(run, module));
      else if (run === undefined) this.bind(top, { kind: "library", path: top });
      else this.bind(top, unknown(t("{0} is a package", top)));
      return run?.raised ?? null;
    }
    const run = module === "" ? undefined : this.#parts.load(source);
    for (const { name, as: alias } of names) {
      if (name === "*") this.#importAll(run, module);
      else this.bind(alias, this.#imported(source, run, name, level));
    }
    return run?.raised ?? null;
  }

  #imported(source: ImportSource, run: ModuleRun | undefined, name: string, level: number): Value {
    const value = run?.names.get(name);
    if (value !== undefined) return value;
    const submodule = this.#parts.load(source, name);
    if (submodule !== undefined) return moduleValue(submodule, name);
    if (run !== undefined) return unknown(t("{0} has no {1} that can be told", run.file, name));
    // A relative import is never one of a library.
    if (level > 0)
      return unknown(t("the file of {0}{1} was not found", ".".repeat(level), source.module));
    return refuseRemoved({ kind: "library", path: `${source.module}.${name}` }, this);
  }

  #importAll(run: ModuleRun | undefined, module: string): void {
    if (run === undefined) {
      if (module !== "modal") {
        const why = t('"from {0} import *" may bring it', module);
        for (const [name, value] of this.#names) {
          if (value.kind !== "library") this.#names.set(name, unknown(why));
        }
        this.#mayBindAny = why;
        return;
      }
      for (const name of modalNames) this.bind(name, { kind: "library", path: `modal.${name}` });
      return;
    }
    const taken = takenByStar(run.names);
    if (taken === undefined) this.forget(t('"from {0} import *" may bring it', module));
    for (const [name, value] of taken ?? []) this.bind(name, value);
    this.#mayBindAny ??= run.#mayBindAny;
  }

  #if(children: readonly Node[]): End {
    const [, condition, body, ...rest] = children;
    if (condition === undefined || body === undefined) return "done";
    const value = evaluate(condition, this);
    const isTypes = value.kind === "library" && value.path === "typing.TYPE_CHECKING";
    const truth = isTypes ? false : truthOf(value);
    const otherwise = (): End => {
      const [word, second] = rest;
      if (word === undefined) return "done";
      return word.name === "elif" ? this.#if(rest) : this.#body(second);
    };
    if (truth === true) return this.#body(body);
    if (truth === false) return otherwise();
    const why =
      value.kind === "unknown" ? value.why : t("it depends on {0}", shown(condition, this.tree));
    return this.#either([() => this.#body(body), otherwise], why);
  }

  /** One of the branches runs, and nobody can tell which: a name that they leave different is unknown. */
  #either(branches: readonly (() => End)[], why: string): End {
    const before = this.#names;
    const raisedBefore = this.raised;
    const results: Map<string, Value>[] = [];
    this.program.undecided += 1;
    for (const branch of branches) {
      this.#names = new Map(before);
      // A branch that raises was not the one, if the file is deployed at all.
      if (branch() === "done") results.push(this.#names);
    }
    this.program.undecided -= 1;
    if (results.length === 0) return "raised";
    this.raised = raisedBefore;
    this.#names = results.length === 1 ? (results[0] ?? before) : merged(results, why);
    return "done";
  }

  #loop(node: Node): void {
    const why = t("it is set in a loop ({0})", shown(node.firstChild ?? node, this.tree));
    const children = childrenOf(node);
    const at = node.name === "ForStatement" ? children.findIndex(({ name }) => name === "in") : 0;
    const head = children[at + 1];
    const over = head === undefined || at === -1 ? undefined : evaluate(head, this);
    if (node.name === "WhileStatement" && over !== undefined && truthOf(over) === false) return;
    const assigned = assignedIn(node, this.tree);
    // What is changed in one round is read in the next.
    for (const name of changedIn(node, this.tree)) spoil(this.read(name), why);
    const before = this.#names;
    this.#names = new Map(before);
    const forget = (): void => {
      for (const name of assigned) {
        const value = this.#names.get(name);
        if (value !== undefined) spoil(value, why);
        const earlier = before.get(name);
        // An app stays offered under the name that it had.
        if (value?.kind !== "app" || earlier?.kind !== "app" || earlier.app !== value.app)
          this.#names.set(name, unknown(why));
      }
    };
    forget();
    const counts = new Map(this.program.apps.map((app) => [app, app.functions.length]));
    this.program.undecided += 1;
    for (const body of node.getChildren("Body")) this.#body(body);
    this.program.undecided -= 1;
    forget();
    for (const app of this.program.apps) {
      if (app.functions.length !== counts.get(app))
        app.mayHaveMore(t("functions are made in a loop"));
    }
  }

  #try(children: readonly Node[]): End {
    const bodies = sections(children);
    const attempt = bodies.find(({ word }) => word === "try")?.body;
    const orElse = bodies.find(({ word }) => word === "else")?.body;
    const handlers = bodies.filter(({ word }) => word === "except");
    const whole = (): End => (this.#body(attempt) === "raised" ? "raised" : this.#body(orElse));
    const why = t("it depends on what fails in {0}", shown(attempt ?? this.tree.top, this.tree));
    let end: End;
    if (handlers.length === 0 || attempt === undefined) end = whole();
    else {
      const assigned = assignedIn(attempt, this.tree);
      const handled = handlers.map(({ body, names }) => (): End => {
        for (const name of assigned) this.#names.set(name, unknown(why));
        for (const name of names)
          this.bind(this.tree.textOf(name), unknown(t("it is an exception")));
        return this.#body(body);
      });
      end = this.#either([whole, ...handled], why);
    }
    const last = bodies.find(({ word }) => word === "finally")?.body;
    return this.#body(last) === "raised" ? "raised" : end;
  }

  #with(node: Node): End {
    const children = childrenOf(node);
    const body = node.getChild("Body");
    let maySwallow = false;
    for (const part of partsOf(children.slice(1).filter((child) => child.name !== "Body"))) {
      const [context, as, target] = part.filter(({ name }) => name !== "with");
      if (context === undefined) continue;
      maySwallow ||= swallows(context, evaluate(context, this), this.tree);
      if (as?.name === "as" && target !== undefined)
        bindOne(target, unknown(t("a context gives it")), this);
    }
    if (!maySwallow || body === null) return this.#body(body);
    const why = t("it is set where an error is passed over");
    return this.#either([() => this.#body(body), () => "done"], why);
  }

  #match(node: Node): End {
    const subject = childrenOf(node)[1];
    const value = subject === undefined ? unknown(t("it is not whole")) : evaluate(subject, this);
    const clauses = node.getChild("MatchBody")?.getChildren("MatchClause") ?? [];
    const why = t(
      "it depends on {0}",
      subject === undefined ? t("a match") : shown(subject, this.tree),
    );
    const from = (index: number): End => {
      const clause = clauses[index];
      if (clause === undefined) return "done";
      const taken = fits(childrenOf(clause), value, this);
      if (taken === true) return this.#body(clause.getChild("Body"));
      if (taken === false) return from(index + 1);
      for (const name of capturedIn(clause, this.tree)) this.bind(name, unknown(why));
      return this.#either([() => this.#body(clause.getChild("Body")), () => from(index + 1)], why);
    };
    return from(0);
  }
}

function moduleValue(run: ModuleRun | undefined, path: string): Value {
  return run === undefined ? { kind: "library", path } : { kind: "module", module: run };
}
