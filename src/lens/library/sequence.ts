import { itemsIn } from "../value/items.ts";
import { bool, int, numberOf, sequence, truthOf } from "../value/plain.ts";
import { arithmetic, compared } from "../value/operator.ts";
import type { Arguments, Value } from "../value/value.ts";

/** More than anybody writes for the functions of an app. */
const maxItems = 1000;

/** A function of Python's that goes through items; undefined where it is none, or the items cannot be told. */
export function ofItems(path: string, args: Arguments): Value | undefined {
  const { positional, keywords, more } = args;
  if (more !== null) return undefined;
  const name = path.slice("builtins.".length);
  if (name === "range" && keywords.size === 0) return range(positional);
  if (name === "zip" && keywords.size === 0) return passing(() => zipped(positional));
  const [first, second] = positional;
  const items = first === undefined ? undefined : itemsIn(first);
  if (items === undefined || first === undefined) return undefined;
  if (name === "enumerate")
    return passing(() => enumerated(itemsIn(first), second ?? keywords.get("start")));
  if (name === "sorted") return sorted(items, args);
  if (second !== undefined || keywords.size > 0)
    return name === "next" && isPassing(first) ? items[0] : undefined;
  switch (name) {
    case "reversed":
      return passing(() => itemsIn(first)?.toReversed());
    case "next":
      return isPassing(first) ? items[0] : undefined;
    case "sum":
      return items.reduce((sum, item) => arithmetic("+", sum, item), int(0));
    case "any":
    case "all":
      return decided(name === "any", items);
    default:
      return undefined;
  }
}

function decided(wanted: boolean, items: readonly Value[]): Value | undefined {
  for (const item of items) {
    const truth = truthOf(item);
    if (truth === undefined) return undefined;
    if (truth === wanted) return bool(wanted);
  }
  return bool(!wanted);
}

function range(given: readonly Value[]): Value | undefined {
  const numbers = given.flatMap((one) => (one.kind === "int" ? [one.value] : []));
  if (numbers.length < given.length || numbers.length === 0 || numbers.length > 3) return undefined;
  const [begin = 0, end = 0, step = 1] = numbers.length === 1 ? [0, ...numbers] : numbers;
  if (step === 0) return undefined;
  const count = Math.max(0, Math.ceil((end - begin) / step));
  if (count > maxItems) return undefined;
  return { kind: "tuple", items: Array.from({ length: count }, (_, at) => int(begin + at * step)) };
}

/** What is gone through once, or shows what something else holds at that time. */
function passing(items: () => readonly Value[] | undefined): Value | undefined {
  return items() === undefined ? undefined : { kind: "passing", items };
}

/** Only what is made by a comprehension in the call itself is known here as a list. */
function isPassing({ kind }: Value): boolean {
  return kind === "list" || kind === "passing";
}

function zipped(given: readonly Value[]): readonly Value[] | undefined {
  const all = given.map((one) => itemsIn(one));
  const columns = all.filter((one) => one !== undefined);
  if (columns.length < all.length) return undefined;
  const count = columns.length === 0 ? 0 : Math.min(...columns.map(({ length }) => length));
  return Array.from({ length: count }, (_, at): Value => {
    const items = columns.flatMap((column) => column.slice(at, at + 1));
    return { kind: "tuple", items };
  });
}

function enumerated(
  items: readonly Value[] | undefined,
  start: Value | undefined,
): readonly Value[] | undefined {
  if (start !== undefined && start.kind !== "int") return undefined;
  const from = start?.value ?? 0;
  return items?.map((item, at): Value => ({ kind: "tuple", items: [int(from + at), item] }));
}

function sorted(items: readonly Value[], { positional, keywords }: Arguments): Value | undefined {
  const reverse = keywords.get("reverse");
  if (positional.length > 1 || keywords.size > (reverse === undefined ? 0 : 1)) return undefined;
  const isReverse = reverse === undefined ? false : truthOf(reverse);
  const isText = items.every(({ kind }) => kind === "str");
  if (isReverse === undefined || (!isText && items.some((one) => numberOf(one) === undefined)))
    return undefined;
  const isLess = (a: Value, b: Value): boolean => truthOf(compared("<", a, b)) === true;
  const sign = isReverse ? -1 : 1;
  // What is equal keeps its order, also backwards.
  const order = items.toSorted((a, b) => sign * (isLess(a, b) ? -1 : isLess(b, a) ? 1 : 0));
  return sequence("list", order);
}
