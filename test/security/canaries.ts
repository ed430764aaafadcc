import { encodings } from "./encodings.ts";

/** Every form of every canary, in lower case: bytes are looked through without regard to case. */
export function formsOf(canaries: readonly string[]): readonly (readonly [string, string])[] {
  return canaries.flatMap((canary) =>
    [...encodings(canary)]
      // Half of a token or a prompt is looked for as long as nothing else can look like it.
      .filter(([, form]) => form.length >= 10)
      .map(([how, form]) => [`${canary} ${how}`, form.toLowerCase()] as const),
  );
}

/** Which canaries are in the bytes, and how they are written there. */
export function canariesIn(bytes: Buffer, canaries: readonly string[]): readonly string[] {
  const texts = [
    bytes.toString("utf8"),
    // Two bytes a character, from wherever they begin.
    bytes.toString("utf16le"),
    bytes.subarray(1).toString("utf16le"),
  ].map((text) => text.toLowerCase());
  return formsOf(canaries)
    .filter(([, form]) => texts.some((text) => text.includes(form)))
    .map(([what]) => what);
}
