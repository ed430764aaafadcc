import * as z from "zod/mini";
import type { Field } from "./endpoint.ts";
import type { Json } from "../json.ts";

/** A whole document, for "#/components/…" references. */
export class SchemaSource {
  readonly #root: unknown;
  /** A hostile document could unfold without end. */
  #left = 20_000;

  constructor(root: unknown) {
    this.#root = root;
  }

  /** What a value stands for: itself, or what its "$ref" points at. Endless references end as undefined. */
  resolve(value: unknown): unknown {
    if (this.#left-- <= 0) return undefined;
    let current = value;
    for (let steps = 0; steps < 32; steps++) {
      const parsed = z.safeParse(reference, current);
      if (!parsed.success) return current;
      current = this.#at(parsed.data.$ref);
    }
    return undefined;
  }

  /** References into other documents are not followed: nothing is fetched behind the user's back. */
  #at(pointer: string): unknown {
    if (!pointer.startsWith("#/")) return undefined;
    let current: unknown = this.#root;
    for (const part of pointer.slice(2).split("/")) {
      const key = decoded(part)?.replaceAll("~1", "/").replaceAll("~0", "~");
      if (key === undefined) return undefined;
      const parsed = z.safeParse(object, current);
      if (!parsed.success || !Object.hasOwn(parsed.data, key)) return undefined;
      current = parsed.data[key];
    }
    return current;
  }
}

/** undefined for a broken escape such as "%". */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

const reference = z.object({ $ref: z.string() });
const object = z.record(z.string(), z.unknown());
const schema = z.object({
  type: z.optional(z.union([z.string(), z.array(z.string())])),
  title: z.optional(z.string()),
  description: z.optional(z.string()),
  format: z.optional(z.string()),
  contentEncoding: z.optional(z.string()),
  contentMediaType: z.optional(z.string()),
  default: z.optional(z.unknown()),
  const: z.optional(z.unknown()),
  enum: z.optional(z.array(z.unknown())),
  minimum: z.optional(z.number()),
  maximum: z.optional(z.number()),
  exclusiveMinimum: z.optional(z.union([z.number(), z.boolean()])),
  exclusiveMaximum: z.optional(z.union([z.number(), z.boolean()])),
  multipleOf: z.optional(z.number()),
  maxLength: z.optional(z.number()),
  properties: z.optional(object),
  required: z.optional(z.array(z.string())),
  anyOf: z.optional(z.array(z.unknown())),
  oneOf: z.optional(z.array(z.unknown())),
  allOf: z.optional(z.array(z.unknown())),
});

type Schema = z.infer<typeof schema>;

const json = z.json();
const maxImageBytes = 20_000_000;
/** Schemas may refer to themselves. */
const maxDepth = 5;
const mostBranches = 8;
const largestSeed = 4_294_967_295;

/** The fields of an object schema; empty when it is none. Nested objects and lists become JSON fields. */
export function schemaFields(
  raw: unknown,
  source: SchemaSource,
  place: "body" | "query",
): readonly Field[] {
  const whole = flatten(raw, source);
  if (whole?.properties === undefined) return [];
  const required = new Set(whole.required ?? []);
  const fields: Field[] = [];
  for (const [name, value] of Object.entries(whole.properties)) {
    const schema = flatten(value, source);
    if (schema !== undefined) fields.push(toField(name, schema, required.has(name), place));
  }
  return fields;
}

/** References and `allOf` folded into one schema; an optional ("null or X") becomes X. */
function flatten(
  raw: unknown,
  source: SchemaSource,
  inside: readonly unknown[] = [],
): Schema | undefined {
  const resolved = source.resolve(raw);
  if (inside.includes(resolved) || inside.length > maxDepth) return undefined;
  const within = [...inside, resolved];
  const parsed = z.safeParse(schema, resolved);
  if (!parsed.success) return undefined;
  // A "$ref" may have a default or a description beside it.
  const beside = z.safeParse(schema, raw);
  let whole: Schema = beside.success ? { ...parsed.data, ...defined(beside.data) } : parsed.data;
  for (const part of (whole.allOf ?? []).slice(0, mostBranches)) {
    const inner = flatten(part, source, within);
    if (inner === undefined) continue;
    const properties = { ...inner.properties, ...whole.properties };
    const required = [...(inner.required ?? []), ...(whole.required ?? [])];
    whole = { ...inner, ...defined(whole) };
    if (Object.keys(properties).length > 0) whole = { ...whole, properties, required };
  }
  const choices = (whole.anyOf ?? whole.oneOf ?? [])
    .slice(0, mostBranches)
    .map((part) => flatten(part, source, within))
    .filter((part) => part !== undefined && part.type !== "null");
  const [only, ...others] = choices;
  if (only !== undefined && others.length === 0) {
    const { anyOf: _anyOf, oneOf: _oneOf, ...rest } = whole;
    return { ...only, ...defined(rest) };
  }
  return whole;
}

