import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { animatedWebp } from "./webp.ts";
import { jpegOf } from "./jpeg.ts";
import { pictureOf } from "./picture.ts";
import { openApi } from "./openApi.ts";

/** What the app's handler answers. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a request does inside the app: how long it takes, and what comes back. */
export interface Work {
  readonly durationMs: number;
  /** A generation: it prints the cost line and carries the cost headers. */
  readonly isGeneration: boolean;
  /** Made when the work is done, so that a long call costs no CPU while it waits. */
  readonly answer: () => Answer;
}

export interface WebRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
  readonly baseUrl: string;
}

const size = z.optional(z.number().check(z.gte(16), z.lte(4096)));
const shared = {
  prompt: z.string(),
  negative_prompt: z.optional(z.string()),
  width: size,
  height: size,
  steps: z.optional(z.number().check(z.gte(1), z.lte(200))),
  cfg: z.optional(z.number()),
  seed: z.optional(z.nullable(z.number())),
};
const image = z.object(shared);
const instantId = z.object({ ...shared, reference_image: z.string() });
const lora = z.object({
  ...shared,
  lora_id: z.optional(z.string()),
  lora_strength: z.optional(z.number()),
});
const video = z.object({
  ...shared,
  length: z.optional(z.number().check(z.gte(1), z.lte(200))),
  fps: z.optional(z.number().check(z.gte(1), z.lte(60))),
});
const workflow = z.object({
  workflow: z.record(z.string(), z.unknown()),
  prompt: z.optional(z.string()),
});
const generate = z.object({ prompt: z.string(), max_tokens: z.optional(z.number()) });

type ImageBody = z.output<typeof image>;

/** A handler that fails or refuses takes this long. */
const QUICK_MS = 20;
/** Loras that "exist"; the seed's app looks its files up by id. */
const UNKNOWN_LORA = /^(missing|unknown|none)/;

const IMAGE_ROUTES = ["/flux", "/flux-dev", "/flux-instantid", "/flux-lora", "/wan2", "/workflow"];

/** The routes of an ASGI app. An app that is named for inference serves text, all others pictures. */
export function asgiWork(request: WebRequest, kind: "pictures" | "text"): Work {
  const { method, path } = request;
  if (path === "/health") return get(method, () => json(200, { status: "healthy" }));
  if (path === "/warmup")
    return method === "GET" || method === "POST"
      ? work(1500, () => json(200, { status: "warm", models_loaded: true }))
      : notAllowed();
  if (path === "/openapi.json") return get(method, () => json(200, openApi(kind, request.baseUrl)));
  if (path === "/") return get(method, () => json(200, { service: kind, docs: "/docs" }));
  const routes = kind === "pictures" ? IMAGE_ROUTES : ["/generate"];
  if (!routes.includes(path)) return work(QUICK_MS, () => json(404, { detail: "Not Found" }));
  if (method !== "POST") return notAllowed();
  return generationWork(path, request.body);
}

/** One function behind one URL; what it makes follows from its name. */
export function functionWork(request: WebRequest, functionName: string, httpMethod: string): Work {
  if (request.path !== "/") return work(QUICK_MS, () => json(404, { detail: "Not Found" }));
  if (request.method !== httpMethod) return notAllowed();
  const route = IMAGE_ROUTES.toSorted((a, b) => b.length - a.length).find((one) =>
    functionName.replaceAll("_", "-").includes(one.slice(1)),
  );
  if (route !== undefined && httpMethod === "POST") return generationWork(route, request.body);
  return work(500, () => json(200, { ok: true, function: functionName }));
}

function generationWork(path: string, bytes: Buffer): Work {
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString("utf8"));
  } catch {
    const detail = { type: "json_invalid", loc: ["body", 0], msg: "JSON decode error", input: {} };
    return work(QUICK_MS, () => json(422, { detail: [detail] }));
  }
  switch (path) {
    case "/flux":
      return parsed(image, body, (input) =>
        picture(input, { steps: 4, msPerStep: 600, baseMs: 1500 }),
      );
    case "/flux-dev":
      return parsed(image, body, (input) =>
        picture(input, { steps: 20, msPerStep: 650, baseMs: 1500 }),
      );
    case "/flux-instantid":
      return parsed(instantId, body, (input) =>
        isBase64Image(input.reference_image)
          ? picture(input, { steps: 20, msPerStep: 900, baseMs: 2000 })
          : failed(path, "Failed to decode reference_image", "ValueError"),
      );
    case "/flux-lora":
      return parsed(lora, body, (input) => loraWork(input, path));
    case "/wan2":
      return parsed(video, body, (input) => videoWork(input));
    case "/workflow":
      return parsed(workflow, body, (input) =>
        Object.keys(input.workflow).length === 0
          ? failed(path, "Workflow has no nodes", "ValueError")
          : picture(
              { prompt: input.prompt ?? JSON.stringify(input.workflow) },
              { steps: 10, msPerStep: 900, baseMs: 1000 },
            ),
      );
    default:
      return parsed(generate, body, (input) => textWork(input.prompt, input.max_tokens ?? 128));
  }
}

