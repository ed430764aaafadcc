import { parser } from "@lezer/python";

/** A piece of the syntax tree. */
export type Node = ReturnType<typeof parser.parse>["topNode"];

export interface Tree {
  readonly top: Node;
  textOf(node: Node): string;
  /** The line of an offset, from 1. */
  readonly lineAt: (offset: number) => number;
  /** Offsets of what could not be read, in order: no Python, or Python that the parser does not know. */
  readonly errors: readonly number[];
}

/** Reads Python source. Never throws: what is no Python becomes error nodes. */
export function parse(text: string): Tree {
  // A byte order mark is no part of the source, nor of an editor's offsets.
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const top = parser.parse(source).topNode;
  return {
    top,
    errors: errorsIn(top),
    textOf: (node) => source.slice(node.from, node.to),
    lineAt: (offset) => source.slice(0, offset).split("\n").length,
  };
}

function errorsIn(top: Node): readonly number[] {
  const found: number[] = [];
  const cursor = top.cursor();
  do {
    if (cursor.type.isError) found.push(cursor.from);
  } while (cursor.next());
  return found;
}

/** The name that a node says, as Python keeps it: `__gpu` in a class is `_Config__gpu`. */
export function nameAt(node: Node, tree: Tree): string {
  const name = tree.textOf(node);
  if (!name.startsWith("__") || name.endsWith("__")) return name;
  for (let inner = node, outer = node.parent; outer !== null; inner = outer, outer = outer.parent) {
    const of = outer.name === "ClassDefinition" ? outer.getChild("VariableName") : null;
    if (of === null || inner.name !== "Body") continue;
    const owner = tree.textOf(of).replace(/^_+/, "");
    return owner === "" ? name : `_${owner}${name}`;
  }
  return name;
}

/** The children in their order, punctuation included and comments left out. */
export function childrenOf(node: Node | null): readonly Node[] {
  const children: Node[] = [];
  for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) {
    if (child.name !== "Comment") children.push(child);
  }
  return children;
}

/** Children between commas, without brackets: the parts of a tuple, a list or a call's arguments. */
export function partsOf(children: readonly Node[]): readonly (readonly Node[])[] {
  const parts: Node[][] = [[]];
  for (const child of children) {
    if (child.name === ",") parts.push([]);
    else if (!brackets.has(child.name)) parts.at(-1)?.push(child);
  }
  return parts.filter((part) => part.length > 0);
}

const brackets = new Set(["(", ")", "[", "]", "{", "}"]);

/** Calls back for the node and everything below it, in order; `visit` answers false to leave out what is below. */
export function walk(node: Node, visit: (node: Node) => boolean): void {
  const stack = [node];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (!visit(next)) continue;
    for (let child = next.lastChild; child !== null; child = child.prevSibling) stack.push(child);
  }
}

/** A piece of source, short enough for a sentence. */
export function shown(node: Node, tree: Tree): string {
  const text = tree.textOf(node).replaceAll(/\s+/g, " ");
  return text.length > 50 ? `${text.slice(0, 49)}…` : text;
}
