import { t } from "../../base/text.ts";
import { spoiledBy, str, unknown } from "../value/plain.ts";
import { refuseArguments } from "./refusal.ts";
import type { PythonScope } from "./pythonScope.ts";
import { childrenOf, shown, type Node, type Tree } from "../value/tree.ts";
import {
  AppSource,
  type Arguments,
  type ClassValue,
  type FunctionValue,
  type Reading,
  type Registering,
  type Value,
  type WebEndpoint,
} from "../value/value.ts";

/** A call of something of Modal's; undefined where it is none that matters here. */
export function callModal(
  callee: Value,
  args: Arguments,
  node: Node,
  scope: PythonScope,
): Value | undefined {
  switch (callee.kind) {
    case "registration":
      return {
        kind: "decorator",
        app: callee.app,
        how: callee.how,
        given: together(callee.given, args),
        offset: node.from,
      };
    case "decorator": {
      const [target] = args.positional;
      const name = targetName(target, node, scope.tree);
      register(callee, target, name, noOthers, scope);
      return target ?? unknown(t("it decorates nothing"));
    }
    case "library":
      if (callee.path === "modal.App" || callee.path === "modal.Stub") {
        const app = new AppSource({
          name: nameOf(args),
          // not shown: the names of two constructors
          constructedBy: callee.path === "modal.App" ? "App" : "Stub",
          file: scope.file,
          offset: node.from,
        });
        scope.program.apps.push(app);
        return { kind: "app", app };
      }
      if (callee.path === "functools.partial") return partial(args);
      return callee.path.startsWith("modal.gpu.") ? gpuClass(callee.path, args) : undefined;
    default:
      return undefined;
  }
}

function together(a: Arguments, b: Arguments): Arguments {
  return {
    positional: [...a.positional, ...b.positional],
    keywords: new Map([...a.keywords, ...b.keywords]),
    more: a.more ?? b.more,
  };
}

/** `functools.partial(app.function, gpu="A100")` */
function partial(args: Arguments): Value | undefined {
  const [first, ...positional] = args.positional;
  if (first?.kind !== "registration") return undefined;
  return { ...first, given: together(first.given, { ...args, positional }) };
}

function nameOf({ positional, keywords, more }: Arguments): Reading<string> {
  const given = keywords.get("name") ?? positional[0];
  if (given === undefined)
    return more === null ? { kind: "absent" } : { kind: "unknown", why: more };
  if (given.kind === "str") return { kind: "known", value: given.value };
  if (given.kind === "none") return { kind: "absent" };
  return { kind: "unknown", why: spoiledBy(given) ?? t("it is not text") };
}

/** `modal.gpu.A100(size="80GB", count=2)`, removed from Modal since; it says what was meant. */
function gpuClass(path: string, { positional, keywords, more }: Arguments): Value {
  const type = path.slice("modal.gpu.".length).toUpperCase();
  const size = keywords.get("size");
  // `Any` is whatever is free, and `memory` was a size in GiB.
  if (type === "ANY" || keywords.has("memory"))
    return unknown(t("which GPU it asks for is not known"));
  const count = keywords.get("count") ?? positional[0];
  if (more !== null || (size !== undefined && size.kind !== "str"))
    return unknown(t("which GPU it asks for is not known"));
  if (count !== undefined && count.kind !== "int")
    return unknown(t("how many GPUs it asks for is not known"));
  const name = size?.kind === "str" ? `${type}-${size.value.toUpperCase()}` : type;
  return str(count === undefined || count.value === 1 ? name : `${name}:${count.value}`);
}

/** As Modal names it: a class by the last part of its name. */
export function ownName({ kind, name }: FunctionValue | ClassValue): string {
  return kind === "class" ? name.slice(name.lastIndexOf(".") + 1) : name;
}

function targetName(target: Value | undefined, node: Node, tree: Tree): Reading<string> {
  // A lambda has none.
  if (
    (target?.kind === "function" || target?.kind === "class") &&
    target.definition.name !== "LambdaExpression"
  )
    return { kind: "known", value: ownName(target) };
  return { kind: "unknown", why: t("what {0} decorates is not known", shown(node, tree)) };
}

/** Decorators beside it that are not Modal's, as they are written. */
export interface Others {
  readonly all: readonly string[];
  /** The one that may give another function, of another name; null: there is none. */
  readonly renaming: string | null;
}

const noOthers: Others = { all: [], renaming: null };

function nameBelow(name: Reading<string>, { renaming }: Others): Reading<string> {
  return renaming === null ? name : { kind: "unknown", why: t("{0} may rename it", renaming) };
}

/** Adds a function to its app. */
export function register(
  decorator: Extract<Value, { kind: "decorator" }>,
  target: Value | undefined,
  name: Reading<string>,
  others: Others,
  scope: PythonScope,
): void {
  const { app, how, offset } = decorator;
  refuseArguments(how, decorator.given, scope);
  // Read when it decorates: what is changed later is not seen.
  const given = snapshotOf(decorator.given);
  const isClass = how !== "function";
  app.add({
    name: functionName(nameBelow(name, others), how, given),
    argument: (...names) => argument(given, names, others.all),
    isSure: scope.program.undecided === 0,
    webEndpoints: endpointsOf(target, isClass, name, scope),
    file: scope.file,
    offset,
  });
}

