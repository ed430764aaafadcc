import { isSame, unknown } from "./plain.ts";
import { spoil } from "./spoil.ts";
import { AppSource, type Reading, type Value } from "./value.ts";

/** The names as they are after branches of which one ran. */
export function merged(
  results: readonly ReadonlyMap<string, Value>[],
  why: string,
): Map<string, Value> {
  const names = new Set(results.flatMap((result) => [...result.keys()]));
  return new Map(
    [...names].map((name) => [
      name,
      eitherOf(
        results.map((result) => result.get(name)),
        why,
      ),
    ]),
  );
}

/** One of the values, and nobody can tell which: their own where they are all the same. undefined: there may be none. */
export function eitherOf(values: readonly (Value | undefined)[], why: string): Value {
  const [first] = values;
  if (first !== undefined && values.every((value) => value !== undefined && isSame(first, value)))
    return first;
  const apps = values.map((value) => (value?.kind === "app" ? value.app : undefined));
  const [app] = apps;
  if (app !== undefined && apps.every((each) => each !== undefined)) {
    const one = new AppSource({
      name: sameName(apps) ?? { kind: "unknown", why },
      constructedBy: app.constructedBy,
      file: app.file,
      offset: app.offset,
    });
    for (const each of new Set(apps)) if (each !== undefined) one.mayBe(each);
    return { kind: "app", app: one };
  }
  for (const value of values) if (value !== undefined) spoil(value, why);
  return unknown(why);
}

function sameName(apps: readonly (AppSource | undefined)[]): Reading<string> | undefined {
  const names = apps.map((app) => (app?.name.kind === "known" ? app.name.value : undefined));
  const [name, ...others] = new Set(names);
  return name === undefined || others.length > 0 ? undefined : { kind: "known", value: name };
}
