import * as z from "zod/mini";
import type { Redactor } from "../redactor.ts";
import { bareType } from "./mediaType.ts";

/** What can be read from an error's body. */
export interface ErrorDetail {
  readonly shape: "json" | "html" | "text" | "empty";
  /** One line that a person can read, at most 300 characters, without the prompt. */
  readonly text: string;
  /** The same as it was said, to tell what it is about. Never shown: it may repeat the prompt. */
  readonly raw: string;
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
/** Where other programs put it, the likeliest first. */
const otherPlaces =
  // not shown: keys of JSON
  "message msg error_message reason detail details exception traceback".split(" ");
const listed = z.object({ errors: z.array(z.unknown()) });
const errorList = z.object({ error: z.array(z.unknown()) });

/** Reads an error's body, whatever it is. Never throws. */
export function errorDetail(
  body: string,
  contentType: string | undefined,
  redactor: Redactor,
): ErrorDetail {
  const trimmed = body.trim();
  const type = bareType(contentType);
  if (trimmed === "") return detail("empty", "", redactor);
  if (/^<(!doctype|html|head|body|\?xml)/i.test(trimmed) || type === "text/html") {
    const title = /<title[^>]*>([^<]{1,200})/i.exec(trimmed)?.[1] ?? "";
    return detail("html", title, redactor);
  }
  const json = parseJson(trimmed);
  return json === undefined ? detail("text", trimmed, redactor) : ofJson(json, redactor);
}

function ofJson(json: unknown, redactor: Redactor): ErrorDetail {
  const fields = z.safeParse(validation, json);
  if (fields.success) {
    // `input` is left out: it repeats what was sent, the prompt for one.
    const entries = fields.data.detail.map(({ loc, msg }) => ({ name: fieldName(loc), msg }));
    return {
      ...detail("json", entries.map(({ name, msg }) => `${name}: ${msg}`).join("; "), redactor),
      fields: [...new Set(entries.map(({ name }) => redactor.redact(name)))].slice(0, 20),
    };
  }
  const plain = z.safeParse(plainDetail, json);
  if (plain.success) {
    return {
      ...detail("json", plain.data.detail, redactor),
      isPlainNotFound: plain.data.detail === "Not Found",
    };
  }
  const seed = z.safeParse(seedError, json);
  if (seed.success) {
    const { error, details, type } = seed.data;
    const more = typeof details === "string" && details !== error ? `: ${details}` : "";
    return detail("json", `${type === undefined ? "" : `${type}: `}${error}${more}`, redactor);
  }
  const nested = z.safeParse(nestedError, json);
  if (nested.success) return detail("json", nested.data.error.message, redactor);
  return detail("json", textIn(json), redactor);
}

/** Of a list, what its first one says. */
function textIn(json: unknown, depth = 0): string {
  if (typeof json === "string") return json;
  if (depth > 3) return "";
  if (Array.isArray(json)) return textIn(json[0], depth + 1);
  const list = z.safeParse(listed, json);
  if (list.success && list.data.errors.length > 0) return textIn(list.data.errors, depth + 1);
  const errors = z.safeParse(errorList, json);
  if (errors.success) return textIn(errors.data.error, depth + 1);
  const fields = z.safeParse(z.record(z.string(), z.unknown()), json);
  if (!fields.success) return "";
  for (const place of ["error", ...otherPlaces]) {
    const value = fields.data[place];
    if (typeof value === "string" && value !== "") return value;
  }
  return textIn(fields.data["error"] ?? null, depth + 1);
}

function fieldName(loc: readonly (string | number)[]): string {
  const path = loc.filter((part, index) => index > 0 || (part !== "body" && part !== "query"));
  return path.length === 0 ? "body" : path.join(".");
}

function detail(shape: ErrorDetail["shape"], text: string, redactor: Redactor): ErrorDetail {
  const raw = text
    .slice(0, mostRead)
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim();
  return { shape, text: shownLine(raw, redactor), raw, fields: [], isPlainNotFound: false };
}

/** What nobody reads in a message: data, perhaps an image that was sent. */
const longData = /[\w+/=-]{100,}/g;
/** More is not looked at: no more is shown, once it is without what a server repeats of the call. */
const mostRead = 4000;

function shownLine(line: string, redactor: Redactor): string {
  const safe = redactor.redact(line).replaceAll(longData, "…");
  return safe.length > maxText ? `${safe.slice(0, maxText - 1)}…` : safe;
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
