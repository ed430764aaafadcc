import { t } from "../../base/text.ts";
import { attributeOf } from "../value/attribute.ts";
import { classValue, isDataclass } from "./classDefinition.ts";
import { argumentsOf, callValue } from "./expression.ts";
import { decoratedFunction, functionValue } from "./functionDefinition.ts";
import { decoratorPath, modalName, ownName, register } from "../library/modal.ts";
import { unknown } from "../value/plain.ts";
import type { PythonScope } from "../library/pythonScope.ts";
import { refuse, refuseLocal, refuseRemoved, refuseTarget } from "../library/refusal.ts";
import { spoil } from "../value/spoil.ts";
import { shown, type Node } from "../value/tree.ts";
import type { Value } from "../value/value.ts";

/** Binds what a `def` or a `class` statement makes, and answers it. `decorators`: what stands above it. */
export function define(
  node: Node,
  scope: PythonScope,
  { decorators = [] as readonly Node[] } = {},
): Value {
  const name = node.getChild("VariableName");
  const text = name === null ? "" : scope.tree.textOf(name);
  const value =
    node.name === "ClassDefinition"
      ? classValue(node, text, decorators, scope)
      : decoratedFunction(functionValue(node, text, scope), decorators, scope);
  scope.bind(text, value);
  return value;
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
      : define(definition, scope, { decorators });
  const others = decorators.filter((decorator, index) =>
    isOfOthers(decorator, values[index], scope),
  );
  const names = others.map((decorator) => shown(decorator, scope.tree));
  for (const value of values) {
    if (value.kind === "registration")
      refuse(t("{0} is not called: write {0}()", `@app.${value.how}`), scope);
    else if (value.kind === "decorator" && others.length === 0) {
      refuseTarget(value.how, definition, scope);
      if (!scope.isModule) refuseLocal(value.how, value.given, scope);
    }
  }
  if (isRegistered && target.kind === "class")
    target.objects = { how: "unknown", why: t("{0} runs in a container", target.name) };
  const renaming = others.find((decorator) => !keepsName(decorator, scope));
  for (const value of values) {
    if (value.kind !== "decorator" || (target.kind !== "function" && target.kind !== "class"))
      continue;
    register(
      value,
      target,
      { kind: "known", value: ownName(target) },
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
  if (target.kind === "class" && others.some((one) => !isDataclass(one, scope)))
    target.spoiled ??= t("{0} may change it", names[0] ?? t("a decorator"));
}

/** The body of a registered function runs in its container: what it makes there is no part of the app. */
function registered(definition: Node, scope: PythonScope): Value {
  const name = definition.getChild("VariableName");
  const text = name === null ? "" : scope.tree.textOf(name);
  const value = {
    ...functionValue(definition, text, scope),
    unfollowed: t("{0}() runs in a container", text),
  };
  scope.bind(text, value);
  return value;
}

/** What stands behind an `@`, called where it is called. */
function decoratorValue(decorator: Node, scope: PythonScope): Value {
  const [head, ...rest] = decoratorPath(decorator, scope.tree);
  if (head === undefined) return unknown(t("the decorator is not followed"));
  let value = scope.read(head);
  for (const name of rest) {
    const held = attributeOf(value, name);
    // `@gpus.append`
    if (held.kind === "unknown" && value.kind !== "module")
      spoil(value, t("{0} may change it", shown(decorator, scope.tree)));
    value = held;
  }
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
