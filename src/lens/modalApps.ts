import { parser } from "@lezer/python";
import { sameValue, type SourceValue } from "./sourceValue.ts";

/** A piece of the syntax tree. */
type Node = ReturnType<ReturnType<typeof parser.parse>["cursor"]>["node"];

/** `app = modal.App("flux-api")` at module level. */
export interface ModalApp {
  readonly variable: string;
  /**
   * null: the name is computed, missing (then `modal deploy` needs `--name`), or another one in
   * another branch of the file.
   */
  readonly name: string | null;
}

/** A function or class that runs in a container of its own. */
export interface ModalFunction {
  /** As Modal names it: "flux"; for a class "Model.*". */
  readonly name: string;
  readonly appVariable: string;
  /** Arguments of the decorator that affect cost; undefined where they are not given. */
  readonly gpu: SourceValue | undefined;
  /** Physical cores: a request, or (request, limit). */
  readonly cpu: SourceValue | undefined;
  /** MiB: a request, or (request, limit). */
  readonly memory: SourceValue | undefined;
  readonly scaledownWindow: SourceValue | undefined;
  readonly minContainers: SourceValue | undefined;
  readonly webEndpoints: readonly WebEndpoint[];
}

export interface WebEndpoint {
  /** "flux", or "Model.infer". */
  readonly name: string;
  /** "asgi_app", "wsgi_app", "web_server", "fastapi_endpoint" (and its old name, web_endpoint). */
  readonly kind: string;
}

export interface ModalSource {
  readonly apps: readonly ModalApp[];
  readonly functions: readonly ModalFunction[];
}

const webKinds = new Set([
  "asgi_app",
  "wsgi_app",
  "web_server",
  "fastapi_endpoint",
  "web_endpoint",
]);

/** Reads what a Python file would deploy to Modal. Tolerates errors; a file without an app gives empty lists. */
export function readModalSource(source: string): ModalSource {
  return new Reader(source).read();
}

class Reader {
  readonly #source: string;
  /** Names under which the module and its parts were imported: "m" → "modal", "A" → "modal.App". */
  readonly #imports = new Map<string, string>();
  readonly #constants = new Map<string, SourceValue>();
  /** How many `if`, `with` and `try` blocks the statement is in: it may not run at all. */
  #depth = 0;
  #apps: ModalApp[] = [];
  readonly #functions: ModalFunction[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  read(): ModalSource {
    this.#readBlock(parser.parse(this.#source).topNode);
    return { apps: this.#apps, functions: this.#functions };
  }

