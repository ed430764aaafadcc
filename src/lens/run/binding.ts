import { t } from "../../base/text.ts";
import { disturbTypes } from "./disturb.ts";
import { setAttributeOf } from "../value/attribute.ts";
import { itemsIn } from "../value/items.ts";
import { arithmetic } from "../value/operator.ts";
import { equal, sequence, spoiledBy, unknown } from "../value/plain.ts";
import type { PythonScope } from "../library/pythonScope.ts";
import { spoil } from "../value/spoil.ts";
import { split, withoutType } from "./statement.ts";
import { childrenOf, nameAt, partsOf, shown, type Node } from "../value/tree.ts";
import type { DictValue, Value } from "../value/value.ts";

export function assign(node: Node, scope: PythonScope): void {
  const groups = split(childrenOf(node), "AssignOp");
  disturbTypes(node, scope);
  const value = groups.at(-1);
  if (groups.length < 2 || value === undefined) return;
  const result = valueOfAll(value, scope);
  for (const group of groups.slice(0, -1)) bindTo(withoutType(group), result, scope);
}

/** A value, or several with commas between them. */
export function valueOfAll(nodes: readonly Node[], scope: PythonScope): Value {
  const parts = partsOf(nodes);
  const [only] = parts;
  if (parts.length === 1 && nodes.at(-1)?.name !== "," && only?.[0] !== undefined) {
    return only[0].name === "*" ? unpacked(only, scope) : scope.program.evaluate(only[0], scope);
  }
  const items = parts.map((part) => {
    const [first] = part;
    if (first !== undefined && first.name !== "*") return scope.program.evaluate(first, scope);
    unpacked(part, scope);
    return undefined;
  });
  if (items.includes(undefined)) return unknown(t("it is unpacked"));
  return { kind: "tuple", items: items.filter((item) => item !== undefined) };
}

function unpacked([, value]: readonly Node[], scope: PythonScope): Value {
  if (value !== undefined) scope.program.evaluate(value, scope);
  return unknown(t("it is unpacked"));
}

/** Binds a target, or several with commas between them. */
export function bindTo(nodes: readonly Node[], value: Value, scope: PythonScope): void {
  const parts = partsOf(nodes);
  const [first] = nodes;
  if (parts.length > 1 || nodes.at(-1)?.name === ",") unpack(parts, value, scope);
  else if (first !== undefined) bindOne(first, value, scope);
}

export function bindOne(target: Node, value: Value, scope: PythonScope): void {
  switch (target.name) {
    case "VariableName":
      scope.bind(nameAt(target, scope.tree), value);
      return;
    case "TupleExpression":
    case "ArrayExpression":
    case "ParenthesizedExpression":
      unpack(partsOf(childrenOf(target)), value, scope);
      return;
    case "MemberExpression":
      bindMember(target, value, scope);
      return;
    default:
  }
}

function unpack(parts: readonly (readonly Node[])[], value: Value, scope: PythonScope): void {
  const held = itemsIn(value);
  const items = held === undefined ? undefined : itemsFor(parts, held);
  for (const [index, part] of parts.entries()) {
    const target = part[0]?.name === "*" ? part[1] : part[0];
    if (target === undefined) continue;
    const item = items?.[index];
    bindOne(target, item ?? unknown(spoiledBy(value) ?? t("it is unpacked")), scope);
  }
}

/** What each target gets: one with a star a list of what the others leave. undefined: they are too few or too many. */
function itemsFor(
  parts: readonly (readonly Node[])[],
  items: readonly Value[],
): readonly Value[] | undefined {
  const star = parts.findIndex(([first]) => first?.name === "*");
  if (star === -1) return items.length === parts.length ? items : undefined;
  const after = parts.length - star - 1;
  if (items.length < parts.length - 1) return undefined;
  const rest = sequence("list", items.slice(star, items.length - after));
  return [...items.slice(0, star), rest, ...items.slice(items.length - after)];
}

