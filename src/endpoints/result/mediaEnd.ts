import type { Media } from "./mediaType.ts";

/**
 * True when a file of this type certainly lacks its end. Only for bodies that the protocol does
 * not frame: there, a broken connection looks like the end.
 */
export function isCutShort(
  media: Media,
  body: { readonly bytes: number; readonly head: Buffer; readonly tail: Buffer },
): boolean {
  switch (media.extension) {
    case "png":
      return !body.tail.includes("IEND");
    case "jpg":
      return !body.tail.includes(Buffer.from([0xff, 0xd9]));
    case "gif":
      return body.tail.at(-1) !== 0x3b;
    case "webp":
    case "wav":
      // RIFF: a 32-bit size of all that follows it.
      return body.head.length < 8 || body.bytes < body.head.readUInt32LE(4) + 8;
    case "json":
      return !/[\]}"\w]\s*$/.test(body.tail.toString("latin1"));
    default:
      return false;
  }
}
