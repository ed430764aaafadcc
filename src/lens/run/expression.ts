import { t } from "../../base/text.ts";
import { callBuiltin, callMethod } from "../library/builtin.ts";
import { joined, numberLiteral, stringValue } from "../value/literal.ts";
import { callModal } from "../library/modal.ts";
import { arithmetic, compared, itemOf, negated } from "../value/operator.ts";
import {
  dictionary,
  sequence,
  bool,
  float,
  int,
  isSame,
  none,
  numberOf,
  str,
  truthOf,
  unknown,
} from "../value/plain.ts";
import { attributeOf } from "../value/attribute.ts";
import { comprehension } from "./comprehension.ts";
import { boundIn, disturb, handOn } from "./disturb.ts";
import { formatString } from "./formatString.ts";
import { functionValue } from "./functionDefinition.ts";
import { callOwn, got } from "../library/instance.ts";
import { refuseInCalled, refuseRemoved } from "../library/refusal.ts";
import { registersMore } from "../library/registering.ts";
import { itemsIn } from "../value/items.ts";
import { spoil, spoilItems } from "../value/spoil.ts";
import { childrenOf, nameAt, partsOf, shown, type Node } from "../value/tree.ts";
import type { PythonScope } from "../library/pythonScope.ts";
import { spread } from "../value/spread.ts";
import type { Arguments, Unknown, Value } from "../value/value.ts";

/** Deeper than anything that a person writes, and far from the end of the stack. */
const maxDepth = 200;

/** What a Python expression is worth at import. Never throws; what is not followed is unknown, with the reason. */
export function evaluate(node: Node, scope: PythonScope): Value {
  const { program } = scope;
  if (program.depth >= maxDepth) return unknown(t("it is nested too deeply"));
  program.depth += 1;
  try {
    const value = valueOf(node, scope);
    // Under a name it may have been gone through before, or what it shows may have changed.
    return value.kind === "passing" && !/^(Call|Parenthesized)Expression$/.test(node.name)
      ? unknown(t("it can be iterated only once"))
      : value;
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
      return scope.read(nameAt(node, tree));
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
    case "LambdaExpression":
      return functionValue(node, "<lambda>", scope); // not shown: what Python calls it
    case "ArrayComprehensionExpression":
    case "DictionaryComprehensionExpression":
      return comprehension(node, childrenOf(node).slice(1, -1), scope) ?? notFollowed(node, scope);
    default:
      return notFollowed(node, scope);
  }
}

/** What is not followed still runs: what it binds and calls is not known from now on. */
function notFollowed(node: Node, scope: PythonScope): Value {
  const why = t("{0} is not followed", shown(node, scope.tree));
  disturb(node, scope, why);
  return unknown(why);
}

function listOf(kind: "tuple" | "list", node: Node, scope: PythonScope): Value {
  const items: Value[] = [];
  let unread: Value | undefined;
  for (const part of partsOf(childrenOf(node))) {
    const [first, second] = part;
    if (first === undefined) continue;
    if (first.name === "*" && second !== undefined) {
      const inner = evaluate(second, scope);
      const held = itemsIn(inner);
      if (held === undefined)
        unread ??= unknown(t("what {0} holds is not known", shown(second, scope.tree)));
      else items.push(...held);
    } else items.push(evaluate(first, scope));
  }
  return unread ?? sequence(kind, items);
}

function dictOf(node: Node, scope: PythonScope): Value {
  const entries: (readonly [Value, Value])[] = [];
  let unread: Value | undefined;
  for (const part of partsOf(childrenOf(node))) {
    const [first, second, third] = part;
    if (first?.name === "**" && second !== undefined) {
      const inner = evaluate(second, scope);
      if (inner.kind !== "dict" || inner.spoiled !== null)
        unread ??= unknown(t("what {0} holds is not known", shown(second, scope.tree)));
      else entries.push(...inner.entries);
    } else if (first !== undefined && second?.name === ":" && third !== undefined) {
      entries.push([evaluate(first, scope), evaluate(third, scope)]);
    } else {
      unread ??= unknown(t("it is not a plain dictionary"));
      disturb(node, scope, t("it is not a plain dictionary"));
    }
  }
  return unread ?? dictionary(entries);
}

