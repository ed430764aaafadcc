import * as z from "zod/mini";
import type { Json } from "../../endpoints/json.ts";
import { readRemembered } from "../../session/remembered.ts";

/** The shape in which input is remembered, and kept with a call. */
export const callInput = z.object({
  values: z.record(z.string(), z.json()),
  files: z.record(z.string(), z.string()),
});

/** What a person entered for one call. Picked files are kept by their path, and read anew for each call. */
export interface CallInput {
  /** Values by field name; picked files are not among them. */
  readonly values: Readonly<Record<string, Json>>;
  /** Absolute paths of picked files, by field name. */
  readonly files: Readonly<Record<string, string>>;
}

export const emptyInput: CallInput = { values: {}, files: {} };

/** What was entered for a call that was made; undefined: it was not kept, or cannot be read. */
export function parseCallInput(json: string | null | undefined): CallInput | undefined {
  return json === null || json === undefined ? undefined : readRemembered(json, callInput)?.value;
}
