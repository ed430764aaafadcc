import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import type { Endpoint, Field } from "./endpoint.ts";
import type { ResultKind } from "../resultKind.ts";
import { schemaFields, SchemaSource } from "./openApiSchema.ts";

/** What an OpenAPI document offers, and what of it cannot be used. */
export interface OpenApiCatalogue {
  readonly endpoints: readonly Endpoint[];
  readonly skipped: readonly { readonly route: string; readonly reason: string }[];
}

const parameter = z.object({
  name: z.string(),
  in: z.string(),
  required: z.optional(z.boolean()),
  description: z.optional(z.string()),
  schema: z.optional(z.unknown()),
});
const content = z.record(z.string(), z.object({ schema: z.optional(z.unknown()) }));
const operation = z.object({
  operationId: z.optional(z.string()),
  summary: z.optional(z.string()),
  description: z.optional(z.string()),
  deprecated: z.optional(z.boolean()),
  parameters: z.optional(z.array(z.unknown())),
  requestBody: z.optional(z.unknown()),
  responses: z.optional(z.record(z.string(), z.unknown())),
});
const body = z.object({ content, required: z.optional(z.boolean()) });
const response = z.object({ content: z.optional(content) });
const document = z.object({
  openapi: z.string().check(z.regex(/^3\./)),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
});

type Operation = z.infer<typeof operation>;

const mostEndpoints = 200;

/**
 * Endpoints from an OpenAPI 3 document, such as FastAPI's /openapi.json: GET and POST routes with
 * JSON bodies. `base` is the app's address; routes are called below it.
 *
 * @throws Failure "bad-output" when it is no OpenAPI 3 document.
 */
export function readOpenApi(value: unknown, base: URL): OpenApiCatalogue {
  const parsed = z.safeParse(document, value);
  if (!parsed.success) {
    throw new Failure(
      "bad-output",
      t("This is not an OpenAPI 3 document. Point at the app's /openapi.json."),
    );
  }
  const source = new SchemaSource(value);
  const endpoints: Endpoint[] = [];
  const skipped: { route: string; reason: string }[] = [];
  const names = new Set<string>();
  for (const [route, item] of Object.entries(parsed.data.paths)) {
    for (const method of ["post", "get"] as const) {
      const found = z.safeParse(operation, item[method]);
      if (!found.success) continue;
      const shown = `${method.toUpperCase()} ${route}`;
      const reason = unusable(route, found.data, endpoints.length);
      if (reason !== null) {
        skipped.push({ route: shown, reason });
        continue;
      }
      const made = toEndpoint(route, method, found.data, item["parameters"], source, base);
      if (typeof made === "string") skipped.push({ route: shown, reason: made });
      else endpoints.push({ ...made, name: uniqueName(made.name, names) });
    }
  }
  return { endpoints, skipped };
}

/** The address below which the routes of a document at this address are. */
export function baseOfDocument(url: URL): URL {
  const base = new URL(url);
  base.search = "";
  base.hash = "";
  base.pathname = base.pathname.replace(/\/?[^/]*\.json$/, "/");
  return base;
}

function unusable(route: string, data: Operation, count: number): string | null {
  if (data.deprecated === true) return t("it is deprecated");
  if (route.includes("{")) return t("its address has variable parts");
  if (count >= mostEndpoints) return t("only the first {0} routes are taken", mostEndpoints);
  return null;
}

function toEndpoint(
  route: string,
  verb: "get" | "post",
  data: Operation,
  shared: unknown,
  source: SchemaSource,
  base: URL,
): Endpoint | string {
  const method = verb === "get" ? "GET" : "POST";
  const query = queryFields([...asList(shared), ...(data.parameters ?? [])], source);
  if (typeof query === "string") return query;
  const inBody = method === "GET" ? [] : bodyFields(data.requestBody, source);
  if (typeof inBody === "string") return inBody;
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${route.replace(/^\/+/, "")}`;
  return {
    name: nameOf(route, method),
    title: data.summary ?? route,
    description: data.description?.slice(0, 500) ?? null,
    route,
    method,
    fields: [...inBody, ...query],
    fixed: {},
    expects: expectedKind(data, source),
    typicalSeconds: null,
    model: null,
    source: "openapi",
    url: url.href,
  };
}

function queryFields(parameters: readonly unknown[], source: SchemaSource): Field[] | string {
  const fields: Field[] = [];
  for (const raw of parameters) {
    const parsed = z.safeParse(parameter, source.resolve(raw));
    if (!parsed.success) continue;
    const { name, in: place, required = false, description, schema } = parsed.data;
    if (place !== "query") {
      if (required) return t('it needs "{0}" as a {1} parameter', name, place);
      continue;
    }
    const [field] = schemaFields(
      {
        type: "object",
        properties: { [name]: schema ?? { type: "string" } },
        required: required ? [name] : [],
      },
      source,
      "query",
    );
    if (field === undefined) continue;
    fields.push(description === undefined ? field : { ...field, description });
  }
  return fields;
}

function bodyFields(raw: unknown, source: SchemaSource): readonly Field[] | string {
  if (raw === undefined) return [];
  const parsed = z.safeParse(body, source.resolve(raw));
  if (!parsed.success) return t("its body cannot be read");
  const json = Object.entries(parsed.data.content).find(([type]) =>
    /^application\/([\w.+-]+\+)?json\b/.test(type),
  );
  if (json === undefined) {
    return parsed.data.required === true ? t("its body is not JSON") : [];
  }
  const fields = schemaFields(json[1].schema, source, "body");
  return fields.length === 0 && parsed.data.required === true && json[1].schema !== undefined
    ? t("its body is not an object with fields")
    : fields;
}

function expectedKind(data: Operation, source: SchemaSource): ResultKind {
  const [, raw] =
    Object.entries(data.responses ?? {}).find(([status]) => status.startsWith("2")) ?? [];
  const parsed = z.safeParse(response, source.resolve(raw));
  const types = parsed.success ? Object.keys(parsed.data.content ?? {}) : [];
  for (const kind of ["image", "video", "audio"] as const) {
    if (types.some((type) => type.startsWith(`${kind}/`))) return kind;
  }
  // FastAPI lists application/json for everything that it is not told about, files included.
  return "any";
}

function nameOf(route: string, method: "GET" | "POST"): string {
  const words = route.replaceAll(/[^A-Za-z0-9_.-]+/g, "-").replaceAll(/^[-.]+|[-.]+$/g, "");
  const name = words === "" ? "root" : words.slice(0, 36);
  return method === "GET" ? `${name}-get`.slice(0, 40) : name;
}

function uniqueName(name: string, taken: Set<string>): string {
  let unique = name.replace(/-get$/, "");
  if (taken.has(unique)) unique = name;
  for (let copy = 2; taken.has(unique); copy++) unique = `${name}-${copy}`;
  taken.add(unique);
  return unique;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