/** `CONFIG["gpu"] = …`, `os.environ["X"] = …`, `Config.gpu = …` */
function bindMember(target: Node, value: Value, scope: PythonScope): void {
  const [objectNode, operator, last, ...more] = childrenOf(target);
  if (objectNode === undefined || last === undefined) return;
  const object = scope.program.evaluate(objectNode, scope);
  const why = t("it is changed by {0} = …", shown(target, scope.tree));
  const isCertain = scope.program.undecided === 0;
  if (operator?.name === ".") {
    const name = nameAt(last, scope.tree);
    if (object.kind === "module") object.module.bind(name, isCertain ? value : unknown(why));
    else if (!setAttributeOf(object, name, value, isCertain)) changed(object, why, scope);
    return;
  }
  const key = more.length === 1 ? scope.program.evaluate(last, scope) : unknown(t("it is a slice"));
  if (object.kind === "library" && object.path === "os.environ") {
    const assigned = value.kind === "str" && isCertain ? value.value : unknown(why);
    if (key.kind === "str") scope.program.environment.set(key.value, assigned);
    else scope.program.environment.forget(why);
  } else if (object.kind === "globals") {
    if (key.kind !== "str") scope.forget(why);
    else object.module.bind(key.value, isCertain ? value : unknown(why));
  } else if (object.kind === "dict" && isCertain && spoiledBy(key) === null) {
    object.entries.push([key, value]);
  } else changed(object, why, scope);
}

/** `sys.modules[__name__].gpu = …`: what nobody knows may be this module. */
function changed(object: Value, why: string, scope: PythonScope): void {
  if (object.kind === "library" && object.path.startsWith("sys.")) {
    scope.forget(why);
    scope.program.forgetModules(why);
  } else if (object.kind === "library" && /^os\b/.test(object.path))
    scope.program.environment.forget(why);
  else spoil(object, why);
}

/** `del name`, `del CONFIG["gpu"]`, `del Config.gpu`. */
export function remove(target: Node, scope: PythonScope): void {
  if (target.name === "VariableName") {
    scope.bind(scope.tree.textOf(target), unknown(t("it is deleted")));
    return;
  }
  const [object, , key] = childrenOf(target);
  const why = t("it is changed by del {0}", shown(target, scope.tree));
  if (target.name !== "MemberExpression" || object === undefined) {
    for (const child of childrenOf(target)) remove(child, scope);
    return;
  }
  const value = scope.program.evaluate(object, scope);
  const name = key === undefined ? undefined : scope.program.evaluate(key, scope);
  if (value.kind === "library" && value.path === "os.environ") {
    if (name?.kind !== "str") scope.program.environment.forget(why);
    else
      scope.program.environment.set(name.value, scope.program.undecided > 0 ? unknown(why) : null);
  } else if (value.kind === "globals") scope.forget(why);
  else if (value.kind === "dict" && name !== undefined && isWithout(value, name, scope))
    value.entries = value.entries.filter(([one]) => equal(one, name) === false);
  else changed(value, why, scope);
}

/** Whether it is certain what a dictionary is without a key. */
function isWithout({ entries, spoiled }: DictValue, key: Value, { program }: PythonScope): boolean {
  if (spoiled !== null || spoiledBy(key) !== null || program.undecided > 0) return false;
  return entries.every(([one]) => equal(one, key) !== undefined);
}

export function update(node: Node, scope: PythonScope): void {
  const [target, operator, ...value] = childrenOf(node);
  if (target === undefined || operator === undefined) return;
  const before = scope.program.evaluate(target, scope);
  if (before.kind === "library" && before.path === "os.environ")
    scope.program.environment.forget(t("it is changed in place"));
  const after = arithmetic(
    scope.tree.textOf(operator).slice(0, -1),
    before,
    valueOfAll(value, scope),
  );
  // A list is changed in place, also under its other names.
  if (before.kind === "list" || before.kind === "dict") spoil(before, t("it is changed in place"));
  bindOne(target, after, scope);
}
