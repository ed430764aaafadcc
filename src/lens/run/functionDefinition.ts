import { t } from "../../base/text.ts";
import { disturb, disturbTypes } from "./disturb.ts";
import { decoratorPath } from "../library/modal.ts";
import { parametersOf } from "../library/parameters.ts";
import type { PythonScope } from "../library/pythonScope.ts";
import { shown, walk, type Node } from "../value/tree.ts";
import type { FunctionValue, Value } from "../value/value.ts";

/** What a `def` makes, its defaults computed. */
export function functionValue(node: Node, name: string, scope: PythonScope): FunctionValue {
  const { tree } = scope;
  const defaults = new Map<string, Value>();
  const list = node.getChild("ParamList");
  const parameters = parametersOf(node, tree);
  if (parameters === undefined && list !== null)
    disturb(list, scope, t("the parameters of {0} are not followed", name));
  for (const { name: parameter, default: byDefault } of parameters ?? [])
    if (byDefault !== undefined) defaults.set(parameter, scope.program.evaluate(byDefault, scope));
  disturbTypes(node, scope);
  if (list !== null) disturbTypes(list, scope);
  return {
    kind: "function",
    name: `${scope.qualifier}${name}`,
    definition: node,
    tree,
    enclosing: scope.closure,
    defaults,
    unfollowed: unfollowed(node, name, scope),
  };
}

/** Why a call of a function is not followed; null: it is. */
function unfollowed(node: Node, name: string, { tree }: PythonScope): string | null {
  if (node.firstChild?.name === "async") return t("{0}() is asynchronous", name);
  if (tree.errors.some((at) => at >= node.from && at <= node.to))
    return t("{0}() could not be read", name);
  let isGenerator = false;
  if (!/\byield\b/.test(tree.textOf(node))) return null;
  walk(node, (part) => {
    if (part !== node && /^(Function|Class)Definition$|^LambdaExpression$/.test(part.name))
      return false;
    if (part.name === "YieldStatement" || part.name === "YieldExpression" || part.name === "yield")
      isGenerator = true;
    return true;
  });
  return isGenerator ? t("{0}() is a generator", name) : null;
}

const descriptors = new Set(["property", "staticmethod", "classmethod"] as const);

/** What the decorators of Python's own make of a function; those of others make it one that is not followed. */
export function decoratedFunction(
  value: FunctionValue,
  decorators: readonly Node[],
  scope: PythonScope,
): Value {
  const [decorator, ...others] = decorators;
  if (decorator === undefined) return value;
  const path = libraryPath(decorator, scope);
  const how = [...descriptors].find((one) => path === `builtins.${one}`);
  if (others.length === 0) {
    if (how !== undefined) return { kind: "descriptor", how, function: value };
    const isNever = /\b0\b|-/.test(shown(decorator, scope.tree));
    if (path !== undefined && /^functools\.(cache|lru_cache)$/.test(path) && !isNever)
      return { ...value, kept: { value: undefined } };
  }
  return { ...value, unfollowed: t("{0} may change it", shown(decorator, scope.tree)) };
}

/** "functools.cache", however it was imported; undefined: it is none of a library. */
export function libraryPath(decorator: Node, scope: PythonScope): string | undefined {
  const [head, ...rest] = decoratorPath(decorator, scope.tree);
  const value = head === undefined ? undefined : scope.read(head);
  return value?.kind === "library" ? [value.path, ...rest].join(".") : undefined;
}
