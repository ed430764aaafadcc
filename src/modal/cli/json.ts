import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import { firstLines } from "../plainText.ts";

/**
 * Reads the whole stdout of a `--json` command. Anything around the JSON (a banner, a trailing
 * line, colours) makes the answer unusable: part of an answer about money is worse than none.
 * Throws `Failure("bad-output")` with the first lines as evidence.
 */
export function parseCliJson(what: string, stdout: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(stdout);
  } catch (cause) {
    throw badOutput(
      what,
      t("is not UTF-8 text"),
      Buffer.from(stdout.slice(0, 2000)).toString("latin1"),
      cause,
    );
  }
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    throw badOutput(what, text.trim() === "" ? t("is empty") : t("is not JSON"), text, cause);
  }
}

/** The failure for an answer that cannot be understood. */
export function badOutput(what: string, problem: string, text: string, cause?: unknown): Failure {
  return new Failure(
    "bad-output",
    t(
      "The modal command was asked to {0}, but its answer {1}. The log shows how it begins.",
      what,
      problem,
    ),
    { evidence: firstLines(text), ...(cause === undefined ? {} : { cause }) },
  );
}

/** The printed rows in this shape; `Failure("bad-output")` where they have another one. */
export function parseShape<T extends z.core.$ZodType>(
  what: string,
  shape: T,
  json: unknown,
): z.output<T> {
  const parsed = z.safeParse(shape, withSnakeKeys(json));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const problem = t(
    "is not understood ({0}: {1})",
    issue?.path.join(".") ?? "",
    issue?.message ?? "",
  );
  throw badOutput(what, problem, JSON.stringify(json) ?? String(json), parsed.error);
}

/** Clients before 1.5.0 name the keys after the column titles: "App ID", "web suffix". */
function withSnakeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSnakeKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, cell]): [string, unknown] => [
    key.replaceAll(/[^A-Za-z0-9]+/g, "_").toLowerCase(),
    cell,
  ]);
  return Object.fromEntries(entries);
}
