import * as z from "zod/mini";
import { bareType } from "./mediaType.ts";

/** What can be read from an error's body. */
export interface ErrorDetail {
  readonly shape: "json" | "html" | "text" | "empty";
  /** One line that a person can read, at most 300 characters, without the prompt. */
  readonly text: string;
  /** Names of the fields that were refused, without "body" or "query". */
  readonly fields: readonly string[];
  /** FastAPI's {"detail":"Not Found"}: no such route. */
  readonly isPlainNotFound: boolean;
}

const maxText = 300;

/** FastAPI's 422: one entry per field; `loc` is a path such as ["body", "steps"]. */
const validation = z.object({
  detail: z.array(z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string() })),
});
const plainDetail = z.object({ detail: z.string() });
/** The seed's app: {"error", "details", "type", "path"}; each but the first may be missing. */
const seedError = z.object({
  error: z.string(),
  details: z.optional(z.unknown()),
  type: z.optional(z.string()),
});
const nestedError = z.object({ error: z.object({ message: z.string() }) });
const message = z.object({ message: z.string() });

/** Reads an error's body, whatever it is. Never throws. */
export function errorDetail(
  body: string,
  contentType: string | undefined,
  hidden: readonly string[],
): ErrorDetail {
  const trimmed = body.trim();
  const type = bareType(contentType);
  if (trimmed === "") return detail("empty", "", hidden);
  if (/^<(!doctype|html|head|body|\?xml)/i.test(trimmed) || type === "text/html") {
    const title = /<title[^>]*>([^<]{1,200})/i.exec(trimmed)?.[1] ?? "";
    return detail("html", title, hidden);
  }
  const json = parseJson(trimmed);
  return json === undefined ? detail("text", trimmed, hidden) : ofJson(json, hidden);
}

function ofJson(json: unknown, hidden: readonly string[]): ErrorDetail {
  const fields = z.safeParse(validation, json);
  if (fields.success) {
    // `input` is left out: it repeats what was sent, the prompt for one.
    const entries = fields.data.detail.map(({ loc, msg }) => ({ name: fieldName(loc), msg }));
    return {
      ...detail("json", entries.map(({ name, msg }) => `${name}: ${msg}`).join("; "), hidden),
      fields: [...new Set(entries.map(({ name }) => name))].slice(0, 20),
    };
  }
  const plain = z.safeParse(plainDetail, json);
  if (plain.success) {
    return {
      ...detail("json", plain.data.detail, hidden),
      isPlainNotFound: plain.data.detail === "Not Found",
    };
  }
  const seed = z.safeParse(seedError, json);
  if (seed.success) {
    const { error, details, type } = seed.data;
    const more = typeof details === "string" && details !== error ? `: ${details}` : "";
    return detail("json", `${type === undefined ? "" : `${type}: `}${error}${more}`, hidden);
  }
  const nested = z.safeParse(nestedError, json);
  if (nested.success) return detail("json", nested.data.error.message, hidden);
  const simple = z.safeParse(message, json);
  return detail("json", simple.success ? simple.data.message : "", hidden);
}

function fieldName(loc: readonly (string | number)[]): string {
  const path = loc.filter((part, index) => index > 0 || (part !== "body" && part !== "query"));
  return path.length === 0 ? "body" : path.join(".");
}

function detail(shape: ErrorDetail["shape"], text: string, hidden: readonly string[]): ErrorDetail {
  return { shape, text: oneLine(hide(text, hidden)), fields: [], isPlainNotFound: false };
}

/** A server may echo what it was sent, whole or cut: from a beginning of it on, nothing is kept. */
function hide(text: string, hidden: readonly string[]): string {
  let out = text;
  for (const secret of hidden) {
    if (secret.length < 3) continue;
    out = out.replaceAll(secret, "…");
    const start = out.indexOf(secret.slice(0, 12));
    if (start !== -1) out = `${out.slice(0, start)}…`;
  }
  return out;
}

function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return line.length > maxText ? `${line.slice(0, maxText - 1)}…` : line;
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
