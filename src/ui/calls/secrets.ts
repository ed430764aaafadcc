import type { Endpoint } from "../../endpoints/catalogue/endpoint.ts";
import type { Json } from "../../endpoints/json.ts";

/** The person's own words among what a call sends: nobody may read them in a message or a log. */
export function secretsOf(
  endpoint: Endpoint,
  values: Readonly<Record<string, Json>>,
): readonly string[] {
  return endpoint.fields.flatMap((field) => {
    const value = Object.hasOwn(values, field.name) ? values[field.name] : undefined;
    if (value === undefined) return [];
    if (field.kind === "text") return typeof value === "string" ? [value] : [];
    return field.kind === "json" || field.kind === "jsonFile" ? ownTexts(value, field.name) : [];
  });
}

/** Inputs that hold what a person writes, and those that hold what only they may know. */
const ownInput =
  /text|prompt|positive|negative|caption|lyric|description|wildcard|story|speech|transcript|message|content|query|token|secret|passw|credential|authorization|api_?key/i;
/** What kind a node is, and what its editor calls it: names of programs, not words of a person. */
const programInput = /^(?:class_type|_meta|type|node_?type)$/i;

/**
 * Of JSON, such as a ComfyUI workflow, what a person wrote: inputs of such names, and free text. Names of
 * classes, models, samplers and devices are what errors speak of: without them none can be read.
 */
function ownTexts(value: Json, input: string): readonly string[] {
  if (typeof value === "string") return ownInput.test(input) || isFreeText(value) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((one: Json) => ownTexts(one, input));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) =>
    programInput.test(name) ? [] : ownTexts(one, name),
  );
}

/** Three words, or as much in writing without spaces. */
function isFreeText(text: string): boolean {
  return (
    text.split(/\s+/).filter((word) => /\p{L}{2}/u.test(word)).length >= 3 || unspaced.test(text)
  );
}

const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]{4}/u;
