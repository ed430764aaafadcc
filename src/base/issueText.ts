import type * as z from "zod/mini";
import { t } from "./text.ts";

/** What is wrong with a value, after its name: "must be a number". zod/mini has no words of its own for these. */
export function issueText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "unrecognized_keys":
      return t("there is no key {0}", issue.keys.map((key) => `"${key}"`).join(", "));
    case "invalid_type":
      return wordsOf(issue.message) ?? typeText(issue.expected);
    case "invalid_value":
      return t("must be one of {0}", issue.values.map((value) => JSON.stringify(value)).join(", "));
    case "invalid_union":
      return t('has a "kind" that does not exist');
    default:
      return issue.message;
  }
}

/** The words that the schema itself has; undefined: it has none. */
function wordsOf(message: string): string | undefined {
  return message === "Invalid input" ? undefined : message;
}

function typeText(expected: string): string {
  switch (expected) {
    case "number":
      return t("must be a number");
    case "int":
      return t("must be a whole number");
    case "string":
      return t("must be text");
    case "boolean":
      return t("must be true or false");
    case "array":
      return t("must be a list");
    default:
      return t("must be an object");
  }
}
