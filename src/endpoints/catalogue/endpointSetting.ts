import * as z from "zod/mini";
import { Failure } from "../../base/failure.ts";
import { issueText } from "../../base/issueText.ts";
import { t } from "../../base/text.ts";
import type { Endpoint, Field } from "./endpoint.ts";
import { urlProblem } from "./endpointUrl.ts";

const number = z.number();
const base = {
  name: z.string().check(z.minLength(1, { error: () => t("must not be empty") })),
  label: z.optional(z.string()),
  description: z.optional(z.string()),
  required: z.optional(z.boolean()),
  in: z.optional(z.enum(["body", "query"])),
};
const numeric = {
  ...base,
  default: z.optional(number),
  minimum: z.optional(number),
  maximum: z.optional(number),
  multipleOf: z.optional(number.check(z.positive({ error: () => t("must be above 0") }))),
};

const field = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({
      ...base,
      kind: z.literal("text"),
      default: z.optional(z.string()),
      maxLength: z.optional(z.int().check(z.positive({ error: () => t("must be above 0") }))),
      prompt: z.optional(z.boolean()),
    }),
    z.strictObject({ ...numeric, kind: z.literal("number") }),
    z.strictObject({ ...numeric, kind: z.literal("integer") }),
    z.strictObject({ ...base, kind: z.literal("boolean"), default: z.optional(z.boolean()) }),
    z.strictObject({
      ...base,
      kind: z.literal("choice"),
      choices: z
        .array(z.union([z.string(), number]))
        .check(z.minLength(1, { error: () => t("must not be empty") })),
      default: z.optional(z.union([z.string(), number])),
    }),
    z.strictObject({
      ...base,
      kind: z.literal("seed"),
      minimum: z.optional(z.int()),
      maximum: z.optional(z.int()),
    }),
    z.strictObject({
      ...base,
      kind: z.literal("image"),
      encoding: z.optional(z.enum(["dataUrl", "base64"])),
      maxMegabytes: z.optional(number.check(z.positive({ error: () => t("must be above 0") }))),
    }),
    z.strictObject({ ...base, kind: z.literal("lora"), default: z.optional(z.string()) }),
    z.strictObject({
      ...base,
      kind: z.literal("jsonFile"),
      maxMegabytes: z.optional(number.check(z.positive({ error: () => t("must be above 0") }))),
    }),
    z.strictObject({ ...base, kind: z.literal("json"), default: z.optional(z.json()) }),
  ],
  { error: () => t('has a "kind" that does not exist') },
);

const setting = z.strictObject({
  name: z
    .string()
    .check(
      z.regex(/^[a-z0-9][a-z0-9._-]{0,39}$/i, { error: () => t('must look like "my-endpoint"') }),
    ),
  title: z.optional(z.string()),
  description: z.optional(z.string()),
  route: z.optional(z.string().check(z.startsWith("/", { error: () => t('must begin with "/"') }))),
  url: z.optional(z.string()),
  method: z.optional(z.enum(["GET", "POST"])),
  fields: z.optional(z.array(field)),
  fixed: z.optional(z.record(z.string(), z.json())),
  expects: z.optional(z.enum(["image", "video", "audio", "json", "any"])),
  typicalSeconds: z.optional(
    z
      .tuple([number.check(z.nonnegative()), number.check(z.nonnegative())])
      .check(z.refine(([from, to]) => from <= to, { error: () => t("must be [from, to]") })),
  ),
  model: z.optional(z.string()),
});

type FieldSetting = z.infer<typeof field>;
type EndpointSetting = z.infer<typeof setting>;

const megabyte = 1_000_000;

/** An entry that cannot be used, and why. */
export interface WrongEndpoint {
  /** null: the entry does not even have a name. */
  readonly name: string | null;
  /** `[0]["url"]`. */
  readonly path: string;
  /** "is not a URL". */
  readonly message: string;
}

export interface OwnEndpoints {
  readonly endpoints: readonly Endpoint[];
  readonly wrong: readonly WrongEndpoint[];
}

const named = z.object({ name: z.string() });

