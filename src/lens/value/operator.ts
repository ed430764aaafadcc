import { t } from "../../base/text.ts";
import {
  isModule,
  dictionary,
  sequence,
  bool,
  equal,
  float,
  int,
  numberOf,
  spoiledBy,
  str,
  textOf,
  unknown,
} from "./plain.ts";
import { itemsIn } from "./items.ts";
import type { Value } from "./value.ts";

/** Python's arithmetic on plain values: `16 * 1024`, `"flux-" + MODE`, `[1] * 2`, `"%s-%s" % (a, b)`. */
export function arithmetic(operator: string, a: Value, b: Value): Value {
  const spoiled = spoiledBy(a) ?? spoiledBy(b);
  if (spoiled !== null) return unknown(spoiled);
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) {
    const isWhole = a.kind !== "float" && b.kind !== "float";
    return ofNumbers(operator, x, y, isWhole);
  }
  if (operator === "+" && a.kind === "str" && b.kind === "str") return str(a.value + b.value);
  if (operator === "+" && a.kind === "tuple" && b.kind === "tuple")
    return sequence("tuple", [...a.items, ...b.items]);
  if (operator === "+" && a.kind === "list" && b.kind === "list")
    return sequence("list", [...a.items, ...b.items]);
  if (operator === "*" && a.kind === "str" && b.kind === "int" && b.value < 1000)
    return str(a.value.repeat(Math.max(0, b.value)));
  if (operator === "%" && a.kind === "str") return formatted(a.value, b);
  if (operator === "|" && a.kind === "dict" && b.kind === "dict")
    return dictionary([...a.entries, ...b.entries]);
  return unknown(t('"{0}" on these values is not followed', operator));
}

function ofNumbers(operator: string, x: number, y: number, isWhole: boolean): Value {
  const number = isWhole ? int : float;
  switch (operator) {
    case "+":
      return number(x + y);
    case "-":
      return number(x - y);
    case "*":
      return number(x * y);
    case "/":
      return y === 0 ? unknown(t("it divides by zero")) : float(x / y);
    // Of floats the last digit may come out differently.
    case "//":
      if (y === 0) return unknown(t("it divides by zero"));
      return isWhole ? int(Math.floor(x / y)) : unknown(t('"{0}" is not followed', operator));
    case "%":
      if (y === 0) return unknown(t("it divides by zero"));
      return isWhole
        ? int(x - y * Math.floor(x / y))
        : unknown(t('"{0}" is not followed', operator));
    case "**":
      return isWhole && y >= 0 ? int(x ** y) : unknown(t('"{0}" is not followed', operator));
    default:
      return unknown(t('"{0}" is not followed', operator));
  }
}

/** `"flux-%s" % MODE`, with `%s` and `%d` alone. */
function formatted(format: string, value: Value): Value {
  const values = value.kind === "tuple" ? [...value.items] : [value];
  let isKnown = true;
  const text = format.replaceAll(/%(.?)/g, (_whole, kind: string) => {
    if (kind === "%") return "%";
    const next = values.shift();
    const shown =
      next === undefined || (kind === "d" && next.kind !== "int") ? undefined : textOf(next);
    if ((kind === "s" || kind === "d") && shown !== undefined) return shown;
    isKnown = false;
    return "";
  });
  return isKnown && values.length === 0 ? str(text) : unknown(t("its format is not followed"));
}

/** `==`, `<`, `in`, `is not` and the like. */
export function compared(operator: string, a: Value, b: Value): Value {
  const spoiled = spoiledBy(a) ?? spoiledBy(b);
  if (spoiled !== null) return unknown(spoiled);
  switch (operator) {
    case "==":
    case "is":
      return truth(operator === "is" ? identical(a, b) : equal(a, b));
    case "!=":
    case "is not":
      return negated(truth(operator === "is not" ? identical(a, b) : equal(a, b)));
    case "in":
      return contains(b, a);
    case "not in":
      return negated(contains(b, a));
    default:
      return ordered(operator, a, b);
  }
}

/** Only None and the truth values have an identity to rely on. */
function identical(a: Value, b: Value): boolean | undefined {
  const single = (value: Value): boolean => value.kind === "none" || value.kind === "bool";
  if (single(a) || single(b)) {
    if (isModule(a) || isModule(b)) return false;
    if (a.kind === "library" || b.kind === "library") return undefined;
    return a.kind === b.kind && equal(a, b) === true;
  }
  return undefined;
}

function ordered(operator: string, a: Value, b: Value): Value {
  const [x, y] =
    a.kind === "str" && b.kind === "str" ? [a.value, b.value] : [numberOf(a), numberOf(b)];
  // Python compares whole characters, JavaScript halves of those beyond 16 bits.
  const isHalved = [x, y].some((one) => typeof one === "string" && /[\uD800-\uDFFF]/.test(one));
  if (x === undefined || y === undefined || isHalved)
    return unknown(t("the comparison is not followed"));
  switch (operator) {
    case "<":
      return bool(x < y);
    case "<=":
      return bool(x <= y);
    case ">":
      return bool(x > y);
    case ">=":
      return bool(x >= y);
    default:
      return unknown(t('"{0}" is not followed', operator));
  }
}

function contains(container: Value, item: Value): Value {
  if (container.kind === "str" && item.kind === "str")
    return bool(container.value.includes(item.value));
  const items =
    container.kind === "dict"
      ? container.entries.map(([key]) => key)
      : container.kind === "str"
        ? undefined
        : itemsIn(container);
  if (items === undefined) return unknown(t("what it holds is not known"));
  const found = items.map((each) => equal(each, item));
  if (found.includes(true)) return bool(true);
  return found.includes(undefined) ? unknown(t("what it holds is not known")) : bool(false);
}

function truth(value: boolean | undefined): Value {
  return value === undefined ? unknown(t("the comparison is not followed")) : bool(value);
}

export function negated(value: Value): Value {
  return value.kind === "bool" ? bool(!value.value) : value;
}

/** The value at an index or a key; unknown where there is none. */
export function itemOf(container: Value, key: Value): Value {
  const spoiled = spoiledBy(container) ?? spoiledBy(key);
  if (spoiled !== null) return unknown(spoiled);
  if (container.kind === "dict")
    return lookUp(container.entries, key) ?? unknown(t("it has no such key"));
  if (container.kind === "globals")
    return (
      (key.kind === "str" ? container.module.names.get(key.value) : undefined) ??
      unknown(t("it has no such name"))
    );
  // `sys.modules["config"].GPU = …`
  if (container.kind === "library" && container.path === "sys.modules")
    return { kind: "library", path: "sys.modules.any" };
  if (key.kind !== "int") return unknown(t("its index is not followed"));
  if (container.kind === "str") {
    const letter = Array.from(container.value).at(key.value);
    return letter === undefined ? unknown(t("it has no such index")) : str(letter);
  }
  if (container.kind === "tuple" || container.kind === "list")
    return container.items.at(key.value) ?? unknown(t("it has no such index"));
  return unknown(t("what it holds is not known"));
}

/** undefined: no such key. The last of equal keys counts. */
export function lookUp(
  entries: readonly (readonly [key: Value, value: Value])[],
  key: Value,
): Value | undefined {
  for (const [each, value] of entries.toReversed()) {
    const same = equal(each, key);
    if (same === undefined) return unknown(t("its keys are not all known"));
    if (same) return value;
  }
  return undefined;
}
