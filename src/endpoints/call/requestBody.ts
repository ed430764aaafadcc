import { ownValue } from "../../base/ownValue.ts";
import { plural, t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import { promptField, type Endpoint, type Field } from "../catalogue/endpoint.ts";
import type { Json, JsonObject } from "../json.ts";

/** What a person entered, by field name. Images and JSON files are read before (fileField.ts). */
export type FieldValues = Readonly<Record<string, Json | undefined>>;

export interface BuiltRequest {
  /** The endpoint's address with the query, where it has one. */
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly body: JsonObject | null;
  /** What was sent by field name, drawn seed included: for provenance and "Repeat". */
  readonly sent: JsonObject;
  readonly prompt: string | null;
  readonly seed: number | null;
}

/**
 * Checks values against an endpoint's fields and builds the request. `random` gives numbers in
 * [0, 1), for seeds that were left empty.
 *
 * @throws Failure "invalid-argument" that names the field.
 */
export function buildRequest(
  endpoint: Endpoint,
  url: URL,
  values: FieldValues,
  random: () => number,
): BuiltRequest {
  const target = new URL(url);
  // Maps: a field may be called "__proto__".
  const body = new Map(Object.entries(endpoint.fixed));
  const sent = new Map<string, Json>();
  let seed: number | null = null;
  for (const field of endpoint.fields) {
    let value = checked(field, ownValue(values, field.name));
    if (field.kind === "seed") {
      value ??= field.minimum + Math.floor(random() * (field.maximum - field.minimum + 1));
      seed = typeof value === "number" ? value : null;
    }
    if (value === undefined) continue;
    sent.set(field.name, value);
    if (field.place === "query" || endpoint.method === "GET") {
      target.searchParams.set(
        field.name,
        typeof value === "object" ? JSON.stringify(value) : String(value),
      );
    } else body.set(field.name, value);
  }
  const named = promptField(endpoint);
  const prompt = named === undefined ? undefined : sent.get(named.name);
  return {
    url: target,
    method: endpoint.method,
    body: endpoint.method === "GET" ? null : Object.fromEntries(body),
    sent: Object.fromEntries(sent),
    prompt: typeof prompt === "string" && prompt !== "" ? prompt : null,
    seed,
  };
}

/**
 * The value of one field, or its default; undefined when it is left out.
 * @throws Failure "invalid-argument".
 */
export function checked(field: Field, entered: Json | undefined): Json | undefined {
  const value = isEmpty(entered) && field.kind !== "json" ? defaultOf(field) : entered;
  if (isEmpty(value)) {
    if (field.required) throw wrong(field, t("must not be empty"));
    // An empty text is a value (a negative prompt of ""); nothing at all is not.
    return field.kind === "text" && value === "" ? "" : undefined;
  }
  switch (field.kind) {
    case "text":
      return textOf(field, value, field.maxLength);
    case "lora":
      return textOf(field, value, 1000);
    case "number":
    case "integer":
      return numberOf(field, value, field);
    case "seed":
      return numberOf(field, value, field);
    case "boolean":
      if (typeof value !== "boolean") throw wrong(field, t("must be true or false"));
      return value;
    case "choice":
      if (!field.choices.some((choice) => choice === value)) {
        throw wrong(field, t("must be one of {0}", field.choices.join(", ")));
      }
      return value;
    case "image":
      return textOf(field, value, Math.ceil(field.maxBytes / 3) * 4 + 100);
    case "jsonFile":
      if (typeof value !== "object") throw wrong(field, t("must be a JSON object"));
      return value;
    default:
      return value;
  }
}

function defaultOf(field: Field): Json | undefined {
  switch (field.kind) {
    case "seed":
    case "image":
    case "jsonFile":
      return undefined;
    default:
      return field.default ?? undefined;
  }
}

function isEmpty(value: Json | undefined): value is undefined | null | "" {
  return value === undefined || value === null || value === "";
}

function textOf(field: Field, value: Json, maxLength: number): string {
  if (typeof value !== "string") throw wrong(field, t("must be a text"));
  if (value.length > maxLength)
    throw wrong(
      field,
      plural(maxLength, {
        one: "must have at most {0} character",
        other: "must have at most {0} characters",
      }),
    );
  return value;
}

function numberOf(
  field: Field,
  value: Json,
  range: {
    readonly minimum: number | null;
    readonly maximum: number | null;
    readonly multipleOf?: number | null;
  },
): number {
  if (typeof value !== "number" || !Number.isFinite(value))
    throw wrong(field, t("must be a number"));
  if (field.kind !== "number" && !Number.isSafeInteger(value)) {
    throw wrong(field, t("must be a whole number"));
  }
  const { minimum, maximum } = range;
  if (minimum !== null && value < minimum) throw wrong(field, t("must be {0} or more", minimum));
  if (maximum !== null && value > maximum) throw wrong(field, t("must be {0} or less", maximum));
  const step = range.multipleOf ?? null;
  if (step !== null && Math.abs(value / step - Math.round(value / step)) > 1e-9) {
    throw wrong(field, t("must be a multiple of {0}", step));
  }
  return value;
}

function wrong(field: Field, what: string): Failure {
  return new Failure("invalid-argument", `"${field.label}" (${field.name}) ${what}.`);
}
