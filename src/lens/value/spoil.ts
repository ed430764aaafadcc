import { t } from "../../base/text.ts";
import { unknown } from "./plain.ts";
import { walk, type Node } from "./tree.ts";
import type { Enclosing, FunctionValue, Value } from "./value.ts";

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
    case "passing":
      for (const item of value.items() ?? []) spoil(item, why, seen);
      return;
    case "dict":
      value.spoiled ??= why;
      for (const [, item] of value.entries) spoil(item, why, seen);
      return;
    case "class":
      value.spoiled ??= why;
      spoilRun(value, why, seen);
      for (const held of value.attributes.values()) spoil(held, why, seen);
      if (value.base !== null) spoil(value.base, why, seen);
      return;
    case "object":
      value.spoiled ??= why;
      for (const held of value.attributes.values()) spoil(held, why, seen);
      if (value.class !== null) spoil(value.class, why, seen);
      return;
    case "function":
      spoilRun(value, why, seen);
      for (const held of value.defaults.values()) spoil(held, why, seen);
      if (value.kept?.value !== undefined) spoil(value.kept.value, why, seen);
      forgetKept(value, why);
      return;
    case "method":
      spoil(value.self, why, seen);
      spoil(value.function, why, seen);
      return;
    case "descriptor":
      spoil(value.function, why, seen);
      return;
    case "factory":
      spoil(value.callee, why, seen);
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

/** `read.cache_clear()`: it may be told to forget what it keeps. */
function forgetKept({ kept }: FunctionValue, why: string): void {
  if (kept !== undefined) kept.value = unknown(why);
}

/** An app, a function and a library stay what they are: nobody binds their names to something else. */
function isChangeable({ kind }: Value): boolean {
  return kind !== "app" && kind !== "function" && kind !== "class" && kind !== "library";
}

/** Nobody can tell which of its items is got: what can be changed through it later. */
export function spoilItems(container: Value, why: string): void {
  const items =
    container.kind === "dict"
      ? container.entries.map(([, item]) => item)
      : container.kind === "list" || container.kind === "tuple"
        ? container.items
        : [];
  for (const item of items) spoil(item, why);
}

/** Source that runs: the body of a function or a class, or a part of one. */
type Code = Pick<FunctionValue, "name" | "definition" | "tree" | "enclosing">;

/** When it runs, it may change everything that it names. */
export function spoilRun(value: Code, why: string, seen = new Set<Value>()): void {
  const { enclosing } = value;
  const { module } = enclosing;
  for (const name of mentionsOf(value)) {
    const held = enclosing.lookUp(name);
    if (held !== undefined) spoil(held, why, seen);
    else if (reachesNames(name, enclosing)) module.forget(why);
  }
  const text = value.tree.textOf(value.definition);
  if (/\b(__globals__|f_globals)\b/.test(text)) module.forget(why);
  if (setsVariables.test(text)) module.program.environment.forget(why);
  for (const [, ofDecorator, ofCall = ""] of text.matchAll(registers)) {
    if (enclosing.lookUp(ofDecorator ?? ofCall)?.kind === "app") continue;
    // Of an app that it is given, or finds otherwise.
    for (const app of module.program.apps)
      app.mayHaveMore(t("{0}() may make functions", value.name));
  }
}

/** `@anything.function(…)`, `anything.cls(…)`: a server is what other libraries have too. */
const registers =
  /(?:@\s*([\w.]*)\s*\.\s*(?:function|cls|server)\b)|(?:([\w.]*)\s*\.\s*(?:function|cls|include)\s*\()/g;

/** `os.environ["X"] = …` and its like. */
const setsVariables =
  /environ\s*\[[^\]]*\]\s*\|?=(?!=)|environ\s*\|=|environ\.(?:update|setdefault|pop|clear)\b|\bdel\s[^\n]*environ|\b(?:putenv|unsetenv|load_dotenv)\b/;

/** `globals()["GPU"] = …`: whether a function of Python's reaches every name. */
export function reachesNames(name: string, enclosing: Enclosing): boolean {
  return reachesAll.has(name) && enclosing.lookUp(name) === undefined;
}

const reachesAll = new Set(["globals", "exec", "eval", "setattr", "vars", "locals"]);

const mentions = new WeakMap<Code, ReadonlySet<string>>();

function mentionsOf(value: Code): ReadonlySet<string> {
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
