import type { FileHandle } from "node:fs/promises";
import { Writable } from "node:stream";
import { giveBack } from "./spentBuffer.ts";

/** Written at once: a trip to the disk's thread for each piece of 64 KiB would cost more than the writing. */
const batchBytes = 1024 * 1024;
/** Collected while a batch is being written; then the sender waits. */
const mostBytes = 2 * batchBytes;
/** Flushed after as much as this, beside the writing, so that little is left to flush at the end. */
const flushBytes = 32 * batchBytes;
/** The system takes no more pieces at once. */
const mostPieces = 1000;

type Done = (error?: Error | null) => void;

/**
 * A file that was opened to be written, from its beginning, in large batches. "finish" comes when all of it
 * is flushed to the disk. It owns the handle, and closes it.
 */
export class BatchedFile extends Writable {
  readonly #file: FileHandle;
  readonly #ownsPieces: boolean;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #isWriting = false;
  #unflushedBytes = 0;
  #isFlushing = false;
  /** The batch that is under way, or was last. */
  #written: Promise<void> = Promise.resolve();
  /** The writer of a piece that has to wait for the disk. */
  #blocked: Done | undefined;
  #ending: Done | undefined;

  /** @param ownsPieces what is written is nobody's after that, and its memory is given back. */
  constructor(file: FileHandle, { ownsPieces }: { readonly ownsPieces: boolean }) {
    super({ highWaterMark: batchBytes / 4, decodeStrings: true });
    this.#file = file;
    this.#ownsPieces = ownsPieces;
  }

  override _write(piece: Buffer, _encoding: BufferEncoding, tell: Done): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    const isFull = this.#bytes >= batchBytes || this.#pieces.length >= mostPieces;
    if (isFull && !this.#isWriting) this.#writeBatch();
    if (this.#isWriting && (this.#bytes >= mostBytes || this.#pieces.length >= mostPieces)) {
      this.#blocked = tell;
    } else tell();
  }

  override _final(tell: Done): void {
    this.#ending = tell;
    if (!this.#isWriting) this.#goOn();
  }

  /** Before it closes, what was collected is written: a part of a result was paid for too. */
  override _destroy(reason: Error | null, tell: Done): void {
    void this.#close().then((failure) => tell(reason ?? failure));
  }

  async #close(): Promise<Error | null> {
    try {
      await this.#written;
      await writeAll(this.#file, this.#pieces);
    } catch {
      // A disk that takes no more has been told already, by the write that it refused first.
    }
    try {
      await this.#file.close();
      return null;
    } catch (failure) {
      return asError(failure);
    }
  }

  /** Resolves when nothing is written to the file any more. */
  async whenClosed(): Promise<void> {
    if (this.closed) return;
    await new Promise((resolve) => {
      this.once("close", resolve);
    });
  }

  #writeBatch(): void {
    const pieces = this.#pieces;
    this.#unflushedBytes += this.#bytes;
    this.#pieces = [];
    this.#bytes = 0;
    this.#isWriting = true;
    this.#written = writeAll(this.#file, pieces);
    this.#written.then(
      () => {
        this.#isWriting = false;
        if (this.#ownsPieces) for (const piece of pieces) giveBack(piece);
        if (this.#unflushedBytes >= flushBytes && !this.#isFlushing) this.#flush();
        this.#goOn();
      },
      (failure: unknown) => this.destroy(asError(failure)),
    );
  }

  #flush(): void {
    this.#unflushedBytes = 0;
    this.#isFlushing = true;
    this.#file.datasync().then(
      () => {
        this.#isFlushing = false;
      },
      // The system tells a failed write to the disk once only, so it counts here too.
      (failure: unknown) => this.destroy(asError(failure)),
    );
  }

  /** After a batch, or at the end: what is collected, then the sender, then the flush. */
  #goOn(): void {
    if (this.destroyed) return;
    if (this.#bytes >= batchBytes || (this.#ending !== undefined && this.#bytes > 0)) {
      this.#writeBatch();
    }
    const blocked = this.#blocked;
    this.#blocked = undefined;
    blocked?.();
    const ending = this.#ending;
    if (ending === undefined || this.#isWriting) return;
    this.#file.sync().then(
      () => ending(),
      (failure: unknown) => ending(asError(failure)),
    );
  }
}

/** Writes all of it: the system may take less than it is given. */
async function writeAll(file: FileHandle, pieces: readonly Buffer[]): Promise<void> {
  let rest = pieces;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest);
    rest = withoutFirst(rest, bytesWritten);
  }
}

function withoutFirst(pieces: readonly Buffer[], bytes: number): readonly Buffer[] {
  let left = bytes;
  let whole = 0;
  for (const piece of pieces) {
    if (left < piece.length) break;
    left -= piece.length;
    whole += 1;
  }
  const [first, ...rest] = pieces.slice(whole);
  return first === undefined ? [] : [first.subarray(left), ...rest];
}

function asError(failure: unknown): Error {
  return failure instanceof Error ? failure : new Error(String(failure));
}
