import { t } from "../../base/text.ts";
import { assign, bindOne, update } from "./binding.ts";
import { decorated, define } from "./definition.ts";
import { evaluate } from "./expression.ts";
import { importsOf, type ImportSource } from "./imports.ts";
import { fits } from "./match.ts";
import { merged } from "./merge.ts";
import { spoil, str, truthOf, unknown } from "./plain.ts";
import type { Program, PythonScope } from "./pythonScope.ts";
import { assignedIn, globalNames, sections } from "./statement.ts";
import { childrenOf, partsOf, shown, type Node, type Tree } from "./tree.ts";
import type { Value } from "./value.ts";
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
    if (this.#global.has(name)) return unknown(t("a function changes {0}", name));
    const value = this.#names.get(name);
    if (value !== undefined) return value;
    if (this.#mayBindAny !== undefined) return unknown(this.#mayBindAny);
    if (builtins.has(name)) return { kind: "library", path: `builtins.${name}` };
    return unknown(t("{0} is not known here", name));
  }

  bind(name: string, value: Value): void {
    this.#names.set(name, value);
  }

  #block(statements: readonly Node[]): End {
    for (const statement of statements) {
      if (this.#statement(statement) === "raised") return "raised";
    }
    return "done";
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
        for (const target of childrenOf(node).slice(1))
          this.#names.delete(this.tree.textOf(target));
        return "done";
      default:
        return "done";
    }
  }

  #raise(node: Node): void {
    this.raised = t("it raises: {0}", shown(node, this.tree));
  }

  // --- names ---

  #expression(node: Node): End {
    const [expression] = childrenOf(node);
    if (expression === undefined) return "done";
    if (expression.name === "CallExpression" && this.#exits(expression)) {
      this.#raise(expression);
      return "raised";
    }
    evaluate(expression, this);
    return "done";
  }

  #exits(call: Node): boolean {
    const [callee] = childrenOf(call);
    if (callee === undefined) return false;
    const text = this.tree.textOf(callee);
    if (!/^(sys\.exit|exit|quit|os\._exit)$/.test(text)) return false;
    const value = evaluate(callee, this);
    return value.kind === "library";
  }

  // --- imports ---

  #imports(node: Node): End {
    for (const source of importsOf(node, this.tree)) {
      if (source.level > 0 && this.#parts.isScript) {
        this.importsRelatively = true;
        this.raised = t("it imports relatively, as a part of a package");
        return "raised";
      }
      this.#import(source);
    }
    return "done";
  }

  #import(source: ImportSource): void {
    const { module, names, as, level } = source;
    if (names === null) {
      const run = this.#parts.load(source);
      const [top = module] = module.split(".");
      // `import a.b` binds `a`; what `a.b` is then found by its attributes.
      if (as !== null || top === module) this.bind(as ?? top, this.#moduleValue(run, module));
      else if (run === undefined) this.bind(top, { kind: "library", path: top });
      else this.bind(top, unknown(t("{0} is a package", top)));
      return;
    }
    const run = module === "" ? undefined : this.#parts.load(source);
    for (const { name, as: alias } of names) {
      if (name === "*") this.#importAll(run, module);
      else this.bind(alias, this.#imported(source, run, name, level));
    }
  }

  #moduleValue(run: ModuleRun | undefined, path: string): Value {
    return run === undefined ? { kind: "library", path } : { kind: "module", module: run };
  }

  #imported(source: ImportSource, run: ModuleRun | undefined, name: string, level: number): Value {
    const value = run?.names.get(name);
    if (value !== undefined) return value;
    const submodule = this.#parts.load(source, name);
    if (submodule !== undefined) return this.#moduleValue(submodule, name);
    if (run !== undefined) return unknown(t("{0} has no {1} that can be told", run.file, name));
    // A relative import is never one of a library.
    if (level > 0)
      return unknown(t("the file of {0}{1} was not found", ".".repeat(level), source.module));
    return { kind: "library", path: `${source.module}.${name}` };
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
    for (const [name, value] of run.names) if (!name.startsWith("_")) this.bind(name, value);
    this.#mayBindAny ??= run.#mayBindAny;
  }

  // --- branches ---

  #if(children: readonly Node[]): End {
    const [, condition, body, ...rest] = children;
    if (condition === undefined || body === undefined) return "done";
    const value = evaluate(condition, this);
    const truth = this.#isTypeChecking(condition) ? false : truthOf(value);
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

  #isTypeChecking(condition: Node): boolean {
    return /^(typing\.)?TYPE_CHECKING$/.test(this.tree.textOf(condition));
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
    const [, condition] = childrenOf(node);
    if (node.name === "WhileStatement" && condition !== undefined) {
      if (truthOf(evaluate(condition, this)) === false) return;
    } else if (node.name === "ForStatement") {
      const at = childrenOf(node).findIndex(({ name }) => name === "in");
      const over = childrenOf(node)[at + 1];
      if (over !== undefined && at !== -1) evaluate(over, this);
    }
    const assigned = assignedIn(node, this.tree);
    const forget = (): void => {
      for (const name of assigned) {
        const value = this.#names.get(name);
        if (value !== undefined) spoil(value, why);
        if (value?.kind !== "app") this.#names.set(name, unknown(why));
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
      evaluate(context, this);
      if (/\b(imports|suppress)\s*\(/.test(this.tree.textOf(context))) maySwallow = true;
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
      return this.#either([() => this.#body(clause.getChild("Body")), () => from(index + 1)], why);
    };
    return from(0);
  }
}

// not shown: names of Python
const modalNames = [
  "App",
  "Stub",
  "Image",
  "Secret",
  "Volume",
  "Mount",
  "gpu",
  "method",
  "enter",
  "exit",
  "concurrent",
  "batched",
  "asgi_app",
  "wsgi_app",
  "web_server",
  "fastapi_endpoint",
  "web_endpoint",
];

// not shown: names of Python
const builtins = new Set(
  "int float str bool len dict list tuple max min round print repr sorted sum any all abs isinstance hasattr getattr range enumerate zip set type object open exit quit".split(
    " ",
  ),
);
