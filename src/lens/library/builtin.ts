import { t } from "../../base/text.ts";
import { ofEnvironment } from "./environmentCall.ts";
import { ofGlobals, reflected } from "./reflection.ts";
import {
  dictionary,
  sequence,
  bool,
  float,
  int,
  numberOf,
  spoiledBy,
  str,
  textOf,
  truthOf,
  unknown,
} from "../value/plain.ts";
import type { PythonScope } from "./pythonScope.ts";
import { ofDict, ofList } from "./container.ts";
import { ofItems } from "./sequence.ts";
import { itemsIn } from "../value/items.ts";
import { spoil } from "../value/spoil.ts";
import type { AppSource, Arguments, Value } from "../value/value.ts";

/** A call of something of a library; undefined where it is none that is followed. */
export function callBuiltin(path: string, args: Arguments, scope: PythonScope): Value | undefined {
  const [first, second] = args.positional;
  switch (path) {
    case "modal.is_local":
      return bool(true);
    case "builtins.int":
    case "builtins.float":
    case "builtins.str":
    case "builtins.bool":
      return converted(path.slice("builtins.".length), args);
    case "builtins.len":
      return first === undefined ? undefined : lengthOf(first);
    case "builtins.dict":
      return dictOf(args);
    case "builtins.list":
    case "builtins.tuple":
      return sequenceOf(path, args);
    case "builtins.max":
    case "builtins.min":
      return extreme(path, args);
    case "builtins.round":
      if (first?.kind === "int") return first;
      return second === undefined && first?.kind === "float" && Math.abs(first.value % 1) !== 0.5
        ? int(Math.round(first.value))
        : undefined;
    case "builtins.isinstance":
      return instanceOf(args);
    case "typing.cast":
      return second;
    case "types.SimpleNamespace":
      return args.more === null && first === undefined
        ? { kind: "object", class: null, attributes: new Map(args.keywords), spoiled: null }
        : undefined;
    case "dataclasses.field":
      return fieldOf(args);
    default:
      return (
        ofItems(path, args) ??
        ofEnvironment(path, args, scope) ??
        reflected(path, args, scope) ??
        harmless(path, args)
      );
  }
}

/** A field of a dataclass: its default, or what makes one. */
function fieldOf({ keywords, more }: Arguments): Value | undefined {
  const [value, factory] = [keywords.get("default"), keywords.get("default_factory")];
  if (more !== null || (value !== undefined && factory !== undefined)) return undefined;
  if (value !== undefined) return value;
  return { kind: "factory", callee: factory ?? unknown(t("it has no default")) };
}

/** `isinstance(GPU, str)`, of plain values and plain types. */
function instanceOf({ positional: [value, type] }: Arguments): Value | undefined {
  if (value === undefined || type === undefined || spoiledBy(value) !== null) return undefined;
  const types = type.kind === "tuple" ? type.items : [type];
  const names = types.map((one) =>
    one.kind === "library" && /^builtins\.(str|int|float|bool|list|dict|tuple)$/.test(one.path)
      ? one.path.slice("builtins.".length)
      : undefined,
  );
  const isPlain = ["str", "int", "float", "bool", "list", "dict", "tuple", "none"];
  if (!isPlain.includes(value.kind) || names.includes(undefined)) return undefined;
  return bool(names.includes(value.kind) || (value.kind === "bool" && names.includes("int")));
}

function harmless(path: string, args: Arguments): Value | undefined {
  if (!isHarmless(path)) return undefined;
  // `sorted(items, key=change)`
  for (const given of [...args.positional, ...args.keywords.values()])
    if (given.kind === "function") spoil(given, t("{0}() may call it", path));
  // An image stays an image, whatever is called on it.
  return path.startsWith("modal.")
    ? { kind: "library", path: `${path}()` }
    : unknown(t("what {0}() gives is not followed", path));
}

