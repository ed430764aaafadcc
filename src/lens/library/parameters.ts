import { dictionary, str } from "../value/plain.ts";
import { childrenOf, partsOf, type Node, type Tree } from "../value/tree.ts";
import type { Arguments, FunctionValue, Value } from "../value/value.ts";

export interface Parameter {
  readonly name: string;
  /** "rest": `*args`; "named": after a star; "options": `**more`. */
  readonly how: "plain" | "rest" | "named" | "options";
  readonly default: Node | undefined;
}

/** The parameters of a `def` or a lambda; undefined: they are not plain. */
export function parametersOf(definition: Node, tree: Tree): readonly Parameter[] | undefined {
  const list = definition.getChild("ParamList");
  if (list === null) return [];
  const found: Parameter[] = [];
  let isAfterStar = false;
  for (const part of partsOf(childrenOf(list))) {
    const [first, second] = part;
    if (first === undefined) continue;
    if (first.name === "*" || first.name === "**") {
      if (first.name === "*") isAfterStar = true;
      if (second === undefined) continue;
      const how = first.name === "*" ? "rest" : "options";
      found.push({ name: tree.textOf(second), how, default: undefined });
      continue;
    }
    if (first.name !== "VariableName") return undefined;
    const at = part.findIndex(({ name }) => name === "AssignOp");
    found.push({
      name: tree.textOf(first),
      how: isAfterStar ? "named" : "plain",
      default: at === -1 ? undefined : part[at + 1],
    });
  }
  return found;
}

/** What each parameter is in a call with these arguments; undefined: they do not fit. */
export function boundParameters(
  parameters: readonly Parameter[],
  { defaults }: Pick<FunctionValue, "defaults">,
  { positional, keywords }: Arguments,
): ReadonlyMap<string, Value> | undefined {
  const plain = parameters.filter(({ how }) => how === "plain");
  const bound = new Map<string, Value>();
  for (const [index, { name }] of plain.entries()) {
    const value = positional[index];
    if (value !== undefined) bound.set(name, value);
  }
  const rest = parameters.find(({ how }) => how === "rest");
  if (rest !== undefined)
    bound.set(rest.name, { kind: "tuple", items: positional.slice(plain.length) });
  else if (positional.length > plain.length) return undefined;
  const options: (readonly [Value, Value])[] = [];
  const more = parameters.find(({ how }) => how === "options");
  for (const [name, value] of keywords) {
    const isNamed = parameters.some((one) => one.name === name && /plain|named/.test(one.how));
    if (isNamed && bound.has(name)) return undefined;
    if (isNamed) bound.set(name, value);
    else if (more === undefined) return undefined;
    else options.push([str(name), value]);
  }
  if (more !== undefined) bound.set(more.name, dictionary(options));
  for (const { name } of parameters) {
    const value = bound.get(name) ?? defaults.get(name);
    if (value === undefined) return undefined;
    bound.set(name, value);
  }
  return bound;
}