function picture(
  body: ImageBody,
  cost: { readonly steps: number; readonly msPerStep: number; readonly baseMs: number },
): Work {
  const width = body.width ?? 1024;
  const height = body.height ?? 1024;
  const share = (width * height) / (1024 * 1024);
  const ms = cost.baseMs + (body.steps ?? cost.steps) * cost.msPerStep * share;
  return work(
    jitter(ms, body.prompt),
    () => ({
      status: 200,
      headers: { "content-type": "image/jpeg" },
      body: jpegOf(pictureOf(body.prompt, seedOf(body)), width, height),
    }),
    true,
  );
}

function loraWork(body: z.output<typeof lora>, path: string): Work {
  const id = body.lora_id;
  if (id === undefined || id === "")
    return work(QUICK_MS, () => json(400, { error: "lora_id is required", path }));
  if (UNKNOWN_LORA.test(id))
    return work(QUICK_MS, () => json(404, { error: `LoRA not found: ${id}`, path }));
  return picture(body, { steps: 20, msPerStep: 680, baseMs: 1500 });
}

function videoWork(body: z.output<typeof video>): Work {
  const frames = body.length ?? 33;
  const width = body.width ?? 832;
  const height = body.height ?? 480;
  const share = (width * height) / (832 * 480);
  const ms = 3000 + (body.steps ?? 30) * frames * 85 * share;
  return work(
    jitter(ms, body.prompt),
    () => ({
      status: 200,
      headers: { "content-type": "image/webp" },
      body: animatedWebp(pictureOf(body.prompt, seedOf(body)), {
        width,
        height,
        frames,
        fps: body.fps ?? 16,
      }),
    }),
    true,
  );
}

function textWork(prompt: string, maxTokens: number): Work {
  const words = prompt.split(/\s+/).filter((word) => word !== "");
  const text = Array.from(
    { length: Math.min(maxTokens, 64) },
    (_, index) => words[index % Math.max(1, words.length)] ?? "",
  );
  return work(
    jitter(200 + maxTokens * 15, prompt),
    () => json(200, { text: text.join(" "), tokens: maxTokens }),
    true,
  );
}

function parsed<Shape extends z.core.$ZodType>(
  shape: Shape,
  body: unknown,
  then: (input: z.output<Shape>) => Work,
): Work {
  const result = z.safeParse(shape, body);
  if (result.success) return then(result.data);
  // FastAPI's own words for what is wrong with a body.
  const detail = result.error.issues.map((issue) => ({
    type: issue.code === "invalid_type" && issue.input === undefined ? "missing" : issue.code,
    loc: ["body", ...issue.path.map(String)],
    msg:
      issue.code === "invalid_type" && issue.input === undefined ? "Field required" : issue.message,
  }));
  return work(QUICK_MS, () => json(422, { detail }));
}

/** The app's own error: 500 with the four fields of the seed's app. */
export function failed(path: string, details: string, type: string): Work {
  return work(QUICK_MS, () => json(500, { error: "Generation failed", details, type, path }));
}

function work(durationMs: number, answer: () => Answer, isGeneration = false): Work {
  return { durationMs: Math.round(durationMs), isGeneration, answer };
}

function get(method: string, answer: () => Answer): Work {
  return method === "GET" ? work(QUICK_MS, answer) : notAllowed();
}

function notAllowed(): Work {
  return work(QUICK_MS, () => json(405, { detail: "Method Not Allowed" }));
}

function json(status: number, value: unknown): Answer {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(value)),
  };
}

function isBase64Image(text: string): boolean {
  const data = text.replace(/^data:image\/[a-z+]+;base64,/, "");
  return data.length > 0 && /^[A-Za-z0-9+/]+=*$/.test(data);
}

function seedOf(body: ImageBody): number {
  return body.seed ?? 0;
}

/** Up to 10 % more or less, always the same for the same prompt. */
function jitter(ms: number, prompt: string): number {
  const byte = createHash("sha256").update(prompt).digest()[0] ?? 128;
  return ms * (0.9 + (byte / 255) * 0.2);
}
