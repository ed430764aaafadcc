import { createReadStream } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { t } from "../../base/text.ts";
import { publish, removeQuietly } from "./atomicFile.ts";
import { JsonPrinter, type StringSink } from "./jsonPrinter.ts";
import { sniffMedia, type Media } from "./mediaType.ts";

export interface ReworkedJson {
  /** The ".part" file to publish: the pretty text, or the text as it was sent. */
  readonly path: string;
  /** Absolute paths of extracted media. */
  readonly extracted: readonly string[];
  readonly remark: string | null;
}

/**
 * Makes a JSON result readable: indented, and base64 media (at least 3 KB, plain or as data URL)
 * taken out into files "<stem>_1.png", …. Reads and writes in pieces, so a long video inside JSON
 * needs no more memory than a short one. Text that is not sound JSON stays as it was sent.
 */
export async function reworkJson(
  path: string,
  folder: string,
  stem: string,
  signal: AbortSignal,
): Promise<ReworkedJson> {
  const prettyPath = join(folder, `${stem}.json.part`);
  let isCreated = false;
  const extractor = new Extractor(folder, stem, signal);
  try {
    // Never what is there already.
    const out = await open(prettyPath, "wx");
    isCreated = true;
    if (await rewrite(path, out, extractor, signal)) {
      const extracted = await extractor.publishAll();
      await removeQuietly(path);
      return { path: prettyPath, extracted, remark: null };
    }
  } catch (error) {
    await extractor.discard();
    if (isCreated) await removeQuietly(prettyPath);
    if (signal.aborted) throw error;
    // The result is whole as it was sent: a full disk must not take it away.
    return {
      path,
      extracted: [],
      remark: t("The JSON could not be formatted; it is saved as it was sent."),
    };
  }
  await extractor.discard();
  await removeQuietly(prettyPath);
  return { path, extracted: [], remark: t("The JSON is not valid; it is saved as it was sent.") };
}

/** Resolves to whether the text was sound. */
async function rewrite(
  path: string,
  out: FileHandle,
  extractor: Extractor,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const printer = new JsonPrinter(extractor);
    for await (const chunk of createReadStream(path, { signal, highWaterMark: 256 * 1024 })) {
      const text = printer.write(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)));
      if (text.length > 0) await out.writeFile(text);
      await extractor.drain();
    }
    const rest = printer.end();
    if (rest === undefined) return false;
    await out.writeFile(rest);
    await out.sync();
    return true;
  } finally {
    await out.close();
  }
}

interface Extracted {
  readonly part: string;
  readonly finalPath: string;
}

/** No answer has more pictures; what comes after them stays in the JSON. A small packed answer can hold many thousands. */
const mostFiles = 200;

/** Writes media strings to ".part" files. Work is queued by the printer and done by `drain`. */
class Extractor implements StringSink {
  readonly #folder: string;
  readonly #stem: string;
  readonly #signal: AbortSignal;
  readonly #files: Extracted[] = [];
  readonly #created: string[] = [];
  #queue: (() => Promise<void>)[] = [];
  #handle: FileHandle | undefined;

  constructor(folder: string, stem: string, signal: AbortSignal) {
    this.#folder = folder;
    this.#stem = stem;
    this.#signal = signal;
  }

  begin(head: Buffer): string | undefined {
    const media = sniffMedia(head);
    if (media === undefined || !isMedia(media) || this.#files.length >= mostFiles) return undefined;
    // An underscore: "-2" is what another result with the same words would be called.
    const name = `${this.#stem}_${this.#files.length + 1}`;
    const part = join(this.#folder, `${name}.part`);
    this.#files.push({ part, finalPath: join(this.#folder, `${name}.${media.extension}`) });
    this.#queue.push(async () => {
      this.#handle = await open(part, "wx");
      this.#created.push(part);
    });
    return `${name}.${media.extension}`;
  }

  data(bytes: Buffer): void {
    this.#queue.push(async () => {
      await this.#handle?.writeFile(bytes);
    });
  }

  end(): void {
    this.#queue.push(async () => {
      const handle = this.#handle;
      this.#handle = undefined;
      await handle?.sync();
      await handle?.close();
    });
  }

  async drain(): Promise<void> {
    const queue = this.#queue;
    this.#queue = [];
    for (const work of queue) {
      this.#signal.throwIfAborted();
      await work();
    }
  }

  async publishAll(): Promise<readonly string[]> {
    for (const { part, finalPath } of this.#files) {
      this.#signal.throwIfAborted();
      await publish(part, finalPath);
    }
    return this.#files.map(({ finalPath }) => finalPath);
  }

  async discard(): Promise<void> {
    this.#queue = [];
    await this.#handle?.close();
    this.#handle = undefined;
    for (const part of this.#created) await removeQuietly(part);
  }
}

function isMedia(media: Media): boolean {
  return /^(image|video|audio|model)\//.test(media.type) || media.extension === "pdf";
}