/** Calls that leave what they are given as it is. */
function isHarmless(path: string): boolean {
  return (
    /^builtins\.(print|repr|sorted|sum|any|all|abs|isinstance|hasattr|range|enumerate|zip|set|type|reversed|iter)$/.test(
      path,
    ) || /^(modal|pathlib|logging|re|json)\./.test(path)
  );
}

function converted(to: string, { positional, keywords, more }: Arguments): Value {
  const [value, base] = positional;
  if (value === undefined || base !== undefined || keywords.size > 0 || more !== null)
    return unknown(t("this use of {0}() is not followed", to));
  if (value.kind === "unknown") return value;
  if (to === "bool") {
    const truth = truthOf(value);
    return truth === undefined ? unknown(t("whether it is true is not known")) : bool(truth);
  }
  if (to === "str") {
    const text = textOf(value);
    return text === undefined ? unknown(t("its text is not known")) : str(text);
  }
  const number = value.kind === "str" ? numberIn(value.value, to) : numberOf(value);
  if (number === undefined) return unknown(t("{0}() cannot read it", to));
  return to === "int" ? int(Math.trunc(number)) : float(number);
}

function numberIn(text: string, to: string): number | undefined {
  if (!plainText.test(text)) return undefined;
  const plain = text.trim().replaceAll(/(?<=\d)_(?=\d)/g, "");
  const shape = to === "int" ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  return shape.test(plain) ? Number(plain) : undefined;
}

function lengthOf(value: Value): Value {
  const spoiled = spoiledBy(value);
  if (spoiled !== null) return unknown(spoiled);
  if (value.kind === "str") return int(Array.from(value.value).length);
  const items = value.kind === "dict" ? undefined : itemsIn(value);
  if (items !== undefined) return int(items.length);
  return unknown(t("its length is not followed"));
}

function dictOf({ positional, keywords, more }: Arguments): Value | undefined {
  const [first, second] = positional;
  if (more !== null || second !== undefined) return undefined;
  if (first !== undefined && (first.kind !== "dict" || first.spoiled !== null)) return undefined;
  const entries = [...keywords].map(([key, value]) => [str(key), value] as const);
  return dictionary([...(first?.entries ?? []), ...entries]);
}

function sequenceOf(path: string, { positional, keywords, more }: Arguments): Value | undefined {
  const [first, second] = positional;
  if (more !== null || second !== undefined || keywords.size > 0) return undefined;
  const items = first === undefined ? [] : itemsIn(first);
  if (items === undefined) return undefined;
  return sequence(path === "builtins.tuple" ? "tuple" : "list", items);
}

function extreme(path: string, { positional, keywords, more }: Arguments): Value | undefined {
  if (more !== null || keywords.size > 0 || positional.length < 2) return undefined;
  let best: Value | undefined;
  for (const value of positional) {
    const [number, bestNumber] = [numberOf(value), best === undefined ? undefined : numberOf(best)];
    if (number === undefined) return undefined;
    if (
      bestNumber === undefined ||
      (path === "builtins.max" ? number > bestNumber : number < bestNumber)
    )
      best = value;
  }
  return best;
}

/** A method of a plain value; undefined where it is none that is followed. */
export function callMethod(
  value: Value,
  method: string,
  args: Arguments,
  scope: PythonScope,
): Value | undefined {
  if (args.more !== null && value.kind !== "library") {
    spoil(value, t(".{0}() may change it", method));
    return undefined;
  }
  if (value.kind === "globals") return ofGlobals(value.module, method, args, scope);
  if (value.kind === "app" && method === "include") return include(value.app, args, scope);
  if (value.kind === "str") return ofText(value.value, method, args);
  if (value.kind === "dict") return ofDict(value, method, args, scope);
  if (value.kind === "list") return ofList(value, method, args, scope);
  return undefined;
}

/** Of other characters Python and JavaScript do not always think the same: which are blank, a digit, a capital. */
const plainText = /^[\t\n\r -~]*$/;

