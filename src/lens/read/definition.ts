import { t } from "../../base/text.ts";
import { attributeOf } from "../value/attribute.ts";
import { disturb } from "./disturb.ts";
import { argumentsOf, callValue, evaluate } from "./expression.ts";
import { decoratorPath, modalName, register } from "./modal.ts";
import { unknown } from "../value/plain.ts";
import type { PythonScope } from "./pythonScope.ts";
import { refuse, refuseInner, refuseRemoved, refuseTarget } from "./refusal.ts";
import { registersInside } from "./registering.ts";
import { spoil } from "../value/spoil.ts";
import { assignedIn, split, withoutType } from "./statement.ts";
import { childrenOf, shown, type Node } from "../value/tree.ts";
import type { ClassValue, FunctionValue, Value } from "../value/value.ts";

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
  registersInside(node, t("{0}()", name), scope);
  evaluateDefaults(node, scope);
  return { kind: "function", name, definition: node, tree: scope.tree, module: scope.module };
}

/** Defaults are computed when the function is made. */
function evaluateDefaults(definition: Node, scope: PythonScope): void {
  for (const operator of definition.getChild("ParamList")?.getChildren("AssignOp") ?? [])
    if (operator.nextSibling !== null) evaluate(operator.nextSibling, scope);
}

function classValue(node: Node, name: string, scope: PythonScope): ClassValue {
  const attributes = new Map<string, Value>();
  const bases = argumentsOf(node.getChild("ArgList"), scope);
  const isPlain =
    bases.more === null &&
    bases.keywords.size === 0 &&
    bases.positional.every((base) => base.kind === "library" && base.path === "builtins.object");
  const statements = childrenOf(node.getChild("Body")).slice(1);
  refuseInner(statements, scope, true);
  for (const statement of statements) member(statement, attributes, scope);
  return {
    kind: "class",
    name,
    definition: node,
    tree: scope.tree,
    attributes,
    module: scope.module,
    spoiled: isPlain ? null : t("{0} is made by another class", name),
  };
}

function member(statement: Node, attributes: Map<string, Value>, scope: PythonScope): void {
  if (statement.name === "StatementGroup") {
    for (const one of childrenOf(statement)) member(one, attributes, scope);
    return;
  }
  const why = t("{0} in its class is not followed", shown(statement, scope.tree));
  if (statement.name === "AssignStatement" && attribute(statement, attributes, scope)) return;
  if (!statement.name.endsWith("Definition") && statement.name !== "DecoratedStatement")
    disturb(statement, classScope(attributes, scope), why);
  if (statement.name !== "AssignStatement") registersInside(statement, t("a class"), scope);
  for (const assigned of assignedIn(statement, scope.tree)) attributes.set(assigned, unknown(why));
}

function classScope(attributes: Map<string, Value>, scope: PythonScope): PythonScope {
  return {
    tree: scope.tree,
    file: scope.file,
    program: scope.program,
    module: scope.module,
    names: scope.names,
    read: (one) => attributes.get(one) ?? scope.read(one),
    bind: (one, bound) => void attributes.set(one, bound),
    forget: (why) => scope.forget(why),
  };
}

/** `gpu = "T4"` in a class; false: it is something less plain. Names of the class are seen by what follows in its body. */
function attribute(statement: Node, attributes: Map<string, Value>, scope: PythonScope): boolean {
  const [target, value, ...more] = split(childrenOf(statement), "AssignOp");
  const [name, ...others] = withoutType(target ?? []);
  const [expression, ...rest] = value ?? [];
  if (name === undefined || name.name !== "VariableName" || others.length > 0) return false;
  // `gpu: str` binds nothing.
  if (value === undefined) return true;
  if (expression === undefined || rest.length > 0 || more.length > 0) return false;
  attributes.set(scope.tree.textOf(name), evaluate(expression, classScope(attributes, scope)));
  return true;
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
    if (value.kind === "registration")
      refuse(t("{0} is not called: write {0}()", `@app.${value.how}`), scope);
    else if (value.kind === "decorator" && others.length === 0)
      refuseTarget(value.how, definition, scope);
  }
  const renaming = others.find((decorator) => !keepsName(decorator, scope));
  for (const value of values) {
    if (value.kind !== "decorator" || (target.kind !== "function" && target.kind !== "class"))
      continue;
    register(
      value,
      target,
      { kind: "known", value: target.name },
      { all: names, renaming: renaming === undefined ? null : shown(renaming, scope.tree) },
      scope,
    );
  }
  if (isRegistered) return;
  for (const decorator of others) mayRegister(decorator, scope);
  // Whoever decorates it may call it.
  const [first] = others;
  if (first !== undefined && target.kind === "function" && !keepsName(first, scope))
    spoil(target, t("{0} may call it", shown(first, scope.tree)));
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
    module: scope.module,
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
  refuseRemoved(value, scope);
  const list = decorator.getChild("ArgList");
  if (list === null) {
    // `@app.function` without a call is refused by Modal.
    return value;
  }
  const args = argumentsOf(list, scope);
  if (value.kind === "decorator") return value;
  const given = callValue(value, args, decorator, scope);
  return given.kind === "decorator" ? given : unknown(t("the decorator is not followed"));
}

/** Whether the function that a decorator gives has the name of the one that it is given. */
function keepsName(decorator: Node, scope: PythonScope): boolean {
  const [head = "", ...rest] = decoratorPath(decorator, scope.tree);
  const value = scope.read(head);
  if (value.kind === "library") {
    const path = [value.path, ...rest].join(".");
    return /^(functools|contextlib|dataclasses|typing|abc)\./.test(path);
  }
  return value.kind === "function" && /\bwraps\(/.test(value.tree.textOf(value.definition));
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