  /** Statements of the module, also inside `if` and `with` (image.imports()) blocks. */
  #readBlock(block: Node): void {
    for (const statement of childrenOf(block)) {
      switch (statement.name) {
        case "ImportStatement":
          this.#readImport(statement);
          break;
        case "AssignStatement":
          this.#readAssignment(statement);
          break;
        case "DecoratedStatement":
          this.#readDecorated(statement);
          break;
        case "IfStatement":
        case "WithStatement":
        case "TryStatement":
          this.#depth += 1;
          for (const body of statement.getChildren("Body")) this.#readBlock(body);
          this.#depth -= 1;
          break;
        default:
      }
    }
  }

  #readImport(statement: Node): void {
    const words = childrenOf(statement).map((node) => this.#text(node));
    const from = words[0] === "from";
    if (words[1] !== "modal" && (from || !words.includes("modal"))) return;
    const names = from ? words.slice(words.indexOf("import") + 1) : words.slice(1);
    for (const [index, word] of names.entries()) {
      const next = names[index + 1];
      const previous = names[index - 1];
      if (!/^\w+$/.test(word) || word === "as" || previous === "as") continue;
      if (!from && word !== "modal") continue;
      const alias = next === "as" ? (names[index + 2] ?? word) : word;
      this.#imports.set(alias, from ? `modal.${word}` : "modal");
    }
  }

  #readAssignment(statement: Node): void {
    const [target] = childrenOf(statement);
    const value = statement.lastChild;
    if (target?.name !== "VariableName" || value === null) return;
    const variable = this.#text(target);
    if (value.name === "CallExpression" && this.#isApp(value)) {
      const [first] = this.#positional(value);
      const named = this.#argument(value, "name") ?? first;
      const name = named === undefined ? undefined : this.#value(named);
      this.#addApp({
        variable,
        name: name?.kind === "literal" && typeof name.value === "string" ? name.value : null,
      });
      return;
    }
    const next = this.#value(value);
    const before = this.#constants.get(variable);
    const isOne = this.#depth === 0 || before === undefined || sameValue(before, next);
    this.#constants.set(variable, isOne ? next : { kind: "computed" });
  }

  /** Which branch runs is known when the file does: two names for one variable are none. */
  #addApp(app: ModalApp): void {
    const isOther = ({ variable, name }: ModalApp): boolean =>
      variable === app.variable && name !== app.name;
    if (this.#depth === 0 || !this.#apps.some(isOther)) {
      this.#apps.push(app);
      return;
    }
    const nameless = (one: ModalApp): ModalApp =>
      one.variable === app.variable ? { ...one, name: null } : one;
    this.#apps = [...this.#apps, app].map(nameless);
  }

  #isApp(call: Node): boolean {
    const callee = this.#qualifiedName(call.firstChild);
    return callee === "modal.App" || callee === "modal.Stub";
  }

  #readDecorated(statement: Node): void {
    const decorators = statement.getChildren("Decorator");
    const definition =
      statement.getChild("FunctionDefinition") ?? statement.getChild("ClassDefinition");
    const nameNode = definition?.getChild("VariableName");
    if (definition === null || nameNode === null || nameNode === undefined) return;
    const isClass = definition.name === "ClassDefinition";
    for (const decorator of decorators) {
      const path = this.#decoratorPath(decorator);
      const appVariable = path.slice(0, -1).join(".");
      const last = path.at(-1);
      const known = this.#apps.some((app) => app.variable === appVariable);
      // An app that is imported from another file has no assignment here.
      const likely =
        known || (!this.#imports.has(path[0] ?? "") && /(^|_)(app|stub)$/.test(appVariable));
      if (!likely || (last !== "function" && last !== "cls" && last !== "server")) continue;
      const plainName = this.#text(nameNode);
      const name = this.#stringArgument(decorator, "name") ?? plainName;
      this.#functions.push({
        name: isClass ? `${plainName}.*` : name,
        appVariable,
        gpu: this.#valueArgument(decorator, "gpu"),
        cpu: this.#valueArgument(decorator, "cpu"),
        memory: this.#valueArgument(decorator, "memory"),
        scaledownWindow:
          this.#valueArgument(decorator, "scaledown_window") ??
          this.#valueArgument(decorator, "container_idle_timeout"),
        minContainers:
          this.#valueArgument(decorator, "min_containers") ??
          this.#valueArgument(decorator, "keep_warm"),
        webEndpoints: isClass
          ? this.#methodEndpoints(definition, plainName)
          : this.#endpoints(decorators, name),
      });
    }
  }

  #methodEndpoints(definition: Node, className: string): readonly WebEndpoint[] {
    const body = definition.getChild("Body");
    if (body === null) return [];
    return body.getChildren("DecoratedStatement").flatMap((statement) => {
      const name = statement.getChild("FunctionDefinition")?.getChild("VariableName");
      if (name === null || name === undefined) return [];
      const decorators = statement.getChildren("Decorator");
      return this.#endpoints(decorators, `${className}.${this.#text(name)}`);
    });
  }

  #endpoints(decorators: readonly Node[], name: string): readonly WebEndpoint[] {
    return decorators.flatMap((decorator) => {
      const path = this.#decoratorPath(decorator);
      const [head = "", ...rest] = path;
      const qualified = [this.#imports.get(head) ?? head, ...rest].join(".");
      const kind = /^modal\.(\w+)$/.exec(qualified)?.[1];
      if (kind === undefined || !webKinds.has(kind)) return [];
      return [{ name, kind: kind === "web_endpoint" ? "fastapi_endpoint" : kind }];
    });
  }

  #decoratorPath(decorator: Node): readonly string[] {
    return decorator.getChildren("VariableName").map((node) => this.#text(node));
  }

  #qualifiedName(node: Node | null): string {
    if (node === null) return "";
    const [head = "", ...rest] = this.#text(node).replaceAll(/\s/g, "").split(".");
    return [this.#imports.get(head) ?? head, ...rest].join(".");
  }

  #argument(call: Node, name: string): Node | undefined {
    const children = childrenOf(call.getChild("ArgList"));
    const at = children.findIndex(
      (child, index) =>
        child.name === "VariableName" &&
        this.#text(child) === name &&
        children[index + 1]?.name === "AssignOp",
    );
    return at === -1 ? undefined : children[at + 2];
  }

  #positional(call: Node): readonly Node[] {
    const children = childrenOf(call.getChild("ArgList"));
    const first = children[1];
    const named = children[2]?.name === "AssignOp" || first === undefined || first.name === ")";
    return named ? [] : [first];
  }

  #valueArgument(call: Node, name: string): SourceValue | undefined {
    const node = this.#argument(call, name);
    return node === undefined ? undefined : this.#value(node);
  }

  #stringArgument(call: Node, name: string): string | undefined {
    const value = this.#valueArgument(call, name);
    return value?.kind === "literal" && typeof value.value === "string" ? value.value : undefined;
  }

  #value(node: Node): SourceValue {
    const text = this.#text(node);
    switch (node.name) {
      case "String": {
        const literal = stringLiteral(text);
        return literal === undefined ? { kind: "computed" } : { kind: "literal", value: literal };
      }
      case "Number": {
        const number = Number(text.replaceAll("_", ""));
        return Number.isNaN(number) ? { kind: "computed" } : { kind: "literal", value: number };
      }
      case "Boolean":
        return { kind: "literal", value: text === "True" };
      case "None":
        return { kind: "literal", value: null };
      case "VariableName":
        return this.#constants.get(text) ?? { kind: "computed" };
      case "ArrayExpression":
        return this.#list(node);
      case "TupleExpression":
        return { kind: "tuple", values: this.#items(node) };
      case "BinaryExpression":
        return this.#product(node);
      case "ParenthesizedExpression": {
        const inner = childrenOf(node)[1];
        return inner === undefined ? { kind: "computed" } : this.#value(inner);
      }
      case "CallExpression":
        return this.#callValue(node);
      default:
        return { kind: "computed" };
    }
  }

  #items(node: Node): readonly SourceValue[] {
    return childrenOf(node)
      .filter(({ name }) => !["[", "(", ",", ")", "]"].includes(name))
      .map((item) => this.#value(item));
  }

  /** `16 * 1024`, as memory is often written. */
  #product(node: Node): SourceValue {
    const [left, operator, right] = childrenOf(node);
    if (left === undefined || operator === undefined || right === undefined)
      return { kind: "computed" };
    const factors = [this.#value(left), this.#value(right)].flatMap((value) =>
      value.kind === "literal" && typeof value.value === "number" ? [value.value] : [],
    );
    const [a, b] = factors;
    return this.#text(operator) === "*" && a !== undefined && b !== undefined
      ? { kind: "literal", value: a * b }
      : { kind: "computed" };
  }

  #list(node: Node): SourceValue {
    const items = this.#items(node);
    const values = items.flatMap((value) =>
      value.kind === "literal" && typeof value.value === "string" ? [value.value] : [],
    );
    return values.length === items.length ? { kind: "list", values } : { kind: "computed" };
  }

  /** `int(os.environ.get("SCALEDOWN_WINDOW", "300"))` and `os.getenv("GPU", "L40S")`. */
  #callValue(node: Node): SourceValue {
    const callee = this.#qualifiedName(node.firstChild);
    const args = childrenOf(node.getChild("ArgList")).filter(
      ({ name }) => !["(", ",", ")"].includes(name),
    );
    const [first, second] = args;
    if (first === undefined) return { kind: "computed" };
    if (callee === "int" || callee === "float" || callee === "str") {
      const inner = this.#value(first);
      const number = (value: string | number | boolean | null): string | number | boolean | null =>
        callee !== "str" && typeof value === "string" && value.trim() !== ""
          ? Number(value)
          : value;
      if (inner.kind === "literal") return { kind: "literal", value: number(inner.value) };
      if (inner.kind === "variable") return { ...inner, fallback: number(inner.fallback) };
      return { kind: "computed" };
    }
    if (!/^(os\.)?(environ\.get|getenv)$/.test(callee)) return { kind: "computed" };
    const name = this.#value(first);
    if (name.kind !== "literal" || typeof name.value !== "string") return { kind: "computed" };
    const fallback = second === undefined ? undefined : this.#value(second);
    if (fallback !== undefined && fallback.kind !== "literal") return { kind: "computed" };
    return { kind: "variable", name: name.value, fallback: fallback?.value ?? null };
  }

  #text(node: Node): string {
    return this.#source.slice(node.from, node.to);
  }
}

function childrenOf(node: Node | null): readonly Node[] {
  const children: Node[] = [];
  for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) {
    if (child.name !== "Comment") children.push(child);
  }
  return children;
}

/** The text of a Python string without a prefix that changes its meaning; undefined for f-strings and escapes. */
function stringLiteral(text: string): string | undefined {
  const match = /^[rRuU]?("""|'''|"|')([\s\S]*)\1$/.exec(text);
  const body = match?.[2];
  return body === undefined || body.includes("\\") ? undefined : body;
}
