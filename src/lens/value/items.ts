import { isSame, spoiledBy, str } from "./plain.ts";
import type { Value } from "./value.ts";

/** What a loop over a value goes through, in order; undefined: it cannot be told. */
export function itemsIn(value: Value): readonly Value[] | undefined {
  if (spoiledBy(value) !== null) return undefined;
  switch (value.kind) {
    case "tuple":
    case "list":
      return [...value.items];
    case "str":
      return Array.from(value.value, (letter) => str(letter));
    case "passing":
      return value.items();
    case "dict":
      return keysOf(value.entries);
    default:
      return undefined;
  }
}

/** Whether going through it gives the same now as before. */
export function stillHas(value: Value, items: readonly Value[]): boolean {
  const now = itemsIn(value);
  return now?.length === items.length && now.every((item, at) => isSameItem(item, items[at]));
}

function isSameItem(a: Value, b: Value | undefined): boolean {
  if (b === undefined) return false;
  if (a.kind !== "tuple" || b.kind !== "tuple") return isSame(a, b);
  return (
    a.items.length === b.items.length && a.items.every((item, at) => isSameItem(item, b.items[at]))
  );
}

/** Whether one of the values is the list, or holds it: a list that holds itself is not followed. */
export function isHeldBy(list: Value, values: readonly Value[], seen = new Set<Value>()): boolean {
  return values.some((value) => {
    if (value === list) return true;
    if ((value.kind !== "list" && value.kind !== "tuple") || seen.has(value)) return false;
    seen.add(value);
    return isHeldBy(list, value.items, seen);
  });
}

type Entry = readonly [key: Value, value: Value];

/** The entries of a dictionary, each key once: at its first place, with its last value. undefined: its keys are not all plain. */
export function entriesIn(entries: readonly Entry[]): readonly Entry[] | undefined {
  const found = new Map<string, Entry>();
  for (const [key, value] of entries) {
    if (key.kind !== "str" && key.kind !== "int") return undefined;
    const text = `${key.kind} ${key.value}`;
    found.set(text, [found.get(text)?.[0] ?? key, value]);
  }
  return [...found.values()];
}

function keysOf(entries: readonly Entry[]): readonly Value[] | undefined {
  return entriesIn(entries)?.map(([key]) => key);
}
