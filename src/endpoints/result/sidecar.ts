import { basename } from "node:path";
import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { readRegular } from "../regularFile.ts";
import { writeWhole } from "./atomicFile.ts";
import type { JsonObject } from "../json.ts";

const json = z.json();

/**
 * Where a result comes from, kept beside it as "<file name>.json". Money in micro-dollars; null is
 * "not known", never zero.
 */
const shape = {
  /** Version of this format. */
  modalMeter: z.literal(1),
  /** The result's file name, in the same folder. */
  file: z.string(),
  callId: z.string(),
  endpoint: z.string(),
  /** Address without its query. */
  url: z.nullable(z.string()),
  prompt: z.nullable(z.string()),
  seed: z.nullable(z.number()),
  /** All that was sent, by field name; picked files by name and size, not by content. */
  parameters: z.record(z.string(), json),
  mode: z.nullable(z.string()),
  app: z.nullable(z.object({ id: z.nullable(z.string()), name: z.nullable(z.string()) })),
  gpu: z.nullable(z.string()),
  startedAt: z.iso.datetime(),
  endedAt: z.nullable(z.iso.datetime()),
  executionSeconds: z.nullable(z.number()),
  wallSeconds: z.nullable(z.number()),
  cost: z.object({
    reportedMicroUsd: z.nullable(z.int()),
    meteredMicroUsd: z.nullable(z.int()),
    billedMicroUsd: z.nullable(z.int()),
  }),
  /** Git commit of the workspace when the call was made. */
  commit: z.nullable(z.string()),
  mediaType: z.nullable(z.string()),
  bytes: z.nullable(z.number()),
  /** Files that were extracted from a JSON result: plain names, in the same folder. */
  extracted: z._default(z.array(z.string()), []),
};
const sidecarSchema = z.object(shape);
/** Keys of a newer version stay when a sidecar is read and written again. */
const provenance = z.looseObject(shape);

export type Provenance = Readonly<Omit<z.infer<typeof sidecarSchema>, "parameters">> & {
  readonly parameters: JsonObject;
};

/** Sidecars are small; a larger file is something else. */
export const maxSidecarBytes = 4 * 1024 * 1024;

/** The sidecar's path of a result. The result's whole name stays in it, so "a.png" and "a.json" do not collide. */
export function sidecarPath(resultPath: string): string {
  return `${resultPath}.json`;
}

/**
 * Writes, or replaces, a result's sidecar: whole or not at all. Of the extracted files only the names
 * are kept: a path of this machine would be nobody's business, and is not believed when it is read.
 * Resolves to its path.
 */
export async function writeSidecar(
  resultPath: string,
  facts: Omit<Provenance, "modalMeter" | "file">,
): Promise<string> {
  const path = sidecarPath(resultPath);
  const whole: Provenance = {
    ...facts,
    modalMeter: 1,
    file: basename(resultPath),
    extracted: facts.extracted.map((file) => basename(file)),
  };
  await writeWhole(path, `${JSON.stringify(whole, null, 2)}\n`);
  return path;
}

/** The same for a result that is paid for: it is shown without a sidecar too. Answers with a remark where none could be written. */
export async function keepSidecar(
  resultPath: string,
  facts: Omit<Provenance, "modalMeter" | "file">,
): Promise<string | null> {
  try {
    await writeSidecar(resultPath, facts);
    return null;
  } catch (error) {
    const code =
      error instanceof Error && "code" in error ? String(error.code) : t("unknown error");
    return t("What made {0} could not be written beside it ({1}).", basename(resultPath), code);
  }
}

/** The sidecar of a result; undefined when there is none that can be read. */
export async function readSidecar(resultPath: string): Promise<Provenance | undefined> {
  try {
    const sidecar = await readRegular(sidecarPath(resultPath), maxSidecarBytes);
    return parseSidecar(sidecar.toString("utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Adds what became known later, such as the billed cost, to a result's sidecar. undefined: nothing is
 * to be changed. Does nothing where there is no sidecar that can be read.
 */
export async function amendSidecar(
  resultPath: string,
  change: (before: Provenance) => Partial<Omit<Provenance, "modalMeter" | "file">> | undefined,
): Promise<void> {
  const before = await readSidecar(resultPath);
  const changed = before === undefined ? undefined : change(before);
  if (before !== undefined && changed !== undefined)
    await writeSidecar(resultPath, { ...before, ...changed });
}

/** A sidecar's text; undefined for anything else. The file that it names is in the same folder, or it is not believed. */
export function parseSidecar(text: string): Provenance | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return undefined;
  }
  const parsed = z.safeParse(provenance, value);
  if (!parsed.success) return undefined;
  const { file, extracted } = parsed.data;
  return [file, ...extracted].every(isPlainName) ? parsed.data : undefined;
}

/** No folder, no drive, no way up. */
function isPlainName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\\:\0]/.test(name);
}