function member(node: Node, scope: PythonScope): Value {
  const [object, operator, last, ...more] = childrenOf(node);
  if (object === undefined || last === undefined) return unknown(t("it is not whole"));
  const value = evaluate(object, scope);
  if (operator?.name === ".") {
    const name = nameAt(last, scope.tree);
    const found = propertyOf(refuseRemoved(attributeOf(value, name), scope), node, scope);
    handOn(value, { name, found, node }, scope);
    return found;
  }
  if (more.length !== 1) return notFollowed(node, scope);
  const key = evaluate(last, scope);
  if (value.kind === "library" && value.path === "os.environ") {
    if (key.kind !== "str") return unknown(t("which variable it reads is not known"));
    const found = scope.program.environment.get(key.value);
    if (found === null) return unknown(t("the variable {0} is not set", key.value));
    return typeof found === "string" ? str(found) : found;
  }
  const found = itemOf(value, key);
  if (found.kind === "unknown") spoilItems(value, found.why);
  return found;
}

/** What a property gives; any other attribute is itself. */
function propertyOf(found: Value, node: Node, scope: PythonScope): Value {
  const value = got(found, scope);
  if (value !== undefined) return value;
  const why = t("what {0} gives is not known", shown(node, scope.tree));
  spoil(found, why);
  return unknown(why);
}

function call(node: Node, scope: PythonScope): Value {
  const [callee] = childrenOf(node);
  if (callee === undefined) return unknown(t("it is not whole"));
  if (callee.name === "MemberExpression") {
    const [object, dot, method] = childrenOf(callee);
    if (object !== undefined && dot?.name === "." && method !== undefined) {
      const value = evaluate(object, scope);
      const args = argumentsOf(node.getChild("ArgList"), scope);
      const name = nameAt(method, scope.tree);
      registersMore(value, name, node, scope);
      if (value.kind === "library") refuseRemoved(attributeOf(value, name), scope);
      const result = callMethod(value, name, args, scope);
      if (result !== undefined) return result;
      const attribute = propertyOf(attributeOf(value, name), callee, scope);
      return callValue(attribute, args, node, scope, value);
    }
  }
  const value = evaluate(callee, scope);
  return callValue(value, argumentsOf(node.getChild("ArgList"), scope), node, scope);
}

/** Calls a value, as a decorator or in an expression. `on`: the object whose method it is. */
export function callValue(
  callee: Value,
  args: Arguments,
  node: Node,
  scope: PythonScope,
  on?: Value,
): Value {
  const result =
    callModal(callee, args, node, scope) ??
    (callee.kind === "library" ? callBuiltin(callee.path, args, scope) : undefined) ??
    callOwn(callee, once(args, node), scope);
  if (result !== undefined) return result;
  const why = t("what {0} gives is not known", shown(node, scope.tree));
  if (callee.kind === "function") refuseInCalled(callee, scope);
  // What is handed to unknown code may come back changed.
  for (const value of [...args.positional, ...args.keywords.values()]) spoil(value, why);
  if (on !== undefined) spoil(on, why);
  spoil(callee, why);
  return unknown(why);
}

