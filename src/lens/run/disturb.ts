import { unknown } from "../value/plain.ts";
import type { PythonScope } from "../library/pythonScope.ts";
import { spoil, spoilItems } from "../value/spoil.ts";
import { walk, type Node } from "../value/tree.ts";

/** An expression runs that is not followed: what it binds and what it may change is not known from now on. */
export function disturb(node: Node, scope: PythonScope, why: string): void {
  const { tree } = scope;
  const mentioned = new Set<string>();
  let calls = false;
  walk(node, (part) => {
    if (part.name === "VariableName") mentioned.add(tree.textOf(part));
    else if (part.name === "CallExpression" || part.name === "AwaitExpression") calls = true;
    return true;
  });
  for (const name of mentioned) {
    if (calls) spoil(scope.read(name), why);
    // What is got out of it may be changed through what it makes.
    else spoilItems(scope.read(name), why);
  }
  for (const name of boundIn(node, scope)) scope.bind(name, unknown(why));
}

/** The names that `:=` binds in an expression. */
export function boundIn(node: Node, { tree }: PythonScope): ReadonlySet<string> {
  const names = new Set<string>();
  walk(node, (part) => {
    if (part.name === "AssignOp" && tree.textOf(part) === ":=" && part.prevSibling !== null)
      names.add(tree.textOf(part.prevSibling));
    return true;
  });
  return names;
}
