import type { Clock } from "../../base/clock.ts";
import { Emitter } from "../../base/event.ts";
import { Failure, failureOf } from "../../base/failure.ts";
import { plural, t } from "../../base/text.ts";
import type { LedgerTrouble } from "../../session/ledgerPort.ts";
import { openReader, openUnproven } from "../openReader.ts";
import type { SqliteLedger } from "../sqliteLedger.ts";
import { emptyLedger } from "./baseLedger.ts";
import type { BaseLedger } from "./baseLedger.ts";
import type { Writer, WriterEvents } from "./ledgerWriter.ts";
import { PendingWrites } from "./pendingWrites.ts";
import type { Question, Write } from "./write.ts";

export interface PatientFileOptions {
  readonly clock: Clock;
  readonly writer: (events: WriterEvents) => Writer;
  /** Whether each write goes to the writer at once, because what follows it relies on it; else once a turn. */
  readonly isEager?: boolean;
  /** A write that could not be done for a reason of its own, or a thread that failed: a bug, to be logged. */
  readonly onBug: (error: unknown) => void;
}

/** While a write waits for a lock no longer than this, nobody needs to know. */
const unnoticedMs = 2_000;
/** Damage that is found sound again and again is not checked for more often than this. */
const checkEveryMs = 60_000;

/** What is not in the file yet, and the file: what a reader sees together. */
type Read<T> = (pending: PendingWrites, base: BaseLedger) => T;

/**
 * The ledger's file in the hands of a writer that may take its time, what is written and not there
 * yet, and why. Writes wait in memory; a file that cannot be opened is tried again until it can.
 */
export class PatientFile {
  readonly #options: PatientFileOptions;
  readonly #writer: Writer;
  readonly #pending = new PendingWrites();
  readonly #news = new Emitter<string>();
  readonly #opened = Promise.withResolvers<boolean>();
  /** News that came before the file could be read. */
  readonly #pendingNews: string[] = [];
  readonly #waiting = new Set<() => void>();
  #reader: SqliteLedger | undefined;
  #failure: { readonly message: string; readonly sinceMs: number } | undefined;
  #isPushed = false;
  /** A file that could not be opened for writing is being opened. */
  #isReading = false;
  #version = 0;
  /** How often what is read from became another. */
  #readers = 0;
  #checkedAtMs = -Infinity;
  #openings = 0;
  /** The file's name, once it could be written. */
  #name: string | undefined;
  #closed: Promise<void> | undefined;

  /** What a person must know of the file, as this process found it: a sentence or two. */
  readonly onNews = this.#news.on;

