import { t } from "../../base/text.ts";
import { argumentsOf, attributeOf, callValue, evaluate } from "./expression.ts";
import { decoratorPath, modalName, register } from "./modal.ts";
import { unknown } from "./plain.ts";
import type { PythonScope } from "./pythonScope.ts";
import { assignedIn, split, withoutType } from "./statement.ts";
import { childrenOf, shown, walk, type Node } from "./tree.ts";
import type { ClassValue, FunctionValue, Value } from "./value.ts";

/** Binds what a `def` or a `class` statement makes, and answers it. */
export function define(node: Node, scope: PythonScope): Value {
  const name = node.getChild("VariableName");
  const text = name === null ? "" : scope.tree.textOf(name);
  const value =
    node.name === "ClassDefinition"
      ? classValue(node, text, scope)
      : functionValue(node, text, scope);
  scope.bind(text, value);
  return value;
}

function functionValue(node: Node, name: string, scope: PythonScope): FunctionValue {
  lookInside(node, name, scope);
  return { kind: "function", name, definition: node, tree: scope.tree, names: () => scope.names };
}

/** What a function makes when somebody calls it cannot be followed, only told. */
function lookInside(definition: Node, name: string, scope: PythonScope): void {
  if (!/\.(function|cls|server)\b/.test(scope.tree.textOf(definition))) return;
  walk(definition, (node) => {
    if (node.name !== "Decorator") return true;
    const [head = "", ...rest] = decoratorPath(node, scope.tree);
    const last = rest.at(-1);
    if (last !== "function" && last !== "cls" && last !== "server") return true;
    const value = scope.names.get(head);
    const apps = value?.kind === "app" ? [value.app] : scope.program.apps;
    for (const app of apps) app.mayHaveMore(t("{0}() makes functions when it is called", name));
    return true;
  });
}

function classValue(node: Node, name: string, scope: PythonScope): ClassValue {
  const attributes = new Map<string, Value>();
  const bases = argumentsOf(node.getChild("ArgList"), scope);
  const isPlain =
    bases.more === null &&
    bases.keywords.size === 0 &&
    bases.positional.every((base) => base.kind === "library" && base.path === "builtins.object");
  for (const statement of childrenOf(node.getChild("Body")).slice(1)) {
    if (statement.name === "AssignStatement") attribute(statement, attributes, scope);
    else if (statement.name === "IfStatement" || statement.name === "ForStatement") {
      for (const assigned of assignedIn(statement, scope.tree))
        attributes.set(assigned, unknown(t("it is set in a branch of its class")));
    }
  }
  return {
    kind: "class",
    name,
    definition: node,
    tree: scope.tree,
    attributes,
    spoiled: isPlain ? null : t("{0} is made by another class", name),
  };
}

/** Names of the class are seen by what follows in its body. */
function attribute(statement: Node, attributes: Map<string, Value>, scope: PythonScope): void {
  const [target, ...rest] = split(childrenOf(statement), "AssignOp");
  const [name] = target ?? [];
  const value = rest.at(-1);
  if (name?.name !== "VariableName" || value?.[0] === undefined) return;
  const inner: PythonScope = {
    tree: scope.tree,
    file: scope.file,
    program: scope.program,
    names: scope.names,
    read: (one) => attributes.get(one) ?? scope.read(one),
    bind: (one, bound) => void attributes.set(one, bound),
  };
  const isOne = rest.length === 1 && value.length === 1 && withoutType(target ?? []).length === 1;
  attributes.set(
    scope.tree.textOf(name),
    isOne ? evaluate(value[0], inner) : unknown(t("its assignment is not followed")),
  );
}

/** A decorated `def` or `class`: Modal's decorators register it with an app. */
export function decorated(node: Node, scope: PythonScope): void {
  const definition = node.getChild("FunctionDefinition") ?? node.getChild("ClassDefinition");
  if (definition === null) return;
  const decorators = node.getChildren("Decorator");
  const values = decorators.map((each) => decoratorValue(each, scope));
  const isRegistered = values.some((value) => value.kind === "decorator");
  const target =
    isRegistered && definition.name === "FunctionDefinition"
      ? registered(definition, scope)
      : define(definition, scope);
  const others = decorators.filter((decorator, index) =>
    isOfOthers(decorator, values[index], scope),
  );
  const names = others.map((decorator) => shown(decorator, scope.tree));
  for (const value of values) {
    if (value.kind !== "decorator" || (target.kind !== "function" && target.kind !== "class"))
      continue;
    register(value, target, { kind: "known", value: target.name }, names, scope);
  }
  if (isRegistered) return;
  for (const decorator of others) mayRegister(decorator, scope);
  if (others.length > 0 && target.kind === "class" && !isDataclass(others, scope))
    target.spoiled ??= t("{0} may change it", names[0] ?? t("a decorator"));
}

/** The body of a registered function runs in its container: what it makes there is no part of the app. */
function registered(definition: Node, scope: PythonScope): Value {
  const name = definition.getChild("VariableName");
  const text = name === null ? "" : scope.tree.textOf(name);
  const value: FunctionValue = {
    kind: "function",
    name: text,
    definition,
    tree: scope.tree,
    names: () => scope.names,
  };
  scope.bind(text, value);
  return value;
}

/** What stands behind an `@`, called where it is called. */
function decoratorValue(decorator: Node, scope: PythonScope): Value {
  const [head, ...rest] = decoratorPath(decorator, scope.tree);
  if (head === undefined) return unknown(t("the decorator is not followed"));
  let value = scope.read(head);
  for (const name of rest) value = attributeOf(value, name);
  const list = decorator.getChild("ArgList");
  if (list === null) {
    // `@app.function` without a call is refused by Modal.
    return value;
  }
  const args = argumentsOf(list, scope);
  if (value.kind === "registration") return callValue(value, args, decorator, scope);
  return value.kind === "decorator" ? value : unknown(t("the decorator is not followed"));
}

function isOfOthers(decorator: Node, value: Value | undefined, scope: PythonScope): boolean {
  if (value?.kind === "decorator") return false;
  return modalName(decorator, scope) === undefined;
}

function isDataclass(decorators: readonly Node[], scope: PythonScope): boolean {
  return decorators.every(
    (decorator) => decoratorPath(decorator, scope.tree).at(-1) === "dataclass",
  );
}

/** A decorator of the workspace may be one that registers. */
function mayRegister(decorator: Node, scope: PythonScope): void {
  const [head = ""] = decoratorPath(decorator, scope.tree);
  const value = scope.read(head);
  const text = value.kind === "function" ? value.tree.textOf(value.definition) : "";
  const isModule = value.kind === "module" || value.kind === "unknown";
  const last = decoratorPath(decorator, scope.tree).at(-1) ?? "";
  if (
    /\.(function|cls|server)\b/.test(text) ||
    (isModule && /^(function|cls|server)$/.test(last))
  ) {
    for (const app of scope.program.apps)
      app.mayHaveMore(t("{0} may make functions", shown(decorator, scope.tree)));
  }
}
