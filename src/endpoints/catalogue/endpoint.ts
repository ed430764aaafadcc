import type { SecondsRange } from "../../cost/spending/callEstimate.ts";
import type { ResultKind } from "../resultKind.ts";
import type { Json, JsonObject } from "../json.ts";

interface FieldBase {
  /** Key in the body or the query. */
  readonly name: string;
  /** What a person reads. */
  readonly label: string;
  readonly description: string | null;
  readonly required: boolean;
  readonly place: "body" | "query";
}

export interface TextField extends FieldBase {
  readonly kind: "text";
  readonly default: string | null;
  /** Characters. */
  readonly maxLength: number;
  /** The prompt names the result's file and is never logged. */
  readonly isPrompt: boolean;
}

export interface NumberField extends FieldBase {
  readonly kind: "number" | "integer";
  readonly default: number | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** The value must be a multiple of it. */
  readonly multipleOf: number | null;
}

export interface BooleanField extends FieldBase {
  readonly kind: "boolean";
  readonly default: boolean | null;
}

export interface ChoiceField extends FieldBase {
  readonly kind: "choice";
  readonly choices: readonly (string | number)[];
  readonly default: string | number | null;
}

/** An empty seed is drawn here and sent, so that every result can be made again. */
export interface SeedField extends FieldBase {
  readonly kind: "seed";
  readonly minimum: number;
  readonly maximum: number;
}

/** A picked image file. */
export interface ImageField extends FieldBase {
  readonly kind: "image";
  readonly encoding: "dataUrl" | "base64";
  readonly maxBytes: number;
}

/** The id of a LoRA that the app knows. */
export interface LoraField extends FieldBase {
  readonly kind: "lora";
  readonly default: string | null;
}

/** A picked JSON file, such as a ComfyUI workflow in API format. */
export interface JsonFileField extends FieldBase {
  readonly kind: "jsonFile";
  readonly maxBytes: number;
}

/** Any JSON, typed by hand: nested objects and lists of an OpenAPI document. */
export interface JsonField extends FieldBase {
  readonly kind: "json";
  readonly default: Json | undefined;
}

export type Field =
  | TextField
  | NumberField
  | BooleanField
  | ChoiceField
  | SeedField
  | ImageField
  | LoraField
  | JsonFileField
  | JsonField;

export interface Endpoint {
  /** Unique, as in settings, file names and the ledger: "flux-dev". */
  readonly name: string;
  readonly title: string;
  readonly description: string | null;
  /** Path below the app's base URL: "/flux-dev". */
  readonly route: string;
  readonly method: "GET" | "POST";
  readonly fields: readonly Field[];
  /** Sent with every call, below what the fields say. */
  readonly fixed: JsonObject;
  readonly expects: ResultKind;
  /** Usual handler time when warm; null where nobody said. */
  readonly typicalSeconds: SecondsRange | null;
  /** The model behind it, for what is spent on each; null: as the endpoint is called. */
  readonly model: string | null;
  readonly source: "built-in" | "setting" | "openapi";
  /** Where to call it, when it brings its own address; else `resolveUrl` finds one. */
  readonly url: string | null;
}

/** The field that holds the prompt, if the endpoint has one. */
export function promptField(endpoint: Endpoint): TextField | undefined {
  for (const field of endpoint.fields) if (field.kind === "text" && field.isPrompt) return field;
  return undefined;
}
