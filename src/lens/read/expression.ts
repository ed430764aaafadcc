import { t } from "../../base/text.ts";
import { callBuiltin, callMethod } from "./builtin.ts";
import { numberLiteral, stringParts, unescaped } from "./literal.ts";
import { callModal } from "./modal.ts";
import { arithmetic, compared, itemOf, negated } from "./operator.ts";
import {
  dictionary,
  sequence,
  bool,
  float,
  int,
  none,
  numberOf,
  spoil,
  spoiledBy,
  str,
  textOf,
  truthOf,
  unknown,
} from "./plain.ts";
import { childrenOf, partsOf, shown, walk, type Node } from "./tree.ts";
import type { PythonScope } from "./pythonScope.ts";
import { noArguments, type Arguments, type FunctionValue, type Value } from "./value.ts";

/** Deeper than anything that a person writes, and far from the end of the stack. */
const maxDepth = 200;

/** What a Python expression is worth at import. Never throws; what is not followed is unknown, with the reason. */
export function evaluate(node: Node, scope: PythonScope): Value {
  const { program } = scope;
  if (program.depth >= maxDepth) return unknown(t("it is nested too deeply"));
  program.depth += 1;
  try {
    return valueOf(node, scope);
  } finally {
    program.depth -= 1;
  }
}

function valueOf(node: Node, scope: PythonScope): Value {
  const { tree } = scope;
  switch (node.name) {
    case "String":
      return stringValue(tree.textOf(node));
    case "ContinuedString":
      return joined(childrenOf(node).map((part) => evaluate(part, scope)));
    case "FormatString":
      return formatString(node, scope);
    case "Number":
      return numberLiteral(tree.textOf(node));
    case "Boolean":
      return bool(tree.textOf(node) === "True");
    case "None":
      return none;
    case "VariableName":
      return scope.read(tree.textOf(node));
    case "ParenthesizedExpression": {
      const inner = childrenOf(node)[1];
      return inner === undefined ? unknown(t("it is not whole")) : evaluate(inner, scope);
    }
    case "TupleExpression":
      return listOf("tuple", node, scope);
    case "ArrayExpression":
      return listOf("list", node, scope);
    case "DictionaryExpression":
      return dictOf(node, scope);
    case "MemberExpression":
      return member(node, scope);
    case "CallExpression":
      return call(node, scope);
    case "UnaryExpression":
      return unary(node, scope);
    case "BinaryExpression":
      return binary(node, scope);
    case "ConditionalExpression":
      return conditional(node, scope);
    case "NamedExpression": {
      const [name, , value] = childrenOf(node);
      if (name === undefined || value === undefined) return unknown(t("it is not whole"));
      const result = evaluate(value, scope);
      scope.bind(tree.textOf(name), result);
      return result;
    }
    default:
      return unknown(t("{0} is not followed", shown(node, tree)));
  }
}

function stringValue(literal: string): Value {
  const parts = stringParts(literal);
  if (parts === undefined || parts.isBytes) return unknown(t("it is no plain text"));
  const text = parts.isRaw ? parts.body : unescaped(parts.body);
  return text === undefined ? unknown(t("it names a character")) : str(text);
}

function joined(parts: readonly Value[]): Value {
  let text = "";
  for (const part of parts) {
    if (part.kind !== "str")
      return part.kind === "unknown" ? part : unknown(t("it is no plain text"));
    text += part.value;
  }
  return str(text);
}

function formatString(node: Node, scope: PythonScope): Value {
  const { tree } = scope;
  const parts = stringParts(tree.textOf(node));
  if (parts === undefined || parts.isBytes) return unknown(t("it is no plain text"));
  const begin = node.from + parts.bodyAt;
  const end = begin + parts.body.length;
  const pieces: Value[] = [];
  let at = begin;
  const plain = (to: number): void => {
    const raw = parts.body
      .slice(at - begin, to - begin)
      .replaceAll(/\{\{|\}\}/g, (pair) => pair.slice(1));
    const text = parts.isRaw ? raw : unescaped(raw);
    pieces.push(text === undefined ? unknown(t("it names a character")) : str(text));
  };
  for (const replacement of node.getChildren("FormatReplacement")) {
    plain(replacement.from);
    const [, inner, ...more] = childrenOf(replacement);
    // "!r", ":>10" and "{x=}" change how it is written.
    const isPlain = more.length === 1 && more[0]?.name === "}";
    const value = inner === undefined || !isPlain ? undefined : evaluate(inner, scope);
    const text = value === undefined ? undefined : textOf(value);
    if (text === undefined)
      return value?.kind === "unknown"
        ? value
        : unknown(t("{0} is not followed", shown(replacement, tree)));
    pieces.push(str(text));
    at = replacement.to;
  }
  plain(end);
  return joined(pieces);
}

