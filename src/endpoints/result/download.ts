import type { FileHandle } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { plural, t } from "../../base/text.ts";
import type { Clock } from "../../base/clock.ts";
import { BatchedFile } from "./batchedFile.ts";
import { CallFailure, type CallFailureFacts, type CallLimits } from "../callTypes.ts";
import { decodersFor, isBomb } from "./contentDecoder.ts";
import { sniffBytes } from "./mediaType.ts";
import { sizeText } from "./sizeText.ts";
import { giveBackReads } from "./spentBuffer.ts";
import type { Redactor } from "../redactor.ts";

/** A body that arrived whole. */
export interface Download {
  /** After decompression. */
  readonly bytes: number;
  readonly head: Buffer;
  readonly tail: Buffer;
}

/** A body that is not whole. What arrived was paid for, so it is worth keeping. */
export class BrokenBody extends CallFailure {
  constructor(message: string, cause: unknown, facts: Partial<CallFailureFacts> = {}) {
    super("bad-response", message, facts, { cause });
  }

  override with(facts: Partial<CallFailureFacts>): BrokenBody {
    return new BrokenBody(this.message, this.cause, { ...this.facts, ...facts });
  }
}

export interface DownloadOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly limits: CallLimits;
  /** Takes out what words of the answer may repeat of the call. */
  readonly redactor: Redactor;
  readonly onBytes: (receivedBytes: number, totalBytes: number | null) => void;
}

const tailBytes = 16;

/**
 * Streams the body into the file that was created for it, decompressed and flushed to the disk, holding up
 * to four megabytes of it in memory. By its handle: another file may have taken its name. Closes it.
 * Measured against `curl` by the bench call-overhead.
 *
 * @throws CallFailure "bad-response" (too large, a bomb, cut short, unknown encoding),
 *   "timed-out" (stalled), "disk"; the signal's reason when aborted. The file may then hold a part.
 */
export async function download(
  message: IncomingMessage,
  created: FileHandle,
  options: DownloadOptions,
): Promise<Download> {
  try {
    return await receive(message, created, options);
  } finally {
    await created.close().catch(() => undefined);
  }
}

async function receive(
  message: IncomingMessage,
  created: FileHandle,
  options: DownloadOptions,
): Promise<Download> {
  const { limits } = options;
  const declared = declaredLength(message);
  if (declared !== null && declared > limits.maxResultBytes) throw tooLarge(declared, limits);
  const decoders = decodersFor(message.headers["content-encoding"]);
  if (decoders === undefined) {
    throw new CallFailure(
      "bad-response",
      t(
        'The server packed the result as "{0}", which cannot be unpacked here. Let the app answer with gzip, br or no Content-Encoding.',
        options.redactor.redact(message.headers["content-encoding"] ?? ""),
      ),
    );
  }
  const file = new BatchedFile(created, { ownsPieces: decoders.length === 0 });
  giveBackReads(message);
  let received = 0;
  let decoded = 0;
  let head: Buffer = Buffer.alloc(0);
  let tail: Buffer = Buffer.alloc(0);
  const stop = new AbortController();
  const stall = stallTimer(options.clock, limits.stallMs, () => stop.abort(stalled(limits)));
  message.on("data", (chunk: Buffer) => {
    received += chunk.length;
    stall.touch();
    options.onBytes(received, declared);
  });
  const last: Readable = decoders.at(-1) ?? message;
  last.on("data", (chunk: Buffer) => {
    decoded += chunk.length;
    if (head.length < sniffBytes) {
      head = Buffer.concat([head, chunk.subarray(0, sniffBytes - head.length)]);
    }
    // Copied: the chunk itself is given back when it is written.
    tail = Buffer.concat([tail, chunk.subarray(-tailBytes)]).subarray(-tailBytes);
    if (decoded > limits.maxResultBytes) stop.abort(tooLarge(decoded, limits));
    else if (isBomb(received, decoded)) stop.abort(bomb(received, decoded));
  });
  const signal = AbortSignal.any([options.signal, stop.signal]);
  try {
    await pipeline([message, ...decoders, file], { signal });
  } catch (error) {
    await file.whenClosed();
    if (options.signal.aborted) throw options.signal.reason;
    if (stop.signal.aborted) throw stop.signal.reason;
    throw broken(error, received, declared);
  } finally {
    stall.dispose();
  }
  if (!message.complete || (declared !== null && declared !== received)) {
    throw broken(undefined, received, declared);
  }
  return { bytes: decoded, head, tail };
}

/** Content-Length as a number; null when absent, chunked or garbage. */
function declaredLength(message: IncomingMessage): number | null {
  const text = message.headers["content-length"];
  if (text === undefined || !/^\d{1,15}$/.test(text)) return null;
  return Number(text);
}

function stallTimer(
  clock: Clock,
  stallMs: number,
  onStall: () => void,
): { touch(): void; dispose(): void } {
  let touchedAtMs = clock.nowMs();
  // One timer that looks again, instead of a new one for each of thousands of chunks.
  const arm = (delayMs: number): { dispose(): void } =>
    clock.after(delayMs, () => {
      const restMs = touchedAtMs + stallMs - clock.nowMs();
      if (restMs <= 0) onStall();
      else timer = arm(restMs);
    });
  let timer = arm(stallMs);
  return {
    touch: () => {
      touchedAtMs = clock.nowMs();
    },
    dispose: () => timer.dispose(),
  };
}

function tooLarge(bytes: number, limits: CallLimits): CallFailure {
  return new CallFailure(
    "bad-response",
    t(
      "The result is larger than the limit ({0} of {1}). Let the app make it smaller, or write it to a volume and answer with its path.",
      sizeText(bytes),
      sizeText(limits.maxResultBytes),
    ),
  );
}

function bomb(received: number, decoded: number): CallFailure {
  return new CallFailure(
    "bad-response",
    t(
      "The result unpacks from {0} to more than {1}: it looks like a decompression bomb and was dropped.",
      sizeText(received),
      sizeText(decoded),
    ),
  );
}

function stalled(limits: CallLimits): CallFailure {
  return new CallFailure(
    "timed-out",
    plural(Math.round(limits.stallMs / 60_000), {
      one: "The result stopped arriving: nothing came for {0} minute.",
      other: "The result stopped arriving: nothing came for {0} minutes.",
    }),
  );
}

function broken(error: unknown, received: number, declared: number | null): CallFailure {
  const code = errorCode(error);
  if (code?.startsWith("Z_") === true || code?.startsWith("ERR__ERROR_") === true) {
    return new CallFailure(
      "bad-response",
      t("The compressed result is damaged."),
      {},
      { cause: error },
    );
  }
  if (code !== undefined && /^(ENOSPC|EDQUOT|EIO|EROFS|EACCES|EPERM|ENOENT|EFBIG)$/.test(code)) {
    return new CallFailure(
      "disk",
      code === "ENOSPC" || code === "EDQUOT"
        ? t("The disk is full: the result could not be saved. Free some space and call again.")
        : t(
            'The result could not be written ({0}). Choose another folder in "modalMeter.resultsFolder".',
            code,
          ),
      {},
      { cause: error },
    );
  }
  const arrived = sizeText(received);
  return new BrokenBody(
    declared === null
      ? t("The connection broke in the middle of the result, after {0}.", arrived)
      : t(
          "The connection broke in the middle of the result, after {0} of {1}.",
          arrived,
          sizeText(declared),
        ),
    error,
  );
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}
