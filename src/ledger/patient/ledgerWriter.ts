import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { Failure, failureOf } from "../../base/failure.ts";
import { t } from "../../base/text.ts";
import { generations } from "../generation.ts";
import { openLedger } from "../openLedger.ts";
import type { SqliteLedger } from "../sqliteLedger.ts";
import { isBusy, isDamage, isFull } from "../sqliteFailure.ts";
import type { Batch } from "./pendingWrites.ts";
import { applyWrite } from "./write.ts";
import type { Question } from "./write.ts";

/** What becomes of the writes. */
export interface WriterEvents {
  /** The ledger is open in this file. `news`: what a person must know of the opening. */
  opened(file: string, news: readonly string[]): void;
  /** Nothing can be written now, and why; it is tried again by itself. `file`: what may be read all the same. */
  failed(message: string, file: string | null): void;
  /** The batch with this number is in the file. */
  written(number: number): void;
  /** A write was given up, because it fails for a reason of its own: a bug. */
  refused(error: unknown): void;
}

/** Writes to the ledger's file in order, for as long as it takes. */
export interface Writer {
  /** One batch at a time: the next one after `written`. */
  write(batch: Batch): void;
  /** The answer; undefined: it cannot be had at once, and nothing was claimed or taken. */
  ask(question: Question): boolean | undefined;
  /** Damage was seen in the file: it is opened anew, which checks it. */
  reopen(): void;
  /** Ends after one more attempt at what is left, and at the last batch. Resolves when the file is closed. */
  close(last: Batch | undefined): Promise<void>;
}

const firstRetryMs = 250;
const lastRetryMs = 5_000;
/** How often it is looked whether another window has gone over to a new file. */
const followMs = 1_000;

export interface LedgerWriterOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly events: WriterEvents;
  /** How long one attempt waits for a lock that another process holds, in milliseconds. */
  readonly busyTimeoutMs: number;
}

/**
 * Opens the ledger's file, again and again until it can be had, and does the writes in order: a lock,
 * a full disk or a damaged file delays them and loses none. Runs where waiting harms nobody: in a
 * thread of its own, or in the guardian's process.
 */
export class LedgerWriter implements Writer {
  readonly #options: LedgerWriterOptions;
  #ledger: SqliteLedger | undefined;
  #batch: Batch | undefined;
  #opening: Promise<void> | undefined;
  #retry: Disposable | undefined;
  #retryMs = firstRetryMs;
  #closed = false;
  #followedAtMs = 0;
  /** Damage for which the file was opened anew and found sound: then it is the write that is wrong. */
  #provedSound = false;

  constructor(options: LedgerWriterOptions) {
    this.#options = options;
    this.#open();
  }

  write(batch: Batch): void {
    this.#batch = batch;
    this.#drain();
  }

  /** `isWanted` is asked when the lock is had: false, and nothing is written. */
  ask(question: Question, isWanted: () => boolean = () => true): boolean | undefined {
    const ledger = this.#ledger;
    // It would overtake what waits.
    if (ledger === undefined || this.#batch !== undefined) return undefined;
    try {
      return ledger.together(() =>
        isWanted() ? applyWrite(ledger, question) === true : undefined,
      );
    } catch (error) {
      this.#onFailure(error);
      return undefined;
    }
  }

  reopen(): void {
    if (this.#closed) return;
    this.#ledger?.dispose();
    this.#ledger = undefined;
    this.#open();
  }

  async close(last: Batch | undefined): Promise<void> {
    this.#retry?.dispose();
    await this.#opening;
    this.#closed = true;
    this.#drain();
    if (last !== undefined && this.#batch === undefined) this.write(last);
    this.#ledger?.dispose();
    this.#ledger = undefined;
  }

  #open(): void {
    this.#opening ??= this.#tryToOpen().finally(() => {
      this.#opening = undefined;
    });
  }

  async #tryToOpen(): Promise<void> {
    const { path, clock, events, busyTimeoutMs } = this.#options;
    try {
      const { ledger, file, news } = await openLedger(path, { clock, busyTimeoutMs });
      this.#ledger = ledger;
      this.#retryMs = firstRetryMs;
      this.#followedAtMs = clock.nowMs();
      events.opened(file, news);
      this.#drain();
    } catch (error) {
      if (failureOf(error) === undefined) events.refused(error);
      events.failed(messageOf(error), generations(path).current);
      this.#later(() => this.#open());
    }
  }

  #drain(): void {
    const batch = this.#batch;
    const ledger = this.#ledger;
    if (batch === undefined || ledger === undefined) return;
    try {
      this.#follow(ledger);
      this.#do(ledger, batch);
      this.#batch = undefined;
      this.#retryMs = firstRetryMs;
      this.#provedSound = false;
    } catch (error) {
      this.#onFailure(error);
      return;
    }
    this.#options.events.written(batch.number);
  }

  #do(ledger: SqliteLedger, batch: Batch): void {
    try {
      ledger.together(() => {
        for (const write of batch.writes) applyWrite(ledger, write);
      });
    } catch (error) {
      if (failureOf(error) !== undefined && !this.#provedSound) throw error;
      this.#doOneByOne(ledger, batch);
    }
  }

  /** One of them cannot be written, ever: the others are. */
  #doOneByOne(ledger: SqliteLedger, batch: Batch): void {
    for (const write of batch.writes) {
      try {
        applyWrite(ledger, write);
      } catch (error) {
        if (failureOf(error) !== undefined && !isDamage(causeOf(error))) throw error;
        this.#options.events.refused(error);
      }
    }
  }

  #onFailure(error: unknown): void {
    if (error instanceof GoneError) {
      this.reopen();
      return;
    }
    this.#options.events.failed(messageOf(error), null);
    const cause = causeOf(error);
    // A lock or a full disk pass; anything else may be cured by opening the file anew.
    if (isBusy(cause) || isFull(cause)) this.#later(() => this.#drain());
    else {
      this.#provedSound = isDamage(cause);
      this.#later(() => this.reopen());
    }
  }

  #follow(ledger: SqliteLedger): void {
    const nowMs = this.#options.clock.nowMs();
    if (Math.abs(nowMs - this.#followedAtMs) < followMs) return;
    this.#followedAtMs = nowMs;
    const file = ledger.followSetAside();
    if (file !== undefined) this.#options.events.opened(file, []);
    else if (!ledger.isFileThere()) throw new GoneError();
  }

  #later(work: () => void): void {
    if (this.#closed) return;
    this.#retry?.dispose();
    this.#retry = this.#options.clock.after(this.#retryMs, work);
    this.#retryMs = Math.min(2 * this.#retryMs, lastRetryMs);
  }
}

/** Somebody has taken the file away: what is written to it now is seen by nobody. */
class GoneError extends Error {}

function causeOf(error: unknown): unknown {
  return error instanceof Failure ? error.cause : error;
}

function messageOf(error: unknown): string {
  return (
    failureOf(error)?.message ?? t("An unexpected error of the cost ledger: {0}", String(error))
  );
}
