import { t } from "../../base/text.ts";
import type { ClassValue, ObjectValue, Unknown, Value } from "./value.ts";

export const none: Value = { kind: "none" };

export function unknown(why: string): Unknown {
  return { kind: "unknown", why };
}

/** Longer texts and lists are made by no app file on purpose. */
const maxLength = 10_000;

export function str(value: string): Value {
  return value.length > maxLength ? unknown(t("the text is too long")) : { kind: "str", value };
}

/** A list or a tuple of these; too many are unknown. */
export function sequence(kind: "list" | "tuple", items: readonly Value[]): Value {
  if (items.length > maxLength) return unknown(t("it has too many items"));
  return kind === "tuple" ? { kind, items } : { kind, items: [...items], spoiled: null };
}

/** A dictionary of these, the last of equal keys counting; too many are unknown. */
export function dictionary(entries: readonly (readonly [key: Value, value: Value])[]): Value {
  if (entries.length > maxLength) return unknown(t("it has too many keys"));
  return { kind: "dict", entries: [...entries], spoiled: null };
}

export function bool(value: boolean): Value {
  return { kind: "bool", value };
}

/** A whole number that JavaScript holds exactly; a larger one is unknown. */
export function int(value: number): Value {
  return Number.isSafeInteger(value)
    ? { kind: "int", value }
    : unknown(t("the number is too large"));
}

export function float(value: number): Value {
  return Number.isFinite(value) ? { kind: "float", value } : unknown(t("the number is not finite"));
}

/** Why a value cannot be told; null where it can. */
export function spoiledBy(value: Value): string | null {
  if (value.kind === "unknown") return value.why;
  if (value.kind === "class") return spoiledClass(value);
  if (value.kind === "object")
    return value.spoiled ?? (value.class === null ? null : spoiledClass(value.class));
  return value.kind === "list" || value.kind === "dict" ? value.spoiled : null;
}

function spoiledClass({ spoiled, base }: ClassValue): string | null {
  return spoiled ?? (base === null ? null : spoiledClass(base));
}

/** A whole module, which is never None; what is in one may be. */
export function isModule(value: Value): boolean {
  return value.kind === "module" || (value.kind === "library" && !value.path.includes("."));
}

/** The text that a member of an enumeration of texts is; undefined: it is none. */
export function memberText(value: Value): string | undefined {
  if (value.kind !== "object" || value.class?.objects.how !== "members") return undefined;
  const text = value.attributes.get("value");
  return value.class.objects.isText && text?.kind === "str" ? text.value : undefined;
}

/** Python's truth of a value; undefined where it cannot be told. */
export function truthOf(value: Value): boolean | undefined {
  if (spoiledBy(value) !== null) return undefined;
  switch (value.kind) {
    case "none":
      return false;
    case "bool":
      return value.value;
    case "int":
    case "float":
      return value.value !== 0;
    case "str":
      return value.value !== "";
    case "tuple":
    case "list":
      return value.items.length > 0;
    case "dict":
      return value.entries.length > 0;
    case "app":
    case "function":
    case "method":
    case "class":
    case "module":
    case "globals":
      return true;
    case "object":
      return truthOfObject(value);
    case "library":
      return isModule(value) ? true : undefined;
    default:
      return undefined;
  }
}

/** An object is true where its class does not say otherwise; a member of numbers is what its number is. */
function truthOfObject(object: ObjectValue): boolean | undefined {
  const how = object.class?.objects.how;
  // A named tuple of nothing is false.
  if (how === "fields") return object.attributes.size > 0 ? true : undefined;
  if (how === undefined || how === "init") return true;
  const text = memberText(object);
  if (text !== undefined) return text !== "";
  return how === "members" && object.attributes.get("value")?.kind === "str" ? true : undefined;
}

/** The number that a value is in arithmetic, where True is 1; undefined: it is none. */
export function numberOf(value: Value): number | undefined {
  if (value.kind === "int" || value.kind === "float") return value.value;
  return value.kind === "bool" ? Number(value.value) : undefined;
}

/** Python's `==`; undefined where it cannot be told. */
export function equal(a: Value, b: Value): boolean | undefined {
  if (spoiledBy(a) !== null || spoiledBy(b) !== null) return undefined;
  const numbers = [numberOf(a), numberOf(b)] as const;
  if (numbers[0] !== undefined && numbers[1] !== undefined) return numbers[0] === numbers[1];
  if (!isPlain(a) || !isPlain(b)) return a === b && !comparesItself(a) ? true : undefined;
  if (a.kind === "str" && b.kind === "str") return a.value === b.value;
  if (a.kind === "none" || b.kind === "none") return a.kind === b.kind;
  if ((a.kind === "tuple" && b.kind === "tuple") || (a.kind === "list" && b.kind === "list")) {
    if (a.items.length !== b.items.length) return false;
    const pairs = a.items.map((item, index) => equal(item, b.items[index] ?? none));
    if (pairs.includes(false)) return false;
    return pairs.includes(undefined) ? undefined : true;
  }
  if (a.kind === "dict" || b.kind === "dict") return a.kind === b.kind ? undefined : false;
  return false;
}

/** An object of which the class says what it is equal to. */
function comparesItself(value: Value): boolean {
  let of = value.kind === "object" ? value.class : null;
  for (; of !== null; of = of.base) if (of.attributes.has("__eq__")) return true;
  return false;
}

function isPlain(value: Value): boolean {
  return ["none", "bool", "int", "float", "str", "tuple", "list", "dict"].includes(value.kind);
}

/** True where both are the same plain value: the same text, number, or list of such. */
export function isSame(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  if (a.kind === "library" && b.kind === "library") return a.path === b.path;
  // A list that is changed later through one name must not change under the other.
  if (a.kind === "list" || a.kind === "dict") return false;
  return isPlain(a) && equal(a, b) === true;
}

/** Python's `str()` of a value; undefined where it cannot be told. */
export function textOf(value: Value): string | undefined {
  switch (value.kind) {
    case "str":
      return value.value;
    case "int":
      return String(value.value);
    case "float":
      if (Object.is(value.value, -0)) return "-0.0";
      return Number.isInteger(value.value) && Math.abs(value.value) < 1e16
        ? `${value.value}.0`
        : plainFloat(value.value);
    case "bool":
      // not shown: words of Python
      return value.value ? "True" : "False";
    case "none":
      // not shown: a word of Python
      return "None";
    default:
      return undefined;
  }
}

/** Python and JavaScript write exponents differently; such a number is not guessed. */
function plainFloat(value: number): string | undefined {
  const text = String(value);
  const size = Math.abs(value);
  return text.includes("e") || size < 1e-4 || size >= 1e16 ? undefined : text;
}
