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