  constructor(options: PatientFileOptions) {
    this.#options = options;
    this.#writer = options.writer({
      opened: (file, news) => void this.#onOpened(file, news),
      failed: (message, file) => this.#onFailed(message, file),
      written: (number) => this.#onWritten(number),
      refused: options.onBug,
    });
  }

  /** Resolves when the file is open for the first time, or could not be opened, or after the time. */
  opened(withinMs: number): Promise<boolean> {
    return this.#within(withinMs, this.#opened.promise);
  }

  trouble(): LedgerTrouble | null {
    const failure = this.#failure;
    const isNew =
      this.#reader !== undefined &&
      failure !== undefined &&
      this.#options.clock.nowMs() - failure.sinceMs < unnoticedMs;
    if (failure !== undefined && !isNew) {
      const isTooMuch = this.#pending.dropped > 0;
      const lost = t("More has happened since than can be kept in memory: the newest is lost.");
      return {
        message: isTooMuch ? `${failure.message} ${lost}` : failure.message,
        isWritable: false,
      };
    }
    const rows = this.unreadableRows;
    if (rows === 0) return null;
    const message = plural(rows, {
      one: "{0} row of the cost ledger cannot be read and is left out of every figure. Reload the window: the file is then checked, and set aside if it is damaged.",
      other:
        "{0} rows of the cost ledger cannot be read and are left out of every figure. Reload the window: the file is then checked, and set aside if it is damaged.",
    });
    return { message, isWritable: true };
  }

  get unreadableRows(): number {
    return this.#reader?.unreadableRows() ?? 0;
  }

  async settled(withinMs: number): Promise<boolean> {
    this.#push();
    if (this.#pending.size === 0) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const onWritten = (): void => {
      if (this.#pending.size === 0) resolve(true);
    };
    this.#waiting.add(onWritten);
    try {
      return await this.#within(withinMs, promise);
    } finally {
      this.#waiting.delete(onWritten);
    }
  }

  changeCounter(): number {
    const isTroubled = this.trouble() === null ? 0 : 1;
    return this.#fileCounter() + this.#pending.version + this.#version + isTroubled;
  }

  costVersion(): string {
    const ofFile = this.#readable((reader) => reader.costVersion()) ?? "";
    return `${this.#readers} ${this.#pending.costVersion} ${ofFile}`;
  }

  /** The file as it is. Throws `Failure("ledger")` where it cannot be read. */
  open(): SqliteLedger {
    if (this.#reader !== undefined) return this.#reader;
    throw new Failure("ledger", this.#failure?.message ?? t("The cost ledger is being opened."));
  }

  write(write: Write): void {
    this.#pending.add(write);
    if (this.#options.isEager === true) this.#push();
    if (this.#isPushed || this.#pending.size === 0) return;
    // All that is written in one turn becomes one transaction.
    this.#isPushed = true;
    queueMicrotask(() => this.#push());
  }

  /** `unanswered`: what is likely, when the file cannot be asked now. It is written there when it can be. */
  ask(question: Question, unanswered: () => boolean): boolean {
    this.#push();
    const mayAsk = this.#failure === undefined && !this.#pending.waits(question);
    const answer = mayAsk ? this.#writer.ask(question) : undefined;
    if (answer !== undefined) return answer;
    const likely = unanswered();
    if (likely) this.write(question);
    return likely;
  }

  /** What is needed in order to act: where the file cannot be read, what this process itself knows, and `last` did. */
  readOrPending<T>(read: Read<T>, last: BaseLedger = emptyLedger): T {
    if (this.#reader === undefined) return read(this.#pending, last);
    try {
      return read(this.#pending, this.#reader);
    } catch (error) {
      if (failureOf(error)?.reason !== "ledger") throw error;
      return read(this.#pending, last);
    }
  }

  /** What is only true when all of it is known. Throws `Failure("ledger")` where the file cannot be read. */
  history<T>(read: Read<T>): T {
    return read(this.#pending, this.open());
  }

  async flush(): Promise<void> {
    await this.settled(unnoticedMs);
    await this.#reader?.flush();
  }

  /** Writes what waits, as far as the file takes it at once, and closes it. */
  async close(): Promise<void> {
    this.dispose();
    await this.#closed;
  }

  /** The same, without waiting for it. */
  dispose(): void {
    if (this.#closed !== undefined) return;
    this.#closed = this.#writer.close(this.#pending.takeRest());
    this.#closeReader();
  }

  #push(): void {
    this.#isPushed = false;
    if (this.#closed !== undefined) return;
    const batch = this.#pending.take();
    if (batch !== undefined) this.#writer.write(batch);
  }

  async #onOpened(file: string, news: readonly string[]): Promise<void> {
    this.#name = file;
    this.#pendingNews.push(...news);
    this.#openings += 1;
    const opening = this.#openings;
    const reader = await this.#read(file);
    if (reader === undefined) return;
    if (this.#closed !== undefined || opening !== this.#openings) {
      reader.dispose();
      return;
    }
    this.#closeReader();
    this.#reader = reader;
    this.#readers += 1;
    this.#failure = undefined;
    this.#version += 1;

    for (const one of this.#pendingNews.splice(0)) this.#news.emit(one);
    this.#opened.resolve(true);
    this.#push();
  }

  async #read(file: string): Promise<SqliteLedger | undefined> {
    try {
      return await openReader(file, { onDamage: () => this.#onDamage() });
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined) this.#options.onBug(error);
      this.#onFailed(failure?.message ?? String(error), null);
      return undefined;
    }
  }

  #onFailed(message: string, file: string | null): void {
    if (file !== null) void this.#readAnyway(file);
    const sinceMs = this.#failure?.sinceMs ?? this.#options.clock.nowMs();
    this.#failure = { message, sinceMs };
    this.#version += 1;
    this.#opened.resolve(false);
  }

  /** What cannot be written may be read: the past is known, and nothing in the file is ignored. */
  async #readAnyway(file: string): Promise<void> {
    if (this.#reader !== undefined || this.#isReading) return;
    this.#isReading = true;
    const opening = this.#openings;
    const reader = await openUnproven(file, { onDamage: () => this.#onDamage() });
    this.#isReading = false;
    if (reader === undefined) return;
    if (this.#closed !== undefined || opening !== this.#openings) {
      reader.dispose();
      return;
    }
    this.#reader = reader;
    this.#readers += 1;
    this.#version += 1;
  }

  #onWritten(number: number): void {
    this.#pending.written(number);
    this.#failure = undefined;
    this.#version += 1;
    if (this.#reader === undefined && this.#name !== undefined) void this.#onOpened(this.#name, []);
    this.#push();
    for (const onWritten of this.#waiting) onWritten();
  }

  /** The file is opened anew, which checks it, and sets it aside if it is damaged. */
  #onDamage(): void {
    const nowMs = this.#options.clock.nowMs();
    if (Math.abs(nowMs - this.#checkedAtMs) < checkEveryMs) return;
    this.#checkedAtMs = nowMs;
    this.#writer.reopen();
  }

  /** Changes when anybody has written to the file. */
  #fileCounter(): number {
    return this.#readable((reader) => reader.changeCounter()) ?? 0;
  }

  #readable<T>(read: (reader: SqliteLedger) => T): T | undefined {
    try {
      return this.#reader === undefined ? undefined : read(this.#reader);
    } catch (error) {
      if (failureOf(error)?.reason !== "ledger") throw error;
      return undefined;
    }
  }

  async #within(withinMs: number, promise: Promise<boolean>): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = this.#options.clock.after(withinMs, () => resolve(false));
    try {
      return await Promise.race([promise, late]);
    } finally {
      timer.dispose();
    }
  }

  #closeReader(): void {
    // The counter never says again what it said before.
    this.#version += 1 + this.#fileCounter();
    this.#readers += 1;
    this.#reader?.dispose();
    this.#reader = undefined;
  }
}
