import type { Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

/** What we ask for, and can undo. */
export const acceptedEncodings = "gzip, deflate, br"; // not shown: a header

/** Beyond this much output, an expansion of more than `bombRatio` is taken for an attack. */
const bombFloorBytes = 64 * 1024 * 1024;
const bombRatio = 200;

/** The decoders for a Content-Encoding header, in the order to apply; undefined when one is unknown. */
export function decodersFor(contentEncoding: string | undefined): Transform[] | undefined {
  const decoders: Transform[] = [];
  const names = (contentEncoding ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity")
    .reverse();
  // More than two layers have no honest use.
  if (names.length > 2) return undefined;
  for (const name of names) {
    const decoder = decoderFor(name);
    if (decoder === undefined) return undefined;
    decoders.push(decoder);
  }
  return decoders;
}

/** True when so little became so much that it cannot be a real result. */
export function isBomb(receivedBytes: number, decodedBytes: number): boolean {
  return decodedBytes > bombFloorBytes && decodedBytes > receivedBytes * bombRatio;
}

function decoderFor(name: string): Transform | undefined {
  switch (name) {
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    default:
      return undefined;
  }
}
