import { t } from "../../base/text.ts";
import { unknown } from "../value/plain.ts";
import type { PythonScope } from "../library/pythonScope.ts";
import { reachesNames, spoil, spoilItems, spoilRun } from "../value/spoil.ts";
import { shown, walk, type Node } from "../value/tree.ts";
import type { Value } from "../value/value.ts";

/** A piece of source runs that is not followed: what it binds and what it may change is not known from now on. */
export function disturb(node: Node, scope: PythonScope, why: string): void {
  const { tree } = scope;
  const mentioned = new Set<string>();
  let changes = false;
  walk(node, (part) => {
    if (part.name === "VariableName") mentioned.add(tree.textOf(part));
    else if (/^(Call|Await)Expression$|Statement$|^Decorator$/.test(part.name)) changes = true;
    if (part.name === "ImportStatement") scope.program.environment.forget(why);
    return true;
  });
  if (changes) {
    spoilRun({ name: shown(node, tree), definition: node, tree, enclosing: scope }, why);
    if ([...mentioned].some((name) => reachesNames(name, scope))) scope.forget(why);
  } else {
    // What is got out of it may be changed through what it makes.
    for (const name of mentioned) spoilItems(scope.read(name), why);
  }
  for (const name of boundIn(node, scope)) scope.bind(name, unknown(why));
}

/** An attribute was read: whoever gets it may change what it is of. */
export function handOn(
  value: Value,
  { name, found, node }: { readonly name: string; readonly found: Value; readonly node: Node },
  scope: PythonScope,
): void {
  const why = t("{0} is passed on", shown(node, scope.tree));
  if (/^(__globals__|f_globals|f_locals)$/.test(name)) scope.forget(why);
  const isKept =
    value.kind === "class" ||
    (value.kind === "object" && !name.startsWith("__")) ||
    (value.kind === "module" && name !== "__dict__");
  // `map(gpus.append, …)`: whoever gets the method may call it.
  if (found.kind === "unknown" && !isKept) spoil(value, why);
}

/** The types beside the names of a statement, of parameters, of what a function gives: they run too, where they call something. */
export function disturbTypes(node: Node, scope: PythonScope): void {
  for (const type of node.getChildren("TypeDef"))
    if (scope.tree.textOf(type).includes("("))
      disturb(type, scope, t("{0} is not followed", shown(type, scope.tree)));
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
