import { t } from "../../base/text.ts";
import { float, int, str, unknown } from "./plain.ts";
import type { Value } from "./value.ts";

const prefixed = /^([a-zA-Z]*)("""|'''|"|')([\s\S]*)\2$/;

export interface StringParts {
  /** What stands between the quotes, escapes not yet read. */
  readonly body: string;
  /** Where the body begins, counted from the literal's begin. */
  readonly bodyAt: number;
  readonly isRaw: boolean;
  readonly isBytes: boolean;
}

/** The parts of a string literal; undefined where it is not whole. */
export function stringParts(literal: string): StringParts | undefined {
  const match = prefixed.exec(literal);
  if (match === null) return undefined;
  const [, prefix = "", quote = "", body = ""] = match;
  return {
    body,
    bodyAt: prefix.length + quote.length,
    isRaw: /r/i.test(prefix),
    isBytes: /b/i.test(prefix),
  };
}

const simpleEscapes: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Reads Python's escapes. undefined for a named character (`\N{…}`), which would need a table of names. */
export function unescaped(body: string): string | undefined {
  let isKnown = true;
  const text = body.replaceAll(
    /\\(\r\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[\s\S])/g,
    (whole, escape: string) => {
      if (escape === "\r\n") return "";
      const simple = simpleEscapes[escape];
      if (simple !== undefined) return simple;
      if (/^[0-7]/.test(escape)) return String.fromCodePoint(Number.parseInt(escape, 8));
      if (/^[xuU]./.test(escape)) {
        const code = Number.parseInt(escape.slice(1), 16);
        if (code <= 0x10_ff_ff) return String.fromCodePoint(code);
        isKnown = false;
        return "";
      }
      if (escape.startsWith("N{")) isKnown = false;
      // Python keeps an escape that it does not know.
      return whole;
    },
  );
  return isKnown ? text : undefined;
}

/** A number as Python writes it; complex numbers and what is no number are unknown. */
export function numberLiteral(text: string): Value {
  const plain = text.replaceAll("_", "").toLowerCase();
  if (/^0[xob]/.test(plain)) {
    const value = Number(plain);
    return Number.isNaN(value) ? unknown(t("{0} is not a number", text)) : int(value);
  }
  if (/^\d+$/.test(plain)) return int(Number(plain));
  const value = /^[\d.]+(e[+-]?\d+)?$/.test(plain) ? Number(plain) : Number.NaN;
  return Number.isNaN(value) ? unknown(t("{0} is not a plain number", text)) : float(value);
}

/** The value of a string literal that is no f-string. */
export function stringValue(literal: string): Value {
  const parts = stringParts(literal);
  if (parts === undefined || parts.isBytes) return unknown(t("it is not plain text"));
  // Python reads each end of a line as one "\n".
  const body = parts.body.replaceAll(/\r\n?/g, "\n");
  const text = parts.isRaw ? body : unescaped(body);
  return text === undefined ? unknown(t("it names a character")) : str(text);
}

/** Texts that stand one after another. */
export function joined(parts: readonly Value[]): Value {
  let text = "";
  for (const part of parts) {
    if (part.kind !== "str")
      return part.kind === "unknown" ? part : unknown(t("it is not plain text"));
    text += part.value;
  }
  return str(text);
}
