import { open } from "node:fs/promises";
import { basename } from "node:path";
import * as z from "zod/mini";
import { ownValue } from "../../base/ownValue.ts";
import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import type { Endpoint, ImageField, JsonFileField } from "../catalogue/endpoint.ts";
import type { Json, JsonObject } from "../json.ts";
import { sniffMedia } from "../result/mediaType.ts";
import { sizeText } from "../result/sizeText.ts";

/** A file that was read for a field. */
export interface FileValue<T> {
  readonly value: T;
  /** For provenance: the file's name and size, not its content. */
  readonly shown: string;
}

/**
 * Reads a picked image for a field, as data URL or base64.
 * @throws Failure "invalid-argument" (no image, too large) or "disk".
 */
export async function readImage(field: ImageField, path: string): Promise<FileValue<string>> {
  const bytes = await readLimited(field, path);
  const media = sniffMedia(bytes.subarray(0, 512));
  if (media?.type.startsWith("image/") !== true) {
    throw new Failure(
      "invalid-argument",
      t("{0} is not an image. Pick a PNG, JPEG, WebP or GIF file.", basename(path)),
    );
  }
  const base64 = bytes.toString("base64");
  return {
    value: field.encoding === "dataUrl" ? `data:${media.type};base64,${base64}` : base64,
    shown: shownAs(path, bytes),
  };
}

/**
 * Reads a picked JSON file for a field.
 * @throws Failure "invalid-argument" (no JSON object, ComfyUI's editor format, too large) or "disk".
 */
export async function readJsonFile(
  field: JsonFileField,
  path: string,
): Promise<FileValue<JsonObject>> {
  const bytes = await readLimited(field, path);
  const parsed = z.safeParse(z.record(z.string(), z.json()), parseJson(bytes.toString("utf8")));
  if (!parsed.success) {
    throw new Failure("invalid-argument", t("{0} does not hold a JSON object.", basename(path)));
  }
  // ComfyUI has two formats; only the API one can be queued, and only there nodes have a class_type.
  if (Array.isArray(parsed.data["nodes"]) && Array.isArray(parsed.data["links"])) {
    throw new Failure(
      "invalid-argument",
      t(
        "{0} is a workflow of ComfyUI's editor, which cannot be run. In ComfyUI choose Workflow, Export (API) and pick that file.",
        basename(path),
      ),
    );
  }
  return { value: parsed.data, shown: shownAs(path, bytes) };
}

/** What was sent, for the sidecar: picked files by name and size. `files`: field name → `shown`. */
export function shownParameters(
  endpoint: Endpoint,
  sent: JsonObject,
  files: Readonly<Record<string, string>>,
): JsonObject {
  return Object.fromEntries(
    Object.entries(sent).map(([name, value]): readonly [string, Json] => {
      const kind = endpoint.fields.find((field) => field.name === name)?.kind;
      if (kind !== "image" && kind !== "jsonFile") return [name, value];
      return [name, ownValue(files, name) ?? (kind === "image" ? "image" : value)];
    }),
  );
}

async function readLimited(
  field: { readonly label: string; readonly maxBytes: number },
  path: string,
): Promise<Buffer> {
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (size > field.maxBytes) {
        throw new Failure(
          "invalid-argument",
          t(
            '{0} is too large for "{1}" ({2} of {3}).',
            basename(path),
            field.label,
            sizeText(size),
            sizeText(field.maxBytes),
          ),
        );
      }
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("disk", t("{0} cannot be read.", basename(path)), { cause: error });
  }
}

function shownAs(path: string, bytes: Buffer): string {
  return `${basename(path)} (${sizeText(bytes.length)})`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return undefined;
  }
}
