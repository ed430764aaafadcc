import { t } from "../../base/text.ts";
import { disturb, disturbTypes } from "./disturb.ts";
import { argumentsOf, evaluate } from "./expression.ts";
import { decoratedFunction, functionValue, libraryPath } from "./functionDefinition.ts";
import { spoiledBy, str, unknown } from "../value/plain.ts";
import { innerScope, type PythonScope } from "../library/pythonScope.ts";
import { refuseInner } from "../library/refusal.ts";
import { registersInside } from "../library/registering.ts";
import { spoil, spoilRun } from "../value/spoil.ts";
import { assignedIn, split, withoutType } from "./statement.ts";
import { childrenOf, nameAt, shown, walk, type Node } from "../value/tree.ts";
import type { ClassValue, Making, Value } from "../value/value.ts";

/** What a `class` statement makes. `decorators`: what stands above it. */
export function classValue(
  node: Node,
  name: string,
  decorators: readonly Node[],
  scope: PythonScope,
): ClassValue {
  const attributes = new Map<string, Value>();
  const given = argumentsOf(node.getChild("ArgList"), scope);
  const bases = given.positional.filter((base) => !isPlainBase(base));
  const isNamed = given.more === null && given.keywords.size === 0;
  const how = isNamed ? inherited(bases) : undefined;
  const statements = childrenOf(node.getChild("Body")).slice(1);
  refuseInner(statements, scope, true);
  const body = node.getChild("Body");
  const assigned =
    scope.isModule || body === null ? new Set<string>() : assignedIn(body, scope.tree);
  const inside = innerScope(attributes, scope, { ofClass: name, assigned });
  for (const statement of statements) member(statement, attributes, inside);
  const made: ClassValue = {
    kind: "class",
    name: `${scope.qualifier}${name}`,
    definition: node,
    tree: scope.tree,
    attributes,
    base: how?.base ?? null,
    objects: { how: "unknown", why: t("{0} is made by another class", name) },
    enclosing: scope.closure,
    spoiled: how === undefined ? t("{0} is made by another class", name) : null,
  };
  // What is not followed of the classes that it inherits from runs when it is made.
  for (const base of [...bases, ...given.keywords.values()])
    if (base.kind === "class" && base.objects.how === "unknown")
      spoilRun(base, t("{0} is made by another class", name));
  if (how !== undefined) made.objects = making(made, how.kind, decorators, scope);
  if (how !== undefined && made.objects.how === "members") makeMembers(made, how.kind);
  return made;
}

/** Classes that change nothing of those that inherit from them. */
function isPlainBase(base: Value): boolean {
  return base.kind === "library" && /^(builtins\.object|abc\.ABC)$/.test(base.path);
}

interface Inherited {
  readonly base: ClassValue | null;
  readonly kind: "plain" | "tuple" | "enumeration" | "texts" | "numbers";
}

/** undefined: what it inherits is not followed. */
function inherited(bases: readonly Value[]): Inherited | undefined {
  const [first, second, ...others] = bases;
  if (first === undefined) return { base: null, kind: "plain" };
  const paths = bases.map((base) => (base.kind === "library" ? base.path : ""));
  const last = paths.at(-1) ?? "";
  if (others.length === 0 && /^enum\.(Enum|IntEnum|StrEnum)$/.test(last)) {
    const isMixed = second === undefined || /^builtins\.(str|int)$/.test(paths[0] ?? "");
    if (!isMixed) return undefined;
    if (last === "enum.StrEnum" || paths[0] === "builtins.str")
      return { base: null, kind: "texts" };
    const isNumber = last === "enum.IntEnum" || paths[0] === "builtins.int";
    return { base: null, kind: isNumber ? "numbers" : "enumeration" };
  }
  if (second !== undefined) return undefined;
  if (last === "typing.NamedTuple") return { base: null, kind: "tuple" };
  if (first.kind !== "class" || spoiledBy(first) !== null) return undefined;
  return first.objects.how === "init" || first.objects.how === "fields"
    ? { base: first, kind: "plain" }
    : undefined;
}