/** A comprehension in a call can be gone through once only, which a function of the workspace may not do. */
function once(args: Arguments, node: Node): Arguments {
  const isOnce = node.getChild("ArgList")?.getChild("for") ?? null;
  return isOnce === null ? args : { ...args, more: t("it is given a comprehension") };
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
      const value = evaluate(third, scope);
      // `f(name := value)` binds it here, and is no keyword.
      if (scope.tree.textOf(second) === ":=") {
        scope.bind(scope.tree.textOf(first), value);
        positional.push(value);
      } else keywords.set(scope.tree.textOf(first), value);
    } else if (part.length === 1) positional.push(evaluate(first, scope));
    else {
      const made = part.some(({ name }) => name === "for")
        ? comprehension(first, part, scope)
        : undefined;
      if (made !== undefined) {
        positional.push(made);
        continue;
      }
      // Something that is no Python, or not followed.
      const why = t("{0}… is not followed", shown(first, scope.tree));
      for (const node of part) disturb(node, scope, why);
      positional.push(unknown(why));
    }
  }
  return { positional, keywords, more };
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
  if (number === undefined)
    return value.kind === "unknown" ? value : unknown(t("it is not a number"));
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
    if (truth === undefined) {
      const others = maybe([right], scope, t("it depends on {0}", shown(left, scope.tree)));
      return oneOfValues([first, ...others], unknownTruth(first, left, scope));
    }
    return truth === (operator === "or") ? first : evaluate(right, scope);
  }
  if (isComparison(left)) return chained(left, operator, right, scope);
  const [a, b] = [evaluate(left, scope), evaluate(right, scope)];
  if (children[1]?.name === "ArithOp" || children[1]?.name === "BitOp")
    return arithmetic(operator, a, b);
  if (operator.endsWith("in") && b.kind === "library" && b.path === "os.environ") {
    if (a.kind !== "str") return unknown(t("which variable it asks for is not known"));
    const found = scope.program.environment.get(a.value);
    const isThere = found === null || typeof found === "string" ? bool(found !== null) : found;
    return operator === "in" ? isThere : negated(isThere);
  }
  return compared(operator, a, b);
}

function isComparison(node: Node): boolean {
  const isOne = ({ name }: Node): boolean => name === "CompareOp" || name === "in" || name === "is";
  return node.name === "BinaryExpression" && childrenOf(node).some(isOne);
}

/** `a < b < c` is `a < b and b < c`, with `b` evaluated once. */
function chained(left: Node, operator: string, right: Node, scope: PythonScope): Value {
  const first = evaluate(left, scope);
  const truth = truthOf(first);
  if (truth === false) return first;
  const middle = left.lastChild;
  if (truth === true && middle !== null && /^(VariableName|Number|String)$/.test(middle.name))
    return compared(operator, evaluate(middle, scope), evaluate(right, scope));
  const why = t("{0} is not followed", shown(left, scope.tree));
  maybe([right], scope, why);
  return unknown(why);
}

function conditional(node: Node, scope: PythonScope): Value {
  const [yes, , condition, , no] = childrenOf(node);
  if (yes === undefined || condition === undefined || no === undefined)
    return unknown(t("it is not whole"));
  const value = evaluate(condition, scope);
  const truth = truthOf(value);
  if (truth === undefined) {
    const results = maybe([yes, no], scope, t("it depends on {0}", shown(condition, scope.tree)));
    const [first, second] = results;
    // Whatever the condition is, it is the same.
    if (first !== undefined && second !== undefined && isSame(first, second)) return first;
    return oneOfValues(results, unknownTruth(value, condition, scope));
  }
  return evaluate(truth ? yes : no, scope);
}

/** Expressions of which one or none runs: each as if it ran; what they bind or change is not known after them. */
function maybe(nodes: readonly Node[], scope: PythonScope, why: string): readonly Value[] {
  scope.program.undecided += 1;
  const values = nodes.map((node) => evaluate(node, scope));
  scope.program.undecided -= 1;
  for (const node of nodes) for (const name of boundIn(node, scope)) scope.bind(name, unknown(why));
  return values;
}

/** Whatever is done with it is done to one of the values. */
function oneOfValues(values: readonly Value[], result: Unknown): Unknown {
  for (const value of values) spoil(value, result.why);
  return result;
}

function unknownTruth(value: Value, node: Node, scope: PythonScope): Unknown {
  return value.kind === "unknown"
    ? value
    : unknown(t("it depends on {0}", shown(node, scope.tree)));
}
