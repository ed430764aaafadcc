import { t } from "../../base/text.ts";
import { entriesIn, isHeldBy, itemsIn } from "../value/items.ts";
import { lookUp } from "../value/operator.ts";
import { equal, int, none, spoiledBy, str, unknown } from "../value/plain.ts";
import type { PythonScope } from "./pythonScope.ts";
import { spoil, spoilItems } from "../value/spoil.ts";
import {
  noArguments,
  type Arguments,
  type DictValue,
  type ListValue,
  type Value,
} from "../value/value.ts";

/** A method of a dictionary; what is not followed may change it. */
export function ofDict(
  dict: DictValue,
  method: string,
  args: Arguments,
  { program: { undecided } }: PythonScope,
): Value {
  if (dict.spoiled !== null) return unknown(dict.spoiled);
  const found =
    readDict(dict, method, args) ?? (undecided === 0 ? changeDict(dict, method, args) : undefined);
  if (found !== undefined) return found;
  spoil(dict, t(".{0}() changes it", method));
  return unknown(t(".{0}() of a dictionary is not followed", method));
}

function readDict(dict: DictValue, method: string, { positional }: Arguments): Value | undefined {
  const [first, second] = positional;
  switch (method) {
    case "get":
      if (first === undefined) return undefined;
      return (
        got(dict, first.kind === "unknown" ? first : lookUp(dict.entries, first)) ?? second ?? none
      );
    case "copy":
      return { kind: "dict", entries: [...dict.entries], spoiled: null };
    case "keys":
    case "values":
    case "items": {
      if (entriesIn(dict.entries) === undefined)
        return unknown(t(".{0}() of a dictionary is not followed", method));
      return { kind: "passing", items: () => viewed(dict, method) };
    }
    default:
      return undefined;
  }
}

/** What `.keys()`, `.values()` or `.items()` goes through now. */
function viewed(
  { entries, spoiled }: DictValue,
  method: "keys" | "values" | "items",
): readonly Value[] | undefined {
  if (spoiled !== null) return undefined;
  return entriesIn(entries)?.map(([key, value]): Value => {
    if (method === "items") return { kind: "tuple", items: [key, value] };
    return method === "keys" ? key : value;
  });
}

function got(dict: DictValue, found: Value | undefined): Value | undefined {
  if (found?.kind === "unknown") spoilItems(dict, found.why);
  return found;
}

function changeDict(
  dict: DictValue,
  method: string,
  { positional, keywords }: Arguments,
): Value | undefined {
  const [first, second] = positional;
  if (method === "update") {
    const added = [...keywords].map(([key, value]) => [str(key), value] as const);
    if (second !== undefined) return undefined;
    if (first !== undefined && (first.kind !== "dict" || first.spoiled !== null)) return undefined;
    dict.entries = [...dict.entries, ...(first?.entries ?? []), ...added];
    return none;
  }
  if (first === undefined || spoiledBy(first) !== null || keywords.size > 0) return undefined;
  const found = lookUp(dict.entries, first);
  if (found?.kind === "unknown" || dict.entries.some(([key]) => equal(key, first) === undefined))
    return undefined;
  if (method === "setdefault") {
    if (found !== undefined) return found;
    dict.entries = [...dict.entries, [first, second ?? none]];
    return second ?? none;
  }
  if (method !== "pop" || (found === undefined && second === undefined)) return undefined;
  dict.entries = dict.entries.filter(([key]) => equal(key, first) === false);
  return found ?? second;
}

/** A method of a list; what is not followed may change it. */
export function ofList(
  list: ListValue,
  method: string,
  args: Arguments,
  { program: { undecided } }: PythonScope,
): Value {
  if (list.spoiled !== null) return unknown(list.spoiled);
  const [first] = args.positional;
  if (method === "copy") return { kind: "list", items: [...list.items], spoiled: null };
  if (method === "index" && first !== undefined) {
    const at = list.items.findIndex((item) => equal(item, first) !== false);
    const found = list.items[at];
    return found !== undefined && equal(found, first) === true
      ? int(at)
      : unknown(t("its place is not known"));
  }
  const changed = undecided === 0 ? changeList(list, method, args) : undefined;
  if (changed !== undefined) return changed;
  spoil(list, t(".{0}() changes it", method));
  return unknown(t(".{0}() of a list is not followed", method));
}

function changeList(
  list: ListValue,
  method: string,
  { positional, keywords }: Arguments = noArguments,
): Value | undefined {
  const [first, second] = positional;
  if (keywords.size > 0) return undefined;
  switch (method) {
    case "append":
      if (first === undefined || isHeldBy(list, [first])) return undefined;
      list.items.push(first);
      return none;
    case "extend": {
      const items = first === undefined ? undefined : itemsIn(first);
      if (items === undefined || isHeldBy(list, items)) return undefined;
      list.items.push(...items);
      return none;
    }
    case "insert":
      if (first?.kind !== "int" || second === undefined) return undefined;
      if (isHeldBy(list, [second])) return undefined;
      list.items.splice(first.value, 0, second);
      return none;
    case "reverse":
      list.items.reverse();
      return none;
    case "pop":
      return first === undefined ? list.items.pop() : undefined;
    default:
      return undefined;
  }
}
