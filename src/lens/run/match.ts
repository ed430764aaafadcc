import { evaluate } from "./expression.ts";
import { isSame, spoiledBy } from "../value/plain.ts";
import type { PythonScope } from "../library/pythonScope.ts";
import { childrenOf, walk, type Node, type Tree } from "../value/tree.ts";
import type { Value } from "../value/value.ts";

/** Whether a clause of a `match` takes the value; undefined where it cannot be told. */
export function fits(
  [, pattern, ...rest]: readonly Node[],
  value: Value,
  scope: PythonScope,
): boolean | undefined {
  if (pattern === undefined || rest[0]?.name !== "Body") return undefined;
  return fitsPattern(pattern, value, scope);
}

function fitsPattern(pattern: Node, value: Value, scope: PythonScope): boolean | undefined {
  if (pattern.name === "CapturePattern") {
    const name = scope.tree.textOf(pattern);
    if (name === "_") return true;
    scope.bind(name, value);
    return true;
  }
  if (pattern.name === "LiteralPattern") {
    const [literal] = childrenOf(pattern);
    if (literal === undefined || spoiledBy(value) !== null) return undefined;
    const wanted = evaluate(literal, scope);
    return wanted.kind === value.kind ? isSame(wanted, value) : undefined;
  }
  if (pattern.name !== "OrPattern") return undefined;
  const each = childrenOf(pattern)
    .filter(({ name }) => name.endsWith("Pattern"))
    .map((one) => fitsPattern(one, value, scope));
  if (each.includes(true)) return true;
  return each.includes(undefined) ? undefined : false;
}

/** The names that a pattern may bind. */
export function capturedIn(clause: Node, tree: Tree): ReadonlySet<string> {
  const names = new Set<string>();
  walk(clause, (node) => {
    if (node.name === "Body" || node.name === "Guard") return false;
    if (node.name === "CapturePattern" || (node.name === "VariableName" && isAlias(node)))
      names.add(tree.textOf(node));
    return true;
  });
  names.delete("_");
  return names;
}

function isAlias(node: Node): boolean {
  return node.prevSibling?.name === "as";
}