/** The user's own endpoints, as written in the settings. What is wrong with one does no harm to the others. */
export function readEndpointSettings(values: readonly unknown[]): OwnEndpoints {
  const endpoints: Endpoint[] = [];
  const wrong: WrongEndpoint[] = [];
  for (const [index, value] of values.entries()) {
    const read = endpointIn(value, endpoints);
    if ("endpoint" in read) {
      endpoints.push(read.endpoint);
      continue;
    }
    const name = z.safeParse(named, value);
    const path = [index, ...read.path].map((part) => `[${keyText(part)}]`).join("");
    wrong.push({ name: name.success ? name.data.name : null, path, message: read.message });
  }
  return { endpoints, wrong };
}

/** One sentence about an entry that cannot be used. */
export function wrongEndpoint({ path, message }: WrongEndpoint): Failure {
  const setting = `modalMeter.endpoints${path}`;
  return new Failure(
    "bad-setting",
    t("The setting {0} is wrong: {1}. Correct it in the settings.", setting, message),
  );
}

type Read =
  | { readonly endpoint: Endpoint }
  | { readonly path: readonly PropertyKey[]; readonly message: string };

function endpointIn(value: unknown, before: readonly Endpoint[]): Read {
  const parsed = z.safeParse(setting, value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const message = issue === undefined ? t("cannot be read") : issueText(issue);
    return { path: issue?.path ?? [], message };
  }
  const { data } = parsed;
  if (before.some(({ name }) => name === data.name))
    return { path: ["name"], message: t('"{0}" occurs twice', data.name) };
  const urlFault = data.url === undefined ? undefined : urlProblem(data.url);
  if (urlFault !== undefined) return { path: ["url"], message: urlFault };
  const method = data.method ?? "POST";
  const fields = (data.fields ?? [promptSetting]).map((entry) => toField(entry, method));
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return { path: ["fields"], message: t('"{0}" occurs twice', twice) };
  return { endpoint: toEndpoint(data, method, fields) };
}

function toEndpoint(
  data: EndpointSetting,
  method: Endpoint["method"],
  fields: readonly Field[],
): Endpoint {
  return {
    name: data.name,
    title: data.title ?? data.name,
    description: data.description ?? null,
    route: data.route ?? `/${data.name}`,
    method,
    fields,
    fixed: data.fixed ?? {},
    expects: data.expects ?? "any",
    typicalSeconds:
      data.typicalSeconds === undefined
        ? null
        : { low: data.typicalSeconds[0], high: data.typicalSeconds[1] },
    model: data.model ?? null,
    source: "setting",
    url: data.url ?? null,
  };
}

/** An endpoint without fields takes a prompt. */
const promptSetting: FieldSetting = { kind: "text", name: "prompt", required: true };

function toField(data: FieldSetting, method: "GET" | "POST"): Field {
  const common = {
    name: data.name,
    label: data.label ?? data.name,
    description: data.description ?? null,
    required: data.required ?? false,
    place: method === "GET" ? "query" : (data.in ?? "body"),
  } as const;
  switch (data.kind) {
    case "text":
      return {
        ...common,
        kind: "text",
        default: data.default ?? null,
        maxLength: data.maxLength ?? 10_000,
        isPrompt: data.prompt ?? data.name === "prompt",
      };
    case "number":
    case "integer":
      return {
        ...common,
        kind: data.kind,
        default: data.default ?? null,
        minimum: data.minimum ?? null,
        maximum: data.maximum ?? null,
        multipleOf: data.multipleOf ?? null,
      };
    case "boolean":
      return { ...common, kind: "boolean", default: data.default ?? null };
    case "choice":
      return { ...common, kind: "choice", choices: data.choices, default: data.default ?? null };
    case "seed":
      return {
        ...common,
        kind: "seed",
        minimum: data.minimum ?? 0,
        maximum: data.maximum ?? 4_294_967_295,
      };
    case "image":
      return {
        ...common,
        kind: "image",
        encoding: data.encoding ?? "dataUrl",
        maxBytes: (data.maxMegabytes ?? 20) * megabyte,
      };
    case "lora":
      return { ...common, kind: "lora", default: data.default ?? null };
    case "jsonFile":
      return { ...common, kind: "jsonFile", maxBytes: (data.maxMegabytes ?? 20) * megabyte };
    default:
      return { ...common, kind: "json", default: data.default };
  }
}

function keyText(part: PropertyKey): string {
  return typeof part === "string" ? JSON.stringify(part) : String(part);
}
