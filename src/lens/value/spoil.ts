import { unknown } from "./plain.ts";
import { walk, type Node } from "./tree.ts";
import type { ClassValue, FunctionValue, Value } from "./value.ts";

/**
 * Code that is not followed got hold of a value: nobody can tell what it holds from now on, nor what
 * the functions do that it can call.
 */
export function spoil(value: Value, why: string, seen = new Set<Value>()): void {
  if (seen.has(value)) return;
  seen.add(value);
  switch (value.kind) {
    case "list":
      value.spoiled ??= why;
      for (const item of value.items) spoil(item, why, seen);
      return;
    case "tuple":
      for (const item of value.items) spoil(item, why, seen);
      return;
    case "dict":
      value.spoiled ??= why;
      for (const [, item] of value.entries) spoil(item, why, seen);
      return;
    case "class":
      value.spoiled ??= why;
      spoilMentioned(value, why, seen);
      return;
    case "function":
      spoilMentioned(value, why, seen);
      return;
    case "module":
      for (const [name, held] of value.module.names) {
        spoil(held, why, seen);
        if (isChangeable(held)) value.module.bind(name, unknown(why));
      }
      return;
    case "app":
    case "registration":
    case "decorator":
      value.app.mayHaveMore(why);
      return;
    default:
  }
}

/** An app, a function and a library stay what they are: nobody binds their names to something else. */
function isChangeable({ kind }: Value): boolean {
  return kind !== "app" && kind !== "function" && kind !== "class" && kind !== "library";
}

/** When a function runs, it may change everything that its body names. */
function spoilMentioned(value: FunctionValue | ClassValue, why: string, seen: Set<Value>): void {
  const { module } = value;
  for (const name of mentionsOf(value)) {
    const held = module.names.get(name);
    if (held !== undefined) spoil(held, why, seen);
    // `globals()["GPU"] = …`
    else if (reachesAll.has(name)) module.forget(why);
  }
  if (setsVariables.test(value.tree.textOf(value.definition)))
    module.program.environment.forget(why);
}

/** `os.environ["X"] = …` and its like. */
const setsVariables =
  /environ\s*\[[^\]]*\]\s*\|?=(?!=)|environ\s*\|=|environ\.(?:update|setdefault|pop|clear)\b|\bdel\s[^\n]*environ|\b(?:putenv|unsetenv|load_dotenv)\b/;

const reachesAll = new Set(["globals", "exec", "eval", "setattr", "vars", "locals"]);

const mentions = new WeakMap<FunctionValue | ClassValue, ReadonlySet<string>>();

function mentionsOf(value: FunctionValue | ClassValue): ReadonlySet<string> {
  const earlier = mentions.get(value);
  if (earlier !== undefined) return earlier;
  const { definition, tree } = value;
  const names = new Set<string>();
  walk(definition, (node) => {
    if (node.name === "VariableName" && !isRun(node, (one) => tree.textOf(one)))
      names.add(tree.textOf(node));
    return true;
  });
  mentions.set(value, names);
  return names;
}

/** `app.run()` gives an app no more functions. */
function isRun(node: Node, textOf: (node: Node) => string): boolean {
  const dot = node.nextSibling;
  const member = dot?.nextSibling ?? null;
  return (
    dot?.name === "." &&
    member !== null &&
    /^(run|deploy|app_id|local_entrypoint)$/.test(textOf(member))
  );
}
