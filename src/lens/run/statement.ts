import { childrenOf, walk, type Node, type Tree } from "../value/tree.ts";

/** Names that functions in a piece of source change through `global` or `nonlocal`; `isShallow`: not those inside others. */
export function namesChangedBy(
  word: "global" | "nonlocal",
  node: Node | null,
  tree: Tree,
  { isShallow = false } = {},
): ReadonlySet<string> {
  const names = new Set<string>();
  if (node === null || !tree.textOf(node).includes(word)) return names;
  walk(node, (part) => {
    if (isShallow && part !== node && /^(Function|Class)Definition$/.test(part.name)) return false;
    if (part.name !== "ScopeStatement") return true;
    const [first, ...listed] = childrenOf(part);
    if (first?.name === word) for (const name of listed) names.add(tree.textOf(name));
    return false;
  });
  return names;
}

/** Every name that the statements may bind, wherever they stand in them; functions have names of their own. */
export function assignedIn(node: Node, tree: Tree): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (target: Node): void =>
    walk(target, (part) => {
      if (part.name === "VariableName") names.add(tree.textOf(part));
      // `CONFIG["gpu"] = …` binds no name.
      return part.name !== "MemberExpression";
    });
  walk(node, (part) => {
    switch (part.name) {
      case "AssignStatement":
        for (const group of split(childrenOf(part), "AssignOp").slice(0, -1)) group.forEach(add);
        return true;
      case "UpdateStatement":
        if (part.firstChild !== null) add(part.firstChild);
        return true;
      case "AssignOp":
        // `(name := value)`, also as an argument.
        if (tree.textOf(part) === ":=" && part.prevSibling !== null) add(part.prevSibling);
        return true;
      case "ForStatement": {
        const children = childrenOf(part);
        children
          .slice(
            1,
            children.findIndex(({ name }) => name === "in"),
          )
          .forEach(add);
        return true;
      }
      case "FunctionDefinition":
      case "ClassDefinition": {
        const name = part.getChild("VariableName");
        if (name !== null) add(name);
        return false;
      }
      case "ImportStatement":
      case "DeleteStatement":
        add(part);
        return false;
      case "LambdaExpression":
        return false;
      case "as":
        if (part.nextSibling !== null) add(part.nextSibling);
        return true;
      default:
        return true;
    }
  });
  return names;
}

/** Names whose value the statements may change in place: `CONFIG["gpu"] = …`, `gpus.append(…)`, `fill(CONFIG)`. */
export function changedIn(node: Node, tree: Tree): ReadonlySet<string> {
  const names = new Set<string>();
  walk(node, (part) => {
    if (part.name !== "VariableName") return true;
    const parent = part.parent;
    const isRead =
      parent?.name === "MemberExpression" &&
      parent.parent?.name !== "CallExpression" &&
      parent.parent?.name !== "DeleteStatement" &&
      parent.parent?.name !== "UpdateStatement" &&
      parent.nextSibling?.name !== "AssignOp";
    if (!isRead) names.add(tree.textOf(part));
    return true;
  });
  return names;
}

export interface Section {
  readonly word: string;
  readonly body: Node;
  /** Names that `except … as` binds. */
  readonly names: readonly Node[];
}

/** The parts of a `try` statement, each with the word before it. */
export function sections(children: readonly Node[]): readonly Section[] {
  const found: Section[] = [];
  let word = "";
  let names: Node[] = [];
  for (const [index, child] of children.entries()) {
    if (["try", "except", "else", "finally"].includes(child.name)) {
      word = child.name;
      names = [];
    } else if (child.name === "as") names.push(...children.slice(index + 1, index + 2));
    else if (child.name === "Body") found.push({ word, body: child, names });
  }
  return found;
}

/** The nodes between those of one name: between the `=` of an assignment. */
export function split(nodes: readonly Node[], at: string): readonly (readonly Node[])[] {
  const groups: Node[][] = [[]];
  for (const node of nodes) {
    if (node.name === at) groups.push([]);
    else groups.at(-1)?.push(node);
  }
  return groups;
}

/** The target of an assignment without its annotation. */
export function withoutType(nodes: readonly Node[]): readonly Node[] {
  return nodes.filter(({ name }) => name !== "TypeDef");
}
