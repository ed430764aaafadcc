import { Worker } from "node:worker_threads";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { t } from "../../base/text.ts";
import type { Texts } from "../../base/text.ts";
import type { Writer, WriterEvents } from "./ledgerWriter.ts";
import type { Batch } from "./pendingWrites.ts";
import { newCell, readCell } from "./threadMessage.ts";
import type { FromWriter, ToWriter } from "./threadMessage.ts";
import type { Question } from "./write.ts";

export interface ThreadWriterOptions {
  readonly path: string;
  /** The thread's program: the bundle of writerThread.ts. */
  readonly program: string | URL;
  readonly clock: Clock;
  readonly events: WriterEvents;
  /** In what language it says what is wrong; undefined: English. */
  readonly texts?: Texts | undefined;
  /** How long this thread waits for the answer to a question, in milliseconds: 15. */
  readonly patienceMs?: number;
}

/** Short, so that a person is told soon; the attempts go on. */
const busyTimeoutMs = 2_000;
const restartMs = 1_000;
const defaultPatienceMs = 15;

/** A writer in a thread of its own: whatever the ledger's file does, this thread does not wait for it. */
export class ThreadWriter implements Writer {
  readonly #options: ThreadWriterOptions;
  readonly #ended = Promise.withResolvers<undefined>();
  #worker: Worker | undefined;
  #restart: Disposable | undefined;
  #batch: Batch | undefined;
  #closing = false;
  /** False once an answer came late, until something is written again. */
  #answersSoon = true;

  constructor(options: ThreadWriterOptions) {
    this.#options = options;
    this.#start();
  }

  write(batch: Batch): void {
    this.#batch = batch;
    this.#send({ kind: "write", batch });
  }

  ask(question: Question): boolean | undefined {
    if (!this.#answersSoon || this.#worker === undefined) return undefined;
    const cell = newCell();
    this.#send({ kind: "ask", question, cell });
    const answer = readCell(cell, this.#options.patienceMs ?? defaultPatienceMs);
    this.#answersSoon = answer !== undefined;
    return answer;
  }

  reopen(): void {
    this.#send({ kind: "reopen" });
  }

  close(last: Batch | undefined): Promise<void> {
    this.#closing = true;
    this.#restart?.dispose();
    this.#worker?.ref();
    if (this.#worker === undefined) this.#ended.resolve(undefined);
    else this.#send({ kind: "close", last });
    return this.#ended.promise;
  }

  #start(): void {
    const { path, program, texts } = this.#options;
    const worker = new Worker(program, { workerData: { path, busyTimeoutMs, texts } });
    this.#worker = worker;
    worker.on("message", (message: FromWriter) => this.#on(message));
    worker.on("error", (error) => this.#options.events.refused(error));
    worker.on("exit", () => this.#onExit());
    // A window that ends does not wait for its writer, except in `close`.
    worker.unref();
    if (this.#batch !== undefined) this.#send({ kind: "write", batch: this.#batch });
  }

  #on(message: FromWriter): void {
    const { events } = this.#options;
    switch (message.kind) {
      case "opened":
        this.#answersSoon = true;
        events.opened(message.file, message.news);
        break;
      case "failed":
        this.#answersSoon = false;
        events.failed(message.message, message.file);
        break;
      case "written":
        this.#answersSoon = true;
        if (this.#batch?.number === message.number) this.#batch = undefined;
        events.written(message.number);
        break;
      case "refused":
        events.refused(new Error(message.text));
        break;
    }
  }

  /** The thread ended by itself: another one goes on with what it had. */
  #onExit(): void {
    this.#worker = undefined;
    if (this.#closing) {
      this.#ended.resolve(undefined);
      return;
    }
    this.#options.events.failed(
      t("The thread that writes the cost ledger ended; another one is being started."),
      null,
    );
    this.#restart = this.#options.clock.after(restartMs, () => this.#start());
  }

  #send(message: ToWriter): void {
    this.#worker?.postMessage(message);
  }
}
