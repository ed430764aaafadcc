import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { Clock } from "../../base/clock.ts";
import { decodersFor } from "../result/contentDecoder.ts";

const maxBytes = 64 * 1024;
const maxWaitMs = 10_000;

/** The beginning of an error's body, unpacked. Never rejects: an error that cannot be read is "". */
export function errorBody(
  message: IncomingMessage,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve) => {
    const decoders = decodersFor(message.headers["content-encoding"]);
    let stream: Readable = message;
    for (const decoder of decoders ?? []) stream = stream.pipe(decoder);
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (): void => {
      timer.dispose();
      signal.removeEventListener("abort", end);
      message.destroy();
      resolve(Buffer.concat(chunks).subarray(0, maxBytes).toString("utf8"));
    };
    const timer = clock.after(maxWaitMs, end);
    signal.addEventListener("abort", end, { once: true });
    if (decoders === undefined) {
      end();
      return;
    }
    stream.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= maxBytes) end();
    });
    for (const part of [message, ...decoders]) part.on("error", end);
    message.on("close", () => {
      if (!message.complete) end();
    });
    stream.on("end", end);
  });
}
