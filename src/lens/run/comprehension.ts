import { bindTo } from "./binding.ts";
import { boundIn } from "./disturb.ts";
import { itemsIn, stillHas } from "../value/items.ts";
import { dictionary, sequence, truthOf } from "../value/plain.ts";
import { innerScope, type PythonScope } from "../library/pythonScope.ts";
import type { Node } from "../value/tree.ts";
import type { Value } from "../value/value.ts";

/** More than anybody writes for the functions of an app. */
const maxItems = 1000;

interface Clause {
  readonly target: readonly Node[];
  readonly over: Node;
  readonly conditions: readonly Node[];
}

/**
 * What `[… for … in … if …]`, `{… : … for …}` or `f(… for …)` makes, as a list or a dictionary; `parts`:
 * what stands between the brackets. undefined: not all of it can be told.
 */
export function comprehension(
  node: Node,
  parts: readonly Node[],
  scope: PythonScope,
): Value | undefined {
  const first = parts.findIndex(({ name }) => name === "for");
  const made = parts.slice(0, first);
  const clauses = clausesIn(parts.slice(first));
  // In a class it does not see the names of the class.
  if (clauses === undefined || scope.closure !== scope || boundIn(node, scope).size > 0)
    return undefined;
  const [key, colon, value] = made;
  if (key === undefined) return undefined;
  const names = new Map<string, Value>();
  const inner = innerScope(names, scope);
  const { evaluate } = scope.program;
  const items: Value[] = [];
  const entries: (readonly [Value, Value])[] = [];
  const isWhole = eachOf(clauses, inner, () => {
    if (colon === undefined) items.push(evaluate(key, inner));
    else if (value !== undefined) entries.push([evaluate(key, inner), evaluate(value, inner)]);
    return items.length + entries.length <= maxItems;
  });
  if (!isWhole) return undefined;
  return colon === undefined ? sequence("list", items) : dictionary(entries);
}

function clausesIn(parts: readonly Node[]): readonly Clause[] | undefined {
  const clauses: { target: readonly Node[]; over: Node; conditions: Node[] }[] = [];
  for (let at = 0; at < parts.length;) {
    const word = parts[at]?.name;
    const next = parts[at + 1];
    if (word === "if" && next !== undefined) {
      clauses.at(-1)?.conditions.push(next);
      at += 2;
      continue;
    }
    const over = parts.findIndex(({ name }, index) => index > at && name === "in") + 1;
    const head = parts[over];
    if (word !== "for" || over === 0 || head === undefined) return undefined;
    clauses.push({ target: parts.slice(at + 1, over - 1), over: head, conditions: [] });
    at = over + 1;
  }
  return clauses;
}

/** False: it cannot be told what one of them goes through. */
function eachOf(
  [clause, ...others]: readonly Clause[],
  scope: PythonScope,
  visit: () => boolean,
): boolean {
  if (clause === undefined) return visit();
  const { evaluate } = scope.program;
  const over = evaluate(clause.over, scope);
  const items = itemsIn(over);
  if (items === undefined) return false;
  for (const item of items) {
    if (!stillHas(over, items)) return false;
    bindTo(clause.target, item, scope);
    let takes: boolean | undefined = true;
    for (const condition of clause.conditions) {
      takes = truthOf(evaluate(condition, scope));
      if (takes !== true) break;
    }
    if (takes === undefined) return false;
    if (takes && !eachOf(others, scope, visit)) return false;
  }
  return true;
}