/** A method without arguments. */
function ofWholeText(text: string, method: string): Value | undefined {
  if (!plainText.test(text)) return undefined;
  switch (method) {
    case "lower":
    case "casefold":
      return str(text.toLowerCase());
    case "upper":
      return str(text.toUpperCase());
    case "strip":
      return str(text.trim());
    case "lstrip":
      return str(text.trimStart());
    case "rstrip":
      return str(text.trimEnd());
    case "split":
      return words(text.split(/\s+/).filter((part) => part !== ""));
    case "isdigit":
      return bool(/^\d+$/.test(text));
    default:
      return undefined;
  }
}

function ofText(text: string, method: string, { positional, keywords }: Arguments): Value {
  const [first, second] = positional;
  const given = positional.length + keywords.size;
  const word = first?.kind === "str" ? first.value : undefined;
  const whole = given === 0 ? ofWholeText(text, method) : undefined;
  if (whole !== undefined) return whole;
  if (given === 1 && word !== undefined) {
    if (method === "startswith") return bool(text.startsWith(word));
    if (method === "endswith") return bool(text.endsWith(word));
    if (method === "split" && word !== "") return words(text.split(word));
    if (method === "partition" && word !== "") return partition(text, word);
    if (method === "removeprefix")
      return str(text.startsWith(word) ? text.slice(word.length) : text);
    if (method === "removesuffix")
      return str(word !== "" && text.endsWith(word) ? text.slice(0, -word.length) : text);
  }
  if (
    method === "replace" &&
    given === 2 &&
    word !== undefined &&
    word !== "" &&
    second?.kind === "str"
  )
    return str(text.replaceAll(word, () => second.value));
  if (method === "join" && given === 1 && first !== undefined) {
    const parts = itemsIn(first)?.map((item) => (item.kind === "str" ? item.value : undefined));
    if (parts?.includes(undefined) === false) return str(parts.join(text));
  }
  if (given === 2 && method === "split" && word !== undefined && word !== "")
    return splitAtMost(text, word, second ?? keywords.get("maxsplit"));
  if (method === "format") return formatted(text, positional, keywords);
  return unknown(t(".{0}() of a text is not followed", method));
}

function words(parts: readonly string[]): Value {
  return { kind: "list", items: parts.map((part) => str(part)), spoiled: null };
}

function partition(text: string, separator: string): Value {
  const at = text.indexOf(separator);
  const parts =
    at === -1 ? [text, "", ""] : [text.slice(0, at), separator, text.slice(at + separator.length)];
  return { kind: "tuple", items: parts.map((part) => str(part)) };
}

function splitAtMost(text: string, separator: string, count: Value | undefined): Value {
  if (count?.kind !== "int" || count.value < 0)
    return unknown(t(".{0}() of a text is not followed", "split"));
  const parts = text.split(separator);
  const rest = parts.slice(count.value).join(separator);
  return words(parts.length <= count.value ? parts : [...parts.slice(0, count.value), rest]);
}

/** `"{}-{mode}".format(a, mode=b)`, with plain fields alone. */
function formatted(
  text: string,
  positional: readonly Value[],
  keywords: ReadonlyMap<string, Value>,
): Value {
  let next = 0;
  let isKnown = true;
  const result = text.replaceAll(/\{\{|\}\}|\{(\w*)\}|[{}]/g, (whole, field?: string) => {
    if (whole === "{{" || whole === "}}") return whole.slice(1);
    const value =
      field === ""
        ? positional[next++]
        : field === undefined
          ? undefined
          : /^\d+$/.test(field)
            ? positional[Number(field)]
            : keywords.get(field);
    const shown = value === undefined ? undefined : textOf(value);
    if (shown === undefined) isKnown = false;
    return shown ?? "";
  });
  return isKnown ? str(result) : unknown(t("its format is not followed"));
}

/** `app.include(other)`: the other's functions are this one's too. */
function include(
  app: AppSource,
  { positional, keywords }: Arguments,
  { program: { undecided } }: PythonScope,
): Value {
  const other = positional[0] ?? keywords.get("other_app");
  if (other?.kind === "app" && undecided === 0) app.include(other.app);
  else app.mayHaveMore(t("it includes another app that cannot be determined"));
  return { kind: "app", app };
}
