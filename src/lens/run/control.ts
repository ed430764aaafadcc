import { evaluate } from "./expression.ts";
import type { PythonScope } from "../library/pythonScope.ts";
import { childrenOf, type Node, type Tree } from "../value/tree.ts";
import type { Value } from "../value/value.ts";

/** Whether a call ends the program: `sys.exit()`. */
export function exits(call: Node, scope: PythonScope): boolean {
  const [callee] = childrenOf(call);
  if (callee === undefined) return false;
  if (!/^(sys\.exit|exit|quit|os\._exit)$/.test(scope.tree.textOf(callee))) return false;
  return evaluate(callee, scope).kind === "library";
}

/** Contexts of libraries that let every error through. */
const harmlessContext =
  /^(open|tempfile\.\w+|warnings\.\w+|zipfile\.\w+|tarfile\.\w+|threading\.\w+)\(/;

/** Whether a `with` may pass over an error, so that what it sets may not be set. */
export function swallows(context: Node, value: Value, tree: Tree): boolean {
  const text = tree.textOf(context);
  const isKnown = value.kind === "library" || harmlessContext.test(text);
  return !isKnown || /\b(imports|suppress|raises)\s*\(/.test(text);
}
