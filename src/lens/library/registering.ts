import { t } from "../../base/text.ts";
import type { PythonScope } from "./pythonScope.ts";
import { childrenOf, shown, walk, type Node } from "../value/tree.ts";
import type { Value } from "../value/value.ts";

const registering = new Set(["function", "cls", "server"]);

/** `anything.function(…)`: where nobody knows what stands before the dot, it may be an app. */
export function registersMore(object: Value, method: string, node: Node, scope: PythonScope): void {
  if (!registering.has(method) && method !== "include") return;
  const mayBeApp =
    object.kind === "unknown" || (object.kind === "library" && !object.path.startsWith("modal."));
  // Libraries have servers and classes of their own.
  if (!mayBeApp || (object.kind === "library" && method !== "function")) return;
  for (const app of scope.program.apps)
    app.mayHaveMore(t("{0} may make functions", shown(node, scope.tree)));
}

/** What the body of a function or a class makes when it runs cannot be followed, only told. */
export function registersInside(body: Node, name: string, scope: PythonScope): void {
  const { tree } = scope;
  if (!/\.\s*(function|cls|server|include)\b/.test(tree.textOf(body))) return;
  walk(body, (node) => {
    const member =
      node.name === "Decorator"
        ? decoratorMember(node)
        : node.name === "MemberExpression"
          ? [node.firstChild, node.lastChild]
          : undefined;
    const [head, last] = member ?? [];
    if (head === undefined || head === null || last === undefined || last === null) return true;
    const method = tree.textOf(last);
    const value = head.name === "VariableName" ? scope.lookUp(tree.textOf(head)) : undefined;
    if (!registering.has(method) && method !== "include") return true;
    // `self.server` of a class is no app's.
    if (value?.kind !== "app" && node.name !== "Decorator" && method === "server") return true;
    const apps = value?.kind === "app" ? [value.app] : scope.program.apps;
    for (const app of apps) app.mayHaveMore(t("{0} makes functions when it runs", name));
    return true;
  });
}

function decoratorMember(node: Node): readonly (Node | undefined)[] {
  const names = childrenOf(node).filter(({ name }) => name === "VariableName");
  return names.length < 2 ? [] : [names[0], names.at(-1)];
}
