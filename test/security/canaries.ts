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
    wideText(bytes, 0),
    wideText(bytes, 1),
  ].map((text) => text.toLowerCase());
  return formsOf(canaries)
    .filter(([, form]) => texts.some((text) => text.includes(form)))
    .map(([what]) => what);
}

function wideText(bytes: Buffer, fromByte: number): string {
  const pairs = Math.floor((bytes.length - fromByte) / 2);
  // A copy: Node wants pairs to begin at an even address.
  return Buffer.from(bytes.subarray(fromByte, fromByte + 2 * pairs)).toString("utf16le");
}