/** Without the keys that are not set, so that a spread does not erase. */
function defined(value: Schema): Partial<Schema> {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined));
}

function toField(name: string, schema: Schema, required: boolean, place: "body" | "query"): Field {
  const type = Array.isArray(schema.type)
    ? schema.type.find((each) => each !== "null")
    : schema.type;
  const base = {
    name,
    label: schema.title ?? name,
    description: schema.description?.slice(0, 500) ?? null,
    required: required && schema.default === undefined,
    place,
  };
  const fixed = schema.const === undefined ? schema.enum : [schema.const];
  const choices = (fixed ?? []).filter((value) => typeof value === "string" || isNumber(value));
  if (choices.length > 0) {
    const [only] = choices;
    const value = choices.find((choice) => choice === schema.default);
    return {
      ...base,
      kind: "choice",
      choices,
      default: value ?? (schema.const === undefined ? null : (only ?? null)),
    };
  }
  if (type === "boolean") {
    return {
      ...base,
      kind: "boolean",
      default: typeof schema.default === "boolean" ? schema.default : null,
    };
  }
  if (type === "integer" && /^(seed|noise_seed|random_seed)$/i.test(name)) {
    return {
      ...base,
      kind: "seed",
      minimum: Math.max(0, lower(schema) ?? 0),
      maximum: Math.min(largestSeed, upper(schema) ?? largestSeed),
    };
  }
  if (type === "integer" || type === "number") {
    return {
      ...base,
      kind: type,
      default: isNumber(schema.default) ? schema.default : null,
      minimum: lower(schema),
      maximum: upper(schema),
      multipleOf: schema.multipleOf ?? null,
    };
  }
  if (type === "string") return textField(base, schema);
  const value = z.safeParse(json, schema.default);
  const preset: Json | undefined = value.success ? value.data : undefined;
  return { ...base, kind: "json", default: preset };
}

function textField(
  base: Pick<Field, "name" | "label" | "description" | "required" | "place">,
  schema: Schema,
): Field {
  const isBase64 = schema.contentEncoding === "base64" || schema.format === "byte";
  const isImage =
    schema.contentMediaType?.startsWith("image/") === true ||
    (isBase64 && /image|photo|picture/i.test(base.name)) ||
    /^(?:\w+_)?image(_base64|_b64|_data)?$/i.test(base.name);
  if (isImage && schema.default === undefined && schema.format !== "uri") {
    const wantsBare = isBase64 || /(base64|b64)$/i.test(base.name);
    return {
      ...base,
      kind: "image",
      encoding: wantsBare ? "base64" : "dataUrl",
      maxBytes: maxImageBytes,
    };
  }
  return {
    ...base,
    kind: "text",
    default: typeof schema.default === "string" ? schema.default : null,
    maxLength: schema.maxLength ?? 100_000,
    isPrompt: /^(prompt|text|query|question|input)$/i.test(base.name),
  };
}

function lower(schema: Schema): number | null {
  const { exclusiveMinimum, minimum } = schema;
  if (typeof exclusiveMinimum === "number") return inside(schema, exclusiveMinimum, 1);
  return minimum ?? null;
}

function upper(schema: Schema): number | null {
  const { exclusiveMaximum, maximum } = schema;
  if (typeof exclusiveMaximum === "number") return inside(schema, exclusiveMaximum, -1);
  return maximum ?? null;
}

/** The next allowed value beyond an excluded bound; for fractions the bound itself, which the server checks. */
function inside(schema: Schema, bound: number, step: number): number {
  return schema.type === "integer" ? bound + step : bound;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