/** Methods by which a class does something else than it says. */
const ordinary = /^__(init|post_init|repr|str|eq|hash|doc|module|annotations|slots|match_args)__$/;

function making(
  made: ClassValue,
  kind: Inherited["kind"],
  decorators: readonly Node[],
  scope: PythonScope,
): Making {
  const text = made.tree.textOf(made.definition);
  const strange = [...made.attributes.keys()].find(
    (name) => /^__\w+__$/.test(name) && !ordinary.test(name),
  );
  if (strange !== undefined)
    return { how: "unknown", why: t("{0} of {1} is not followed", strange, made.name) };
  if (kind === "enumeration" || kind === "texts" || kind === "numbers")
    return made.attributes.has("__init__") ||
      /\b_(missing|generate_next_value|ignore)_\b/.test(text)
      ? { how: "unknown", why: t("{0} makes its own members", made.name) }
      : { how: "members", isText: kind === "texts" };
  const isOne = decorators.some((decorator) => isDataclass(decorator, scope));
  if (kind === "tuple" || isOne || made.base?.objects.how === "fields") {
    const options = decorators.map((decorator) => made.tree.textOf(decorator)).join(" ");
    const isSimple =
      !/\b(init|kw_only)\s*=/.test(options) &&
      !/\b(init|kw_only)\s*=|\bInitVar\b|\bKW_ONLY\b/.test(text) &&
      !hasInnerFields(made);
    // A class below a dataclass that is none itself has the constructor of the one above.
    if (!isSimple || (!isOne && kind !== "tuple") || made.attributes.has("__init__"))
      return { how: "unknown", why: t("how {0} is made is not followed", made.name) };
    const fields = fieldsOf(made);
    // With slots the defaults are no attributes of the class.
    if (/\bslots\s*=/.test(options)) for (const name of fields.fields) made.attributes.delete(name);
    return fields;
  }
  // `super().__init__()` is not followed.
  if (made.base !== null && /\bsuper\s*\(/.test(text))
    return { how: "unknown", why: t("how {0} is made is not followed", made.name) };
  return { how: "init" };
}

/** Whether a field may stand in a branch or a loop of the class. */
function hasInnerFields({ definition }: ClassValue): boolean {
  return childrenOf(definition.getChild("Body")).some((statement) => {
    let isFound = false;
    if (/^(Assign|Decorated)Statement$|Definition$/.test(statement.name)) return false;
    walk(statement, ({ name }) => {
      isFound ||= name === "TypeDef";
      return !isFound;
    });
    return isFound;
  });
}

/** Its annotated names, after those of the dataclass that it inherits from. */
function fieldsOf({
  definition,
  tree,
  base,
  attributes,
}: ClassValue): Extract<Making, { readonly how: "fields" }> {
  const above = base?.objects.how === "fields" ? base.objects : undefined;
  const fields = childrenOf(definition.getChild("Body")).flatMap((statement) => {
    const type = statement.getChild("TypeDef");
    const name = statement.getChild("VariableName");
    if (statement.name !== "AssignStatement" || type === null || name === null) return [];
    return /\bClassVar\b/.test(tree.textOf(type)) ? [] : [nameAt(name, tree)];
  });
  const defaults = new Map(above?.defaults);
  for (const name of fields) {
    const value = attributes.get(name);
    if (value !== undefined) defaults.set(name, value);
  }
  return { how: "fields", fields: [...new Set([...(above?.fields ?? []), ...fields])], defaults };
}

/** Each plain value of an enumeration becomes an object with a name and a value. */
function makeMembers(made: ClassValue, kind: Inherited["kind"]): void {
  const values = new Set<string>();
  for (const [name, value] of made.attributes) {
    if (/^_\w*_$/.test(name) || value.kind === "function" || value.kind === "descriptor") continue;
    const isOne =
      (value.kind === "str" && kind !== "numbers") || (value.kind === "int" && kind !== "texts");
    const text = isOne ? `${value.kind} ${value.value}` : "";
    // Two names of one value are one member; whether a private name is one depends on the version.
    if (text === "" || values.has(text) || name.startsWith("__")) {
      made.attributes.set(name, unknown(t("it is not a plain member")));
      continue;
    }
    values.add(text);
    const attributes = new Map<string, Value>([
      ["name", str(name)],
      ["value", value],
    ]);
    made.attributes.set(name, { kind: "object", class: made, attributes, spoiled: null });
  }
}

export function isDataclass(decorator: Node, scope: PythonScope): boolean {
  return libraryPath(decorator, scope) === "dataclasses.dataclass";
}

function member(statement: Node, attributes: Map<string, Value>, scope: PythonScope): void {
  if (statement.name === "StatementGroup") {
    for (const one of childrenOf(statement)) member(one, attributes, scope);
    return;
  }
  const why = t("{0} in its class is not followed", shown(statement, scope.tree));
  if (statement.name === "AssignStatement" && attribute(statement, scope)) return;
  if (method(statement, attributes, scope)) return;
  const definition = statement.getChild("ClassDefinition");
  const decorators = statement.getChildren("Decorator");
  const inner = statement.name === "ClassDefinition" ? statement : definition;
  if (inner !== null) {
    const name = inner.getChild("VariableName");
    const text = name === null ? "" : nameAt(name, scope.tree);
    const made = classValue(inner, text, decorators, scope);
    attributes.set(text, made);
    if (decorators.every((one) => isDataclass(one, scope))) return;
    spoil(made, why);
  }
  // What stands in a method that a library decorates runs later, if at all.
  const isOfLibrary = decorators.every((one) => libraryPath(one, scope) !== undefined);
  if (statement.name === "DecoratedStatement" && isOfLibrary)
    for (const one of decorators) disturb(one, scope, why);
  else if (statement.name !== "FunctionDefinition") disturb(statement, scope, why);
  if (statement.name !== "AssignStatement") registersInside(statement, t("a class"), scope);
  for (const assigned of assignedIn(statement, scope.tree)) attributes.set(assigned, unknown(why));
}

/** `def …` in a class, also as a property; false: it is something else, or decorated by others. */
function method(statement: Node, attributes: Map<string, Value>, scope: PythonScope): boolean {
  const isDecorated = statement.name === "DecoratedStatement";
  const definition = isDecorated ? statement.getChild("FunctionDefinition") : statement;
  const decorators = isDecorated ? statement.getChildren("Decorator") : [];
  if (definition?.name !== "FunctionDefinition" || decorators.length > 1) return false;
  if (decorators.some((one) => libraryPath(one, scope)?.startsWith("builtins.") !== true))
    return false;
  const name = definition.getChild("VariableName");
  const text = name === null ? "" : nameAt(name, scope.tree);
  const made = functionValue(definition, text, scope);
  attributes.set(text, decoratedFunction(made, decorators, scope));
  return true;
}

/** `gpu = "T4"` in a class; false: it is something less plain. Names of the class are seen by what follows in its body. */
function attribute(statement: Node, scope: PythonScope): boolean {
  const [target, value, ...more] = split(childrenOf(statement), "AssignOp");
  const [name, ...others] = withoutType(target ?? []);
  const [expression, ...rest] = value ?? [];
  if (name === undefined || name.name !== "VariableName" || others.length > 0) return false;
  // `gpu: str` binds nothing.
  disturbTypes(statement, scope);
  if (value === undefined) return true;
  if (expression === undefined || rest.length > 0 || more.length > 0) return false;
  scope.bind(nameAt(name, scope.tree), evaluate(expression, scope));
  return true;
}
