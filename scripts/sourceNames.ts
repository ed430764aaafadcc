import { parseSync, visitorKeys } from "oxc-parser";
import type { Class, Node, Program } from "oxc-parser";

/*
 * Names in the source of the product: what is exported twice, the members of classes and interfaces
 * that nothing in the product reads, and variables that do not say what they hold; and titles of tests
 * that have to be decoded. Names are compared, not types: a member that shares its name with a living
 * one is not found.
 */

export interface SourceFile {
  readonly path: string;
  readonly source: string;
}

/** A name, and each place that declares it: "src/cost/call.ts:12". */
export interface NameFinding {
  readonly name: string;
  readonly places: readonly string[];
}

/** Names that more than one declaration exports. */
export function exportedTwice(files: readonly SourceFile[]): readonly NameFinding[] {
  const places = new Places();
  for (const file of files) {
    for (const statement of parsed(file).body) {
      if (statement.type !== "ExportNamedDeclaration") continue;
      for (const id of declaredBy(statement.declaration)) places.add(file, id.name, id.start);
      for (const { exported } of statement.specifiers)
        if (exported.type === "Identifier") places.add(file, exported.name, exported.start);
    }
  }
  return places.findings(({ length }) => length > 1);
}

/**
 * Members of classes and interfaces that no file reads. Those that an interface of another package
 * asks for are called from there, and are left out.
 */
export function unreadMembers(files: readonly SourceFile[]): readonly NameFinding[] {
  const places = new Places();
  const read = new Set<string>();
  for (const file of files) {
    const program = parsed(file);
    const foreign = foreignNames(program);
    const visit = (node: Node, isCalledByOthers: boolean): void => {
      for (const name of namesReadBy(node)) read.add(name);
      const name = isCalledByOthers ? undefined : memberName(node);
      if (name !== undefined) places.add(file, name, node.start);
      const isForeign = isCalledByOthers || (isClass(node) && implementsForeign(node, foreign));
      for (const child of childrenOf(node)) visit(child, isForeign);
    };
    visit(program, false);
  }
  return places.findings((_, name) => !read.has(name));
}

const sayNothing: ReadonlySet<string> = new Set(["own", "told", "known"]);

/** Variables, parameters and private fields that say how something is known, and not what it is. */
export function vagueNames(files: readonly SourceFile[]): readonly NameFinding[] {
  const places = new Places();
  for (const file of files) {
    const visit = (node: Node): void => {
      for (const id of boundBy(node))
        if (sayNothing.has(id.name)) places.add(file, id.name, id.start);
      for (const child of childrenOf(node)) visit(child);
    };
    visit(parsed(file));
  }
  return places.findings(() => true);
}

