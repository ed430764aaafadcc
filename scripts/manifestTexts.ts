// The texts of package.json that a person sees. VS Code takes a translated one from
// package.nls.LANGUAGE.json by its key, so each stands in package.nls.json, and package.json says "%key%".

export type ManifestJson =
  | null
  | boolean
  | number
  | string
  | readonly ManifestJson[]
  | { readonly [name: string]: ManifestJson };

/** A manifest whose texts are keys, and the texts by key, in the order of the manifest. */
export interface KeyedManifest {
  readonly manifest: ManifestJson;
  readonly texts: Readonly<Record<string, string>>;
  /** What VS Code would show as it is, or as a bare key. */
  readonly problems: readonly string[];
}

/** Fields of the manifest that VS Code shows, and translates. */
const textFields = new Set([
  "contents",
  "deprecationMessage",
  "description",
  "enumDescriptions",
  "enumItemLabels",
  "errorMessage",
  "label",
  "markdownDeprecationMessage",
  "markdownDescription",
  "markdownEnumDescriptions",
  "patternErrorMessage",
  "title",
]);
/** Parts of the manifest whose texts VS Code shows. */
const shownParts = new Set(["capabilities", "contributes", "description"]);
/** Steps of a path that say nothing about what a text is for. */
const silentSteps = new Set(["additionalProperties", "contributes", "items", "properties"]);

/**
 * Moves each text of a manifest into `texts` and leaves its key. A text that is one already keeps its
 * key; the product's own name stays as it is. Keys that the manifest does not name are left out.
 */
export function keyedManifest(
  manifest: { readonly [name: string]: ManifestJson },
  texts: Readonly<Record<string, string>>,
): KeyedManifest {
  const named = [...JSON.stringify(manifest).matchAll(/"%([^"%]+)%"/g)].flatMap(
    ([, key]) => key ?? [],
  );
  const kept: Record<string, string> = {};
  const taken = new Map(Object.entries(texts).filter(([key]) => named.includes(key)));
  const problems: string[] = [];
  const keyOf = (text: string, steps: readonly string[]): string => {
    const keyed = /^%(.+)%$/.exec(text)?.[1];
    if (keyed !== undefined) {
      const english = texts[keyed];
      if (english === undefined) problems.push(`package.nls.json has no "${keyed}"`);
      else kept[keyed] = english;
      return text;
    }
    problems.push(`package.json holds a text itself: ${JSON.stringify(text)}`);
    const key = freeKey(steps.filter((step) => !silentSteps.has(step)).join("."), text, taken);
    taken.set(key, text);
    kept[key] = text;
    return `%${key}%`;
  };
  const walk = (value: ManifestJson, steps: readonly string[], isText: boolean): ManifestJson => {
    if (typeof value === "string") {
      return isText && value !== "" && value !== manifest["displayName"]
        ? keyOf(value, steps)
        : value;
    }
    if (value === null || typeof value !== "object") return value;
    if (isList(value)) {
      return value.map((one, index) => walk(one, [...steps, stepOf(one, index)], isText));
    }
    const entries = Object.entries(value).map(([name, one]): [string, ManifestJson] => {
      if (steps.length === 0 && !shownParts.has(name)) return [name, one];
      const isField = isTextField(name, steps, one);
      return [name, walk(one, [...steps, name.replace(/^modalMeter\./, "")], isField)];
    });
    return Object.fromEntries(entries);
  };
  return { manifest: walk(manifest, [], false), texts: kept, problems };
}

/** Inside "properties" every name is a setting's own; the name of a view is a text. */
function isTextField(name: string, steps: readonly string[], value: ManifestJson): boolean {
  if (steps.at(-1) === "properties" || (typeof value === "object" && !isList(value))) return false;
  return textFields.has(name) || (name === "name" && steps.includes("views"));
}

/** What an element of a list is called by those who read its key. */
function stepOf(element: ManifestJson, index: number): string {
  if (element === null || typeof element !== "object" || isList(element)) return String(index);
  const { command, id, view } = element;
  const name = [command, id, view].find((one) => typeof one === "string");
  return name?.replace(/^modalMeter\./, "") ?? String(index);
}

function freeKey(key: string, text: string, taken: ReadonlyMap<string, string>): string {
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? key : `${key}.${number}`;
    if ((taken.get(free) ?? text) === text) return free;
  }
}

function isList(value: ManifestJson): value is readonly ManifestJson[] {
  return Array.isArray(value);
}
