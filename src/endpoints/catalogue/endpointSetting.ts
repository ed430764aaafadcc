import * as z from "zod/mini";
import { Failure } from "../../base/failure.ts";
import type { Endpoint, Field } from "./endpoint.ts";
import { safeUrl } from "./endpointUrl.ts";

const number = z.number();
const base = {
  name: z.string().check(z.minLength(1, "must not be empty")),
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
  multipleOf: z.optional(number.check(z.positive("must be above 0"))),
};

const field = z.discriminatedUnion("kind", [
  z.strictObject({
    ...base,
    kind: z.literal("text"),
    default: z.optional(z.string()),
    maxLength: z.optional(z.int().check(z.positive("must be above 0"))),
    prompt: z.optional(z.boolean()),
  }),
  z.strictObject({ ...numeric, kind: z.literal("number") }),
  z.strictObject({ ...numeric, kind: z.literal("integer") }),
  z.strictObject({ ...base, kind: z.literal("boolean"), default: z.optional(z.boolean()) }),
  z.strictObject({
    ...base,
    kind: z.literal("choice"),
    choices: z.array(z.union([z.string(), number])).check(z.minLength(1, "must not be empty")),
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
    maxMegabytes: z.optional(number.check(z.positive("must be above 0"))),
  }),
  z.strictObject({ ...base, kind: z.literal("lora"), default: z.optional(z.string()) }),
  z.strictObject({
    ...base,
    kind: z.literal("jsonFile"),
    maxMegabytes: z.optional(number.check(z.positive("must be above 0"))),
  }),
  z.strictObject({ ...base, kind: z.literal("json"), default: z.optional(z.json()) }),
]);

const setting = z.strictObject({
  name: z.string().check(z.regex(/^[a-z0-9][a-z0-9._-]{0,39}$/i, 'must look like "my-endpoint"')),
  title: z.optional(z.string()),
  description: z.optional(z.string()),
  route: z.optional(z.string().check(z.startsWith("/", 'must begin with "/"'))),
  url: z.optional(z.string()),
  method: z.optional(z.enum(["GET", "POST"])),
  fields: z.optional(z.array(field)),
  fixed: z.optional(z.record(z.string(), z.json())),
  expects: z.optional(z.enum(["image", "video", "audio", "json", "any"])),
  typicalSeconds: z.optional(
    z
      .tuple([number.check(z.nonnegative()), number.check(z.nonnegative())])
      .check(z.refine(([from, to]) => from <= to, "must be [from, to]")),
  ),
});

type FieldSetting = z.infer<typeof field>;
type EndpointSetting = z.infer<typeof setting>;

const settingName = "modalMeter.endpoints";
const megabyte = 1_000_000;

/**
 * The user's own endpoints, as written in the settings.
 * @throws Failure "bad-setting" that names the entry and the key.
 */
export function parseEndpointSettings(values: readonly unknown[]): readonly Endpoint[] {
  const seen = new Set<string>();
  return values.map((value, index) => {
    const parsed = z.safeParse(setting, value);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const path = [index, ...(issue?.path ?? [])].map((part) => `[${keyText(part)}]`).join("");
      throw bad(`${settingName}${path}`, issue === undefined ? "cannot be read" : issueText(issue));
    }
    const { name } = parsed.data;
    if (seen.has(name)) throw bad(`${settingName}[${index}]["name"]`, `"${name}" occurs twice`);
    seen.add(name);
    return toEndpoint(parsed.data, index);
  });
}

function toEndpoint(data: EndpointSetting, index: number): Endpoint {
  if (data.url !== undefined) safeUrl(data.url, `${settingName}[${index}]["url"]`);
  const method = data.method ?? "POST";
  const fields = (data.fields ?? [promptSetting]).map((entry) => toField(entry, method));
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw bad(`${settingName}[${index}]["fields"]`, `"${twice}" occurs twice`);
  }
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

/** zod/mini has no words of its own for these. */
function issueText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "unrecognized_keys":
      return `there is no key ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
    case "invalid_type":
      return `must be of type ${issue.expected}`;
    case "invalid_value":
      return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "invalid_union":
      return 'has a "kind" that does not exist';
    default:
      return issue.message;
  }
}

function keyText(part: PropertyKey): string {
  return typeof part === "string" ? JSON.stringify(part) : String(part);
}

function bad(where: string, message: string): Failure {
  return new Failure(
    "bad-setting",
    `The setting ${where} is wrong: ${message}. Correct it in the settings.`,
  );
}
