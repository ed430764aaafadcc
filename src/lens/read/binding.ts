import { t } from "../../base/text.ts";
import { evaluate } from "./expression.ts";
import { arithmetic } from "./operator.ts";
import { spoil, spoiledBy, unknown } from "./plain.ts";
import type { PythonScope } from "./pythonScope.ts";
import { split, withoutType } from "./statement.ts";
import { childrenOf, partsOf, shown, type Node } from "./tree.ts";
import type { Value } from "./value.ts";

export function assign(node: Node, scope: PythonScope): void {
  const groups = split(childrenOf(node), "AssignOp");
  const value = groups.at(-1);
  if (groups.length < 2 || value === undefined) return;
  const result = valueOf(value, scope);
  for (const group of groups.slice(0, -1)) bindTo(withoutType(group), result, scope);
}

/** A value, or several with commas between them. */
function valueOf(nodes: readonly Node[], scope: PythonScope): Value {
  const parts = partsOf(nodes);
  const [only] = parts;
  if (parts.length === 1 && nodes.at(-1)?.name !== "," && only?.[0] !== undefined) {
    return only[0].name === "*" ? unknown(t("it is unpacked")) : evaluate(only[0], scope);
  }
  const items = parts.map(([first]) =>
    first === undefined || first.name === "*" ? undefined : evaluate(first, scope),
  );
  if (items.includes(undefined)) return unknown(t("it is unpacked"));
  return { kind: "tuple", items: items.filter((item) => item !== undefined) };
}

function bindTo(nodes: readonly Node[], value: Value, scope: PythonScope): void {
  const parts = partsOf(nodes);
  const [first] = nodes;
  if (parts.length > 1 || nodes.at(-1)?.name === ",") unpack(parts, value, scope);
  else if (first !== undefined) bindOne(first, value, scope);
}

export function bindOne(target: Node, value: Value, scope: PythonScope): void {
  switch (target.name) {
    case "VariableName":
      scope.bind(scope.tree.textOf(target), value);
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
  const isSequence = (value.kind === "tuple" || value.kind === "list") && spoiledBy(value) === null;
  const hasStar = parts.some(([first]) => first?.name === "*");
  for (const [index, part] of parts.entries()) {
    const target = part[0]?.name === "*" ? part[1] : part[0];
    if (target === undefined) continue;
    const item =
      isSequence && !hasStar && value.items.length === parts.length
        ? value.items[index]
        : undefined;
    bindOne(target, item ?? unknown(spoiledBy(value) ?? t("it is unpacked")), scope);
  }
}

/** `CONFIG["gpu"] = …`, `os.environ["X"] = …`, `Config.gpu = …` */
function bindMember(target: Node, value: Value, scope: PythonScope): void {
  const [objectNode, operator, last, ...more] = childrenOf(target);
  if (objectNode === undefined || last === undefined) return;
  const object = evaluate(objectNode, scope);
  const why = t("it is changed by {0} = …", shown(target, scope.tree));
  const isCertain = scope.program.undecided === 0;
  if (operator?.name === ".") {
    const name = scope.tree.textOf(last);
    if (object.kind === "class" && isCertain) object.attributes.set(name, value);
    else if (object.kind === "module") object.module.bind(name, isCertain ? value : unknown(why));
    else spoil(object, why);
    return;
  }
  const key = more.length === 1 ? evaluate(last, scope) : unknown(t("it is a slice"));
  if (object.kind === "library" && object.path === "os.environ") {
    const known = value.kind === "str" && isCertain ? value.value : unknown(why);
    if (key.kind === "str") scope.program.environment.set(key.value, known);
    else scope.program.environment.forget(why);
  } else if (object.kind === "dict" && isCertain && spoiledBy(key) === null) {
    object.entries.push([key, value]);
  } else spoil(object, why);
}

export function update(node: Node, scope: PythonScope): void {
  const [target, operator, ...value] = childrenOf(node);
  if (target === undefined || operator === undefined) return;
  const before = evaluate(target, scope);
  const after = arithmetic(scope.tree.textOf(operator).slice(0, -1), before, valueOf(value, scope));
  // A list is changed in place, also under its other names.
  if (before.kind === "list" || before.kind === "dict") spoil(before, t("it is changed in place"));
  bindOne(target, after, scope);
}