function listOf(kind: "tuple" | "list", node: Node, scope: PythonScope): Value {
  const items: Value[] = [];
  for (const part of partsOf(childrenOf(node))) {
    const [first, second] = part;
    if (first === undefined) continue;
    if (first.name === "*" && second !== undefined) {
      const inner = evaluate(second, scope);
      if ((inner.kind !== "tuple" && inner.kind !== "list") || spoiledBy(inner) !== null)
        return unknown(t("what {0} holds is not known", shown(second, scope.tree)));
      items.push(...inner.items);
    } else items.push(evaluate(first, scope));
  }
  return sequence(kind, items);
}

function dictOf(node: Node, scope: PythonScope): Value {
  const entries: (readonly [Value, Value])[] = [];
  for (const part of partsOf(childrenOf(node))) {
    const [first, second, third] = part;
    if (first?.name === "**" && second !== undefined) {
      const inner = evaluate(second, scope);
      if (inner.kind !== "dict" || inner.spoiled !== null)
        return unknown(t("what {0} holds is not known", shown(second, scope.tree)));
      entries.push(...inner.entries);
    } else if (first !== undefined && second?.name === ":" && third !== undefined) {
      entries.push([evaluate(first, scope), evaluate(third, scope)]);
    } else return unknown(t("it is no plain dictionary"));
  }
  return dictionary(entries);
}

function member(node: Node, scope: PythonScope): Value {
  const [object, operator, last, ...more] = childrenOf(node);
  if (object === undefined || last === undefined) return unknown(t("it is not whole"));
  const value = evaluate(object, scope);
  if (operator?.name === ".") return attributeOf(value, scope.tree.textOf(last));
  if (more.length !== 1) return unknown(t("{0} is not followed", shown(node, scope.tree)));
  const key = evaluate(last, scope);
  if (value.kind === "library" && value.path === "os.environ") {
    if (key.kind !== "str") return unknown(t("which variable it reads is not known"));
    const found = scope.program.environment.get(key.value);
    if (found === null) return unknown(t("the variable {0} is not set", key.value));
    return typeof found === "string" ? str(found) : found;
  }
  return itemOf(value, key);
}

/** `object.name` */
export function attributeOf(object: Value, name: string): Value {
  const spoiled = spoiledBy(object);
  if (spoiled !== null) return unknown(spoiled);
  switch (object.kind) {
    case "library":
      return { kind: "library", path: `${object.path}.${name}` };
    case "module":
      return (
        object.module.names.get(name) ?? unknown(t("{0} has no {1}", object.module.file, name))
      );
    case "class":
      return (
        object.attributes.get(name) ?? unknown(t("{0} has no {1} of its own", object.name, name))
      );
    case "app":
      if (name === "function" || name === "cls" || name === "server")
        return { kind: "registration", app: object.app, how: name, given: noArguments };
      if (name === "name" && object.app.name.kind === "known") return str(object.app.name.value);
      return unknown(t(".{0} of an app is not followed", name));
    default:
      return unknown(t(".{0} is not followed", name));
  }
}

function call(node: Node, scope: PythonScope): Value {
  const [callee] = childrenOf(node);
  if (callee === undefined) return unknown(t("it is not whole"));
  const args = argumentsOf(node.getChild("ArgList"), scope);
  if (callee.name === "MemberExpression") {
    const [object, dot, method] = childrenOf(callee);
    if (object !== undefined && dot?.name === "." && method !== undefined) {
      const value = evaluate(object, scope);
      const name = scope.tree.textOf(method);
      const known = callMethod(value, name, args, scope);
      if (known !== undefined) return known;
      return callValue(attributeOf(value, name), args, node, scope, value);
    }
  }
  return callValue(evaluate(callee, scope), args, node, scope);
}

/** Calls a value, as a decorator or in an expression. `on`: the object whose method it is. */
export function callValue(
  callee: Value,
  args: Arguments,
  node: Node,
  scope: PythonScope,
  on?: Value,
): Value {
  const known =
    callModal(callee, args, node, scope) ??
    (callee.kind === "library" ? callBuiltin(callee.path, args, scope) : undefined);
  if (known !== undefined) return known;
  const why = t("what {0} gives is not known", shown(node, scope.tree));
  // What is handed to unknown code may come back changed.
  for (const value of [...args.positional, ...args.keywords.values()]) spoil(value, why);
  if (on !== undefined) spoil(on, why);
  if (callee.kind === "function") spoilMentioned(callee, why);
  return unknown(why);
}

/** A function of the workspace may change every list, dictionary and class that its body names. */
function spoilMentioned(
  { definition, tree, names }: FunctionValue,
  why: string,
  seen = new Set<Node>(),
): void {
  if (seen.has(definition)) return;
  seen.add(definition);
  const known = names();
  walk(definition, (node) => {
    if (node.name !== "VariableName") return true;
    const value = known.get(tree.textOf(node));
    if (value === undefined) return true;
    if (value.kind === "function") spoilMentioned(value, why, seen);
    else spoil(value, why);
    return true;
  });
}

