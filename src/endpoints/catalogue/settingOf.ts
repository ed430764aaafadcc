import type { Endpoint, Field } from "./endpoint.ts";
import type { Json } from "../json.ts";

/**
 * An endpoint as an entry of the setting `modalMeter.endpoints`: what `parseEndpointSettings` reads
 * back. Used for endpoints that were found in an OpenAPI document.
 */
export function settingOf(endpoint: Endpoint): Readonly<Record<string, Json>> {
  const { name, title, description, route, url, method, fields, fixed, expects } = endpoint;
  const { typicalSeconds, model } = endpoint;
  return withoutEmpty({
    name,
    title,
    description,
    route,
    url,
    method,
    fields: fields.map(fieldSettingOf),
    fixed: Object.keys(fixed).length === 0 ? null : fixed,
    expects,
    typicalSeconds: typicalSeconds === null ? null : [typicalSeconds.low, typicalSeconds.high],
    model,
  });
}

function fieldSettingOf(field: Field): Readonly<Record<string, Json>> {
  const common = {
    kind: field.kind,
    name: field.name,
    label: field.label,
    description: field.description,
    required: field.required,
    in: field.place,
  };
  return withoutEmpty({ ...common, ...ownKeys(field) });
}

function ownKeys(field: Field): Readonly<Record<string, Json | undefined>> {
  switch (field.kind) {
    case "text":
      return { default: field.default, maxLength: field.maxLength, prompt: field.isPrompt };
    case "number":
    case "integer":
      return {
        default: field.default,
        minimum: field.minimum,
        maximum: field.maximum,
        multipleOf: field.multipleOf,
      };
    case "choice":
      return { choices: field.choices, default: field.default };
    case "seed":
      return { minimum: field.minimum, maximum: field.maximum };
    case "image":
      return { encoding: field.encoding, maxMegabytes: field.maxBytes / 1_000_000 };
    case "jsonFile":
      return { maxMegabytes: field.maxBytes / 1_000_000 };
    default:
      return { default: field.default };
  }
}

function withoutEmpty(
  entry: Readonly<Record<string, Json | undefined>>,
): Readonly<Record<string, Json>> {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(entry)) {
    if (value !== null && value !== undefined) kept[key] = value;
  }
  return kept;
}
