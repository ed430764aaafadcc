/** The OpenAPI document that FastAPI would write for these routes. */
export function openApi(kind: "pictures" | "text", baseUrl: string): unknown {
  const paths = kind === "pictures" ? pictures : { "/generate": post("Generate", generate) };
  return {
    openapi: "3.1.0",
    info: { title: kind === "pictures" ? "Flux" : "Inference", version: "1.0.0" },
    servers: [{ url: baseUrl }],
    paths: {
      "/health": { get: { summary: "Health", operationId: "health", responses: ok } },
      "/warmup": { post: { summary: "Warm up", operationId: "warmup", responses: ok } },
      ...paths,
    },
  };
}

const ok = { "200": { description: "Successful Response" } };
const string = { type: "string" };
const integer = (value: number): unknown => ({ type: "integer", default: value });
const number = (value: number): unknown => ({ type: "number", default: value });

function image(steps: number): Record<string, unknown> {
  return {
    prompt: string,
    negative_prompt: { type: "string", default: "" },
    width: integer(1024),
    height: integer(1024),
    steps: integer(steps),
    cfg: number(1),
    seed: { anyOf: [{ type: "integer" }, { type: "null" }] },
  };
}

const generate = { prompt: string, max_tokens: integer(128) };
const pictures = {
  "/flux": post("Flux Schnell", image(4)),
  "/flux-dev": post("Flux Dev", image(20)),
  "/flux-instantid": post("Flux InstantID", { ...image(20), reference_image: string }, [
    "prompt",
    "reference_image",
  ]),
  "/flux-lora": post("Flux LoRA", { ...image(20), lora_id: string, lora_strength: number(1) }, [
    "prompt",
    "lora_id",
  ]),
  "/wan2": post("Wan2 video", {
    prompt: string,
    width: integer(832),
    height: integer(480),
    length: integer(33),
    steps: integer(30),
    cfg: number(6),
    fps: integer(16),
  }),
  "/workflow": post("Workflow", { workflow: { type: "object" }, prompt: string }, ["workflow"]),
};

function post(
  summary: string,
  properties: Readonly<Record<string, unknown>>,
  required: readonly string[] = ["prompt"],
): unknown {
  const schema = { type: "object", properties, required };
  return {
    post: {
      summary,
      operationId: summary.toLowerCase().replaceAll(" ", "_"),
      requestBody: { required: true, content: { "application/json": { schema } } },
      responses: ok,
    },
  };
}