/** The arguments of a call or a decorator, evaluated from left to right. */
export function argumentsOf(list: Node | null, scope: PythonScope): Arguments {
  const positional: Value[] = [];
  const keywords = new Map<string, Value>();
  let more: string | null = null;
  for (const part of partsOf(childrenOf(list))) {
    const [first, second, third] = part;
    if (first === undefined) continue;
    if (first.name === "*" || first.name === "**") {
      const inner = second === undefined ? unknown(t("it is not whole")) : evaluate(second, scope);
      more ??= spread(
        first.name,
        inner,
        positional,
        keywords,
        `${first.name}${second === undefined ? "" : shown(second, scope.tree)}`,
      );
    } else if (second?.name === "AssignOp" && third !== undefined) {
      keywords.set(scope.tree.textOf(first), evaluate(third, scope));
    } else if (part.length === 1) positional.push(evaluate(first, scope));
    // A comprehension, or something that is no Python.
    else positional.push(unknown(t("{0}… is not followed", shown(first, scope.tree))));
  }
  return { positional, keywords, more };
}

/** Takes in `*items` or `**options`; answers why it cannot, or null. */
function spread(
  stars: "*" | "**",
  inner: Value,
  positional: Value[],
  keywords: Map<string, Value>,
  text: string,
): string | null {
  const spoiled = spoiledBy(inner);
  if (spoiled !== null) return t("what {0} holds is not known: {1}", text, spoiled);
  if (stars === "*" && (inner.kind === "tuple" || inner.kind === "list")) {
    positional.push(...inner.items);
    return null;
  }
  if (stars === "**" && inner.kind === "dict") {
    for (const [key, value] of inner.entries) {
      if (key.kind !== "str") return t("not all keys of {0} are known", text);
      keywords.set(key.value, value);
    }
    return null;
  }
  return t("what {0} holds is not known", text);
}

function unary(node: Node, scope: PythonScope): Value {
  const [operator, operand] = childrenOf(node);
  if (operator === undefined || operand === undefined) return unknown(t("it is not whole"));
  const value = evaluate(operand, scope);
  if (operator.name === "not") {
    const truth = truthOf(value);
    return truth === undefined ? unknownTruth(value, operand, scope) : bool(!truth);
  }
  const number = numberOf(value);
  if (number === undefined) return value.kind === "unknown" ? value : unknown(t("it is no number"));
  const sign = scope.tree.textOf(operator);
  if (sign !== "-" && sign !== "+") return unknown(t('"{0}" is not followed', sign));
  const signed = sign === "-" ? -number : number;
  return value.kind === "float" ? float(signed) : int(signed);
}

function binary(node: Node, scope: PythonScope): Value {
  const children = childrenOf(node);
  const [left] = children;
  const right = children.at(-1);
  const operator = children
    .slice(1, -1)
    .map((part) => scope.tree.textOf(part))
    .join(" ");
  if (left === undefined || right === undefined || children.length < 3)
    return unknown(t("it is not whole"));
  if (operator === "and" || operator === "or") {
    const first = evaluate(left, scope);
    const truth = truthOf(first);
    if (truth === undefined) return unknownTruth(first, left, scope);
    return truth === (operator === "or") ? first : evaluate(right, scope);
  }
  const [a, b] = [evaluate(left, scope), evaluate(right, scope)];
  if (children[1]?.name === "ArithOp" || children[1]?.name === "BitOp")
    return arithmetic(operator, a, b);
  // `a < b < c` is no comparison of a truth value.
  if (left.name === "BinaryExpression" && left.getChild("CompareOp") !== null)
    return unknown(t("{0} is not followed", shown(node, scope.tree)));
  if (operator.endsWith("in") && b.kind === "library" && b.path === "os.environ") {
    if (a.kind !== "str") return unknown(t("which variable it asks for is not known"));
    const found = scope.program.environment.get(a.value);
    const isThere = found === null || typeof found === "string" ? bool(found !== null) : found;
    return operator === "in" ? isThere : negated(isThere);
  }
  return compared(operator, a, b);
}

function conditional(node: Node, scope: PythonScope): Value {
  const [yes, , condition, , no] = childrenOf(node);
  if (yes === undefined || condition === undefined || no === undefined)
    return unknown(t("it is not whole"));
  const value = evaluate(condition, scope);
  const truth = truthOf(value);
  if (truth === undefined) return unknownTruth(value, condition, scope);
  return evaluate(truth ? yes : no, scope);
}

function unknownTruth(value: Value, node: Node, scope: PythonScope): Value {
  return value.kind === "unknown"
    ? value
    : unknown(t("it depends on {0}", shown(node, scope.tree)));
}
