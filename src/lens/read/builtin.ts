import { t } from "../../base/text.ts";
import { ofEnvironment } from "./environmentCall.ts";
import { ofGlobals, reflected } from "./reflection.ts";
import { lookUp } from "../value/operator.ts";
import {
  dictionary,
  sequence,
  bool,
  equal,
  float,
  int,
  none,
  numberOf,
  spoiledBy,
  str,
  textOf,
  truthOf,
  unknown,
} from "../value/plain.ts";
import type { PythonScope } from "./pythonScope.ts";
import { spoil } from "../value/spoil.ts";
import type { AppSource, Arguments, DictValue, ListValue, Value } from "../value/value.ts";

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
    default:
      return (
        ofEnvironment(path, args, scope) ?? reflected(path, args, scope) ?? harmless(path, args)
      );
  }
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
    /^builtins\.(print|repr|sorted|sum|any|all|abs|isinstance|hasattr|range|enumerate|zip|set|type)$/.test(
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
    return truth === undefined ? unknown(t("its truth is not known")) : bool(truth);
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
  const plain = text.trim().replaceAll(/(?<=\d)_(?=\d)/g, "");
  const shape = to === "int" ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  return shape.test(plain) ? Number(plain) : undefined;
}

function lengthOf(value: Value): Value {
  const spoiled = spoiledBy(value);
  if (spoiled !== null) return unknown(spoiled);
  if (value.kind === "str") return int(Array.from(value.value).length);
  if (value.kind === "tuple" || value.kind === "list") return int(value.items.length);
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
  if (
    first !== undefined &&
    ((first.kind !== "tuple" && first.kind !== "list") || spoiledBy(first) !== null)
  )
    return undefined;
  const items = [...(first?.items ?? [])];
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

function ofText(text: string, method: string, { positional, keywords }: Arguments): Value {
  const [first, second] = positional;
  const given = positional.length + keywords.size;
  const word = first?.kind === "str" ? first.value : undefined;
  if (given === 0) {
    if (method === "lower" || method === "casefold") return str(text.toLowerCase());
    if (method === "upper") return str(text.toUpperCase());
    if (method === "strip") return str(text.trim());
    if (method === "lstrip") return str(text.trimStart());
    if (method === "rstrip") return str(text.trimEnd());
    if (method === "isdigit") return bool(/^\d+$/.test(text));
  }
  if (given === 1 && word !== undefined) {
    if (method === "startswith") return bool(text.startsWith(word));
    if (method === "endswith") return bool(text.endsWith(word));
    if (method === "split" && word !== "")
      return { kind: "list", items: text.split(word).map((part) => str(part)), spoiled: null };
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
  if (
    method === "join" &&
    (first?.kind === "list" || first?.kind === "tuple") &&
    spoiledBy(first) === null
  ) {
    const parts = first.items.map((item) => (item.kind === "str" ? item.value : undefined));
    if (!parts.includes(undefined)) return str(parts.join(text));
  }
  if (method === "format") return formatted(text, positional, keywords);
  return unknown(t(".{0}() of a text is not followed", method));
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

function ofDict(
  dict: DictValue,
  method: string,
  args: Arguments,
  { program: { undecided } }: PythonScope,
): Value {
  const [first, second] = args.positional;
  if (dict.spoiled !== null) return unknown(dict.spoiled);
  if (method === "get" && first !== undefined) {
    if (first.kind === "unknown") return first;
    return lookUp(dict.entries, first) ?? second ?? none;
  }
  if (method === "copy") return { kind: "dict", entries: [...dict.entries], spoiled: null };
  if (method === "keys" || method === "values" || method === "items")
    return unknown(t(".{0}() of a dictionary is not followed", method));
  if (method === "update" && undecided === 0) {
    const added = dictOf(args);
    if (added?.kind === "dict") {
      dict.entries = [...dict.entries, ...added.entries];
      return none;
    }
  }
  spoil(dict, t(".{0}() changes it", method));
  return unknown(t(".{0}() of a dictionary is not followed", method));
}

function ofList(
  list: ListValue,
  method: string,
  args: Arguments,
  { program: { undecided } }: PythonScope,
): Value {
  const [first] = args.positional;
  if (list.spoiled !== null) return unknown(list.spoiled);
  if (method === "copy") return { kind: "list", items: [...list.items], spoiled: null };
  if (method === "index" && first !== undefined) {
    const at = list.items.findIndex((item) => equal(item, first) !== false);
    const found = list.items[at];
    return found !== undefined && equal(found, first) === true
      ? int(at)
      : unknown(t("its place is not known"));
  }
  if (method === "append" && first !== undefined && undecided === 0) {
    list.items.push(first);
    return none;
  }
  spoil(list, t(".{0}() changes it", method));
  return unknown(t(".{0}() of a list is not followed", method));
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
