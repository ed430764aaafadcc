import { childrenOf, type Node, type Tree } from "./tree.ts";
import type { Value } from "./value.ts";

/** One import statement, as the interpreter reads it. */
export interface ImportSource {
  /** Leading dots: 0 for an absolute import. */
  readonly level: number;
  /** "pkg.common"; "" for `from . import x`. */
  readonly module: string;
  /** What `from` takes of it; null for a plain `import`. "*" takes all. */
  readonly names: readonly { readonly name: string; readonly as: string }[] | null;
  /** The name that a plain `import` binds. */
  readonly as: string | null;
}

/** `import a.b as c, d` is two; `from .a import (b as c, d)` is one. */
export function importsOf(statement: Node, tree: Tree): readonly ImportSource[] {
  const words = childrenOf(statement).map((node) => tree.textOf(node));
  return words[0] === "from" ? [fromImport(words)] : plainImports(words.slice(1));
}

function fromImport(words: readonly string[]): ImportSource {
  const at = words.indexOf("import");
  const source = words.slice(1, at === -1 ? undefined : at).join("");
  const level = /^\.*/.exec(source)?.[0].length ?? 0;
  const taken = at === -1 ? [] : words.slice(at + 1).filter((word) => word !== "(" && word !== ")");
  return {
    level,
    module: source.slice(level),
    names: split(taken).flatMap(([name, as, alias]) =>
      name === undefined ? [] : [{ name, as: as === "as" && alias !== undefined ? alias : name }],
    ),
    as: null,
  };
}

function plainImports(words: readonly string[]): readonly ImportSource[] {
  return split(words).flatMap((part) => {
    const at = part.indexOf("as");
    const module = (at === -1 ? part : part.slice(0, at)).join("");
    if (module === "") return [];
    return [{ level: 0, module, names: null, as: at === -1 ? null : (part[at + 1] ?? null) }];
  });
}

/** The parts between commas. */
function split(words: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = [[]];
  for (const word of words) {
    if (word === ",") parts.push([]);
    else parts.at(-1)?.push(word);
  }
  return parts.filter((part) => part.length > 0);
}

/** What `import *` takes of a module: what its `__all__` lists; undefined: that cannot be told. */
export function takenByStar(
  names: ReadonlyMap<string, Value>,
): readonly (readonly [string, Value])[] | undefined {
  const listed = names.get("__all__");
  if (listed === undefined) return [...names].filter(([name]) => !name.startsWith("_"));
  if ((listed.kind !== "list" || listed.spoiled !== null) && listed.kind !== "tuple")
    return undefined;
  const wanted = new Set(listed.items.map((item) => (item.kind === "str" ? item.value : "")));
  return [...names].filter(([name]) => wanted.has(name));
}
