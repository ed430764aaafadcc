import assert from "node:assert/strict";
import { baseOfDocument, readOpenApi } from "../../../../src/endpoints/catalogue/openApi.ts";
import type { Endpoint, Field } from "../../../../src/endpoints/catalogue/endpoint.ts";

const base = new URL("https://acme--app.modal.run/");

/** What FastAPI writes for a Pydantic model with defaults, an enum, an optional and a nested list. */
const document = {
  openapi: "3.1.0",
  info: { title: "Pictures", version: "1" },
  paths: {
    "/generate": {
      post: {
        summary: "Generate",
        requestBody: {
          required: true,
          content: {
            "application/json": { schema: { $ref: "#/components/schemas/GenerateRequest" } },
          },
        },
        responses: { "200": { content: { "image/png": {} } } },
      },
    },
    "/status": {
      get: {
        parameters: [
          {
            name: "verbose",
            in: "query",
            required: false,
            schema: { type: "boolean", default: false },
          },
        ],
      },
    },
    "/items/{id}": { get: {} },
    "/old": { post: { deprecated: true } },
    "/upload": {
      post: { requestBody: { required: true, content: { "multipart/form-data": {} } } },
    },
    "/keyed": {
      post: {
        parameters: [{ name: "x-key", in: "header", required: true, schema: { type: "string" } }],
      },
    },
    "/generate_from_image": {
      post: {
        parameters: [
          {
            name: "n",
            in: "query",
            required: true,
            schema: { type: "integer", exclusiveMinimum: 0 },
          },
        ],
        requestBody: {
          content: {
            "application/json": {
              schema: {
                type: "object",
                properties: { init_image_base64: { type: "string" } },
                required: ["init_image_base64"],
              },
            },
          },
        },
      },
    },
  },
  components: {
    schemas: {
      Sampler: { type: "string", enum: ["euler", "dpm"], title: "Sampler" },
      GenerateRequest: {
        type: "object",
        required: ["prompt"],
        properties: {
          prompt: { type: "string", title: "Prompt", maxLength: 500 },
          steps: { type: "integer", default: 20, minimum: 1, maximum: 100 },
          strength: { type: "number", default: 0.8, exclusiveMaximum: 1 },
          sampler: { $ref: "#/components/schemas/Sampler", default: "euler" },
          wrapped: { allOf: [{ $ref: "#/components/schemas/Sampler" }], default: "dpm" },
          seed: { anyOf: [{ type: "integer" }, { type: "null" }], title: "Seed" },
          tags: { type: "array", items: { type: "string" }, default: [] },
        },
      },
    },
  },
};

function named(endpoints: readonly Endpoint[], name: string): Endpoint {
  const found = endpoints.find((endpoint) => endpoint.name === name);
  assert.ok(found, endpoints.map((endpoint) => endpoint.name).join());
  return found;
}

function field(endpoint: Endpoint, name: string): Partial<Field> {
  const found = endpoint.fields.find((each) => each.name === name);
  assert.ok(found);
  return found;
}

describe("OpenAPI document", () => {
  const { endpoints, skipped } = readOpenApi(document, base);

  it("gives endpoints with their fields, defaults, limits and choices", () => {
    const generate = named(endpoints, "generate");
    assert.equal(generate.url, "https://acme--app.modal.run/generate");
    assert.equal(generate.expects, "image");
    assert.partialDeepStrictEqual(field(generate, "prompt"), {
      kind: "text",
      required: true,
      maxLength: 500,
      isPrompt: true,
    });
    assert.partialDeepStrictEqual(field(generate, "steps"), {
      kind: "integer",
      required: false,
      default: 20,
      minimum: 1,
      maximum: 100,
    });
    assert.partialDeepStrictEqual(field(generate, "strength"), {
      kind: "number",
      default: 0.8,
      maximum: 1,
    });
    assert.partialDeepStrictEqual(field(generate, "sampler"), {
      kind: "choice",
      choices: ["euler", "dpm"],
      default: "euler",
    });
    assert.partialDeepStrictEqual(field(generate, "wrapped"), {
      kind: "choice",
      choices: ["euler", "dpm"],
      default: "dpm",
    });
    assert.partialDeepStrictEqual(field(generate, "seed"), { kind: "seed", minimum: 0 });
    assert.partialDeepStrictEqual(field(generate, "tags"), { kind: "json", default: [] });
  });

  it("puts query parameters into the query, also beside a body", () => {
    const status = named(endpoints, "status");
    assert.equal(status.method, "GET");
    assert.partialDeepStrictEqual(field(status, "verbose"), {
      kind: "boolean",
      default: false,
      place: "query",
    });
    const image = named(endpoints, "generate_from_image");
    assert.partialDeepStrictEqual(field(image, "n"), {
      kind: "integer",
      place: "query",
      required: true,
      minimum: 1,
    });
    assert.partialDeepStrictEqual(field(image, "init_image_base64"), {
      kind: "image",
      encoding: "base64",
      place: "body",
    });
  });

  it("says what it leaves out, and why", () => {
    assert.deepEqual(Object.fromEntries(skipped.map(({ route, reason }) => [route, reason])), {
      "GET /items/{id}": "its address has variable parts",
      "POST /old": "it is deprecated",
      "POST /upload": "its body is not JSON",
      "POST /keyed": 'it needs "x-key" as a header parameter',
    });
  });

  it("that refers to itself ends", () => {
    const looping = {
      openapi: "3.0.3",
      paths: {
        "/a": {
          post: { requestBody: { content: { "application/json": { schema: { $ref: "#/x" } } } } },
        },
      },
      x: { anyOf: Array.from({ length: 20 }, () => ({ $ref: "#/x" })), allOf: [{ $ref: "#/x" }] },
      y: { $ref: "#/y" },
    };
    assert.equal(readOpenApi(looping, base).endpoints.length, 1);
  });

  it("is refused when it is something else", () => {
    for (const value of [
      undefined,
      {},
      { swagger: "2.0", paths: {} },
      { openapi: "4.0", paths: {} },
      "x",
    ]) {
      assert.throws(() => readOpenApi(value, base), { reason: "bad-output" });
    }
  });

  it("lies beside its routes", () => {
    assert.equal(
      baseOfDocument(new URL("https://a.example/v1/openapi.json?x=1")).href,
      "https://a.example/v1/",
    );
    assert.equal(
      baseOfDocument(new URL("https://a.example/openapi.json")).href,
      "https://a.example/",
    );
  });
});