function snapshotOf({ positional, keywords, more }: Arguments): Arguments {
  const copies = [...keywords].map(([key, value]) => [key, copyOf(value)] as const);
  return { positional, keywords: new Map(copies), more };
}

function copyOf(value: Value): Value {
  return value.kind === "list" || value.kind === "tuple"
    ? { ...value, items: value.items.map(copyOf) }
    : value;
}

/** A class's containers are those of "Model.*"; a function and a server can be given another name. */
function functionName(
  name: Reading<string>,
  how: Registering,
  { keywords, more }: Arguments,
): Reading<string> {
  if (how === "cls") return name.kind === "known" ? { ...name, value: `${name.value}.*` } : name;
  const given = keywords.get("name");
  if (given === undefined) return more === null ? name : { kind: "unknown", why: more };
  if (given.kind === "str") return { kind: "known", value: given.value };
  if (given.kind === "none") return name;
  return { kind: "unknown", why: spoiledBy(given) ?? t("its name is not text") };
}

function argument(
  { keywords, more }: Arguments,
  names: readonly string[],
  others: readonly string[],
): Reading<Value> {
  for (const name of names) {
    const value = keywords.get(name);
    if (value === undefined) continue;
    const spoiled = spoiledBy(value);
    return spoiled === null ? { kind: "known", value } : { kind: "unknown", why: spoiled };
  }
  if (more !== null) return { kind: "unknown", why: more };
  const [other] = others;
  return other === undefined
    ? { kind: "absent" }
    : { kind: "unknown", why: t("{0} may give more arguments", other) };
}

const webKinds = new Set([
  "asgi_app",
  "wsgi_app",
  "web_server",
  "fastapi_endpoint",
  "web_endpoint",
]);

/** The web endpoints of a function or of a class's methods. */
function endpointsOf(
  target: Value | undefined,
  isClass: boolean,
  name: Reading<string>,
  scope: PythonScope,
): readonly WebEndpoint[] {
  if (target?.kind !== "function" && target?.kind !== "class") return [];
  const functionName = name.kind === "known" ? name.value : ownName(target);
  if (!isClass) return decoratorEndpoints(target.definition.parent, functionName, scope);
  const body = target.definition.getChild("Body");
  return (body?.getChildren("DecoratedStatement") ?? []).flatMap((statement) => {
    const method = statement.getChild("FunctionDefinition")?.getChild("VariableName");
    if (method === null || method === undefined) return [];
    return decoratorEndpoints(statement, `${functionName}.${scope.tree.textOf(method)}`, scope);
  });
}

function decoratorEndpoints(
  statement: Node | null,
  name: string,
  scope: PythonScope,
): readonly WebEndpoint[] {
  return (statement?.getChildren("Decorator") ?? []).flatMap((decorator) => {
    const kind = modalName(decorator, scope);
    if (kind === undefined || !webKinds.has(kind)) return [];
    return [
      {
        name,
        kind: kind === "web_endpoint" ? "fastapi_endpoint" : kind,
        needsToken: needsToken(decorator, scope),
      },
    ];
  });
}

/** What `requires_proxy_auth` of a web decorator says, written out or as a plain name. */
function needsToken(decorator: Node, scope: PythonScope): boolean | undefined {
  const parts = childrenOf(decorator.getChild("ArgList"));
  const at = parts.findIndex(
    ({ name }, index) =>
      name === "AssignOp" &&
      scope.tree.textOf(parts[index - 1] ?? decorator) === "requires_proxy_auth",
  );
  const given = parts[at + 1];
  // `**settings` may give it.
  if (at === -1 || given === undefined)
    return parts.some(({ name }) => name === "*" || name === "**") ? undefined : false;
  const text = scope.tree.textOf(given);
  if (given.name === "Boolean") return text === "True";
  const value = given.name === "VariableName" ? scope.read(text) : undefined;
  return value?.kind === "bool" ? value.value : undefined;
}

/** "asgi_app" for `@modal.asgi_app(…)`, however modal was imported; undefined for a decorator of others. */
export function modalName(decorator: Node, scope: PythonScope): string | undefined {
  const [head, ...rest] = decoratorPath(decorator, scope.tree);
  if (head === undefined) return undefined;
  const value = scope.read(head);
  const path = value.kind === "library" ? [value.path, ...rest].join(".") : "";
  return path.startsWith("modal.") ? path.slice("modal.".length) : undefined;
}

/** The dotted name of a decorator: ["app", "function"]. */
export function decoratorPath(decorator: Node, tree: Tree): readonly string[] {
  return childrenOf(decorator)
    .filter(({ name }) => name === "VariableName" || name === "PropertyName")
    .map((part) => tree.textOf(part));
}
