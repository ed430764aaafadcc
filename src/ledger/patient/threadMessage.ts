import type { Batch } from "./pendingWrites.ts";
import type { Question } from "./write.ts";

/** What a window tells its writer's thread. */
export type ToWriter =
  | { readonly kind: "write"; readonly batch: Batch }
  | { readonly kind: "ask"; readonly question: Question; readonly cell: Int32Array }
  | { readonly kind: "reopen" }
  | { readonly kind: "close"; readonly last: Batch | undefined };

/** What the thread tells the window. */
export type FromWriter =
  | { readonly kind: "opened"; readonly file: string; readonly news: readonly string[] }
  | { readonly kind: "failed"; readonly message: string; readonly file: string | null }
  | { readonly kind: "written"; readonly number: number }
  | { readonly kind: "refused"; readonly text: string };

/*
 * A question waits in a cell of shared memory. Its state goes from asked to either taken (by the
 * thread, which will answer) or withdrawn (by the window, which waited long enough): never both, so
 * nothing is claimed for a window that no longer knows of it.
 */
const asked = 0;
const taken = 1;
const withdrawn = 2;
const yes = 3;
const no = 4;
const unknown = 5;

export function newCell(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** Waits for the answer, twice `patienceMs` at most; undefined: there is none. */
export function readCell(cell: Int32Array, patienceMs: number): boolean | undefined {
  if (Atomics.wait(cell, 0, asked, patienceMs) === "timed-out") {
    // Taken means that it is being written at this moment.
    if (Atomics.compareExchange(cell, 0, asked, withdrawn) === taken)
      Atomics.wait(cell, 0, taken, patienceMs);
  }
  const state = Atomics.load(cell, 0);
  return state === yes || state === no ? state === yes : undefined;
}

/**
 * The thread's part. `answer` gets a function that it calls when it has the ledger's lock and before
 * it writes: false means that nobody waits any more, and that nothing is to be written.
 */
export function answerCell(
  cell: Int32Array,
  answer: (isWanted: () => boolean) => boolean | undefined,
): void {
  const result = answer(() => Atomics.compareExchange(cell, 0, asked, taken) === asked);
  if (Atomics.load(cell, 0) === withdrawn) return;
  Atomics.store(cell, 0, result === undefined ? unknown : result ? yes : no);
  Atomics.notify(cell, 0);
}