/** Who told whom, or of whose own what, a reader of the title alone has to guess. */
const vagueWords = /\b(told|known)\b|\bown\b(?=[\s'"]*([,;:.)]|$))/i;

/** Titles of tests and suites that leave out who says something, or what somebody has of their own. */
export function vagueTitles(files: readonly SourceFile[]): readonly NameFinding[] {
  const places = new Places();
  for (const file of files) {
    const visit = (node: Node): void => {
      for (const { text, start } of titleOf(node))
        if (vagueWords.test(text)) places.add(file, text, start);
      for (const child of childrenOf(node)) visit(child);
    };
    visit(parsed(file));
  }
  return places.findings(() => true);
}

/** `it("title", …)`, `describe.only(`title of ${it}`, …)`. */
function titleOf(node: Node): readonly { readonly text: string; readonly start: number }[] {
  if (node.type !== "CallExpression") return [];
  const callee = node.callee.type === "MemberExpression" ? node.callee.object : node.callee;
  const isTest = callee.type === "Identifier" && ["describe", "it"].includes(callee.name);
  const title = node.arguments[0];
  if (!isTest || title === undefined) return [];
  const { start } = title;
  if (title.type === "TemplateLiteral")
    return [{ text: title.quasis.map(({ value }) => value.raw).join("…"), start }];
  return textOf(title).map((text) => ({ text, start }));
}

/** What a declaration, a function, a class or a pattern binds under a name of its own choice. */
function boundBy(node: Node): readonly Named[] {
  return bindingsOf(node).flatMap((target): readonly Named[] =>
    target?.type === "Identifier" || target?.type === "PrivateIdentifier" ? [target] : [],
  );
}

function bindingsOf(node: Node): readonly (Node | null)[] {
  switch (node.type) {
    case "VariableDeclarator":
      return [node.id];
    case "ArrowFunctionExpression":
    case "FunctionDeclaration":
    case "FunctionExpression":
      return node.params;
    case "PropertyDefinition":
      return node.key.type === "PrivateIdentifier" ? [node.key] : [];
    case "ArrayPattern":
      return node.elements;
    case "AssignmentPattern":
      return [node.left];
    case "RestElement":
      return [node.argument];
    case "ObjectPattern":
      // `{ known }` takes a property's own name, which its type gives.
      return node.properties.flatMap((one) =>
        one.type === "Property" && !one.shorthand ? [one.value] : [],
      );
    default:
      return [];
  }
}

class Places {
  readonly #places = new Map<string, string[]>();

  add({ path, source }: SourceFile, name: string, start: number): void {
    const line = source.slice(0, start).split("\n").length;
    this.#places.set(name, [...(this.#places.get(name) ?? []), `${path}:${line}`]);
  }

  findings(isOne: (places: readonly string[], name: string) => boolean): readonly NameFinding[] {
    return [...this.#places]
      .filter(([name, places]) => isOne(places, name))
      .map(([name, places]) => ({ name, places }));
  }
}

function parsed({ path, source }: SourceFile): Program {
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message ?? ""}`);
  return program;
}

interface Named {
  readonly name: string;
  readonly start: number;
}

function declaredBy(declaration: Node | null): readonly Named[] {
  switch (declaration?.type) {
    case "VariableDeclaration":
      return declaration.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id] : []));
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSEnumDeclaration":
      return declaration.id === null ? [] : [declaration.id];
    default:
      return [];
  }
}

/** What a file imports from a package, or from Node. */
function foreignNames({ body }: Program): ReadonlySet<string> {
  const names = body.flatMap((statement) =>
    statement.type === "ImportDeclaration" && !statement.source.value.startsWith(".")
      ? statement.specifiers.map(({ local }) => local.name)
      : [],
  );
  return new Set(names);
}

function isClass(node: Node): node is Class {
  return node.type === "ClassDeclaration" || node.type === "ClassExpression";
}

function implementsForeign(node: Class, foreign: ReadonlySet<string>): boolean {
  return (node.implements ?? []).some(({ expression }) => {
    let root: Node = expression;
    while (root.type === "MemberExpression") root = root.object;
    return root.type === "Identifier" && foreign.has(root.name);
  });
}

/** The name of the member that the node declares. One that overrides is called by its parent class. */
function memberName(node: Node): string | undefined {
  switch (node.type) {
    case "TSPropertySignature":
    case "TSMethodSignature":
      return keyOf(node);
    case "MethodDefinition":
      return node.kind === "constructor" || node.override ? undefined : keyOf(node);
    case "PropertyDefinition":
      return node.override ? undefined : keyOf(node);
    default:
      return undefined;
  }
}

function keyOf({ key, computed }: { readonly key: Node; readonly computed: boolean }) {
  return key.type === "Identifier" && !computed ? key.name : undefined;
}

/** `x.name`, `x["name"]`, `"name" in x`, `const { name } = x`. */
function namesReadBy(node: Node): readonly string[] {
  switch (node.type) {
    case "MemberExpression":
      if (!node.computed && node.property.type === "Identifier") return [node.property.name];
      return textOf(node.property);
    case "BinaryExpression":
      return node.operator === "in" ? textOf(node.left) : [];
    case "ObjectPattern":
      return node.properties.flatMap((property) =>
        property.type === "Property" && property.key.type === "Identifier"
          ? [property.key.name]
          : [],
      );
    default:
      return [];
  }
}

function textOf(node: Node): readonly string[] {
  return node.type === "Literal" && typeof node.value === "string" ? [node.value] : [];
}

function childrenOf(node: Node): readonly Node[] {
  const fields = new Map<string, unknown>(Object.entries(node));
  return (visitorKeys[node.type] ?? []).flatMap((key) => fields.get(key)).filter(isNode);
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"
  );
}
