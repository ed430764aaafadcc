import { t } from "../../base/text.ts";
import type { Disposable } from "../../base/disposable.ts";
import { Failure } from "../../base/failure.ts";

interface Waiting {
  readonly admit: () => void;
  readonly refuse: (failure: Failure) => void;
  readonly onAhead: (ahead: number) => void;
  /** What `onAhead` was told last. */
  lastAhead: number;
}

/**
 * The calls of one window: so many run at once, the others wait in the order in which they came. A
 * call that waits has sent nothing and costs nothing. A place that is given back, for whatever
 * reason, goes to the first that waits.
 */
export class CallQueue {
  readonly #limit: () => number;
  #running = 0;
  #waiting: Waiting[] = [];

  /** @param limit calls that may run at once, 1 or more; read anew at each change. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** True when a call that comes now has to wait. Throws what `limit` throws. */
  get isFull(): boolean {
    return this.#waiting.length > 0 || this.#running >= this.#limit();
  }

  /**
   * Resolves with a place, to be disposed when the call is over. `onAhead` hears how many waiting
   * calls come before, at once and whenever that changes.
   *
   * Rejects with `Failure("cancelled")` when aborted or dropped before its turn: nothing was sent.
   */
  enter(signal: AbortSignal, onAhead: (ahead: number) => void): Promise<Disposable> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(givenUp());
        return;
      }
      const onAbort = (): void => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        reject(givenUp());
        this.#tellAhead();
      };
      const waiting: Waiting = {
        lastAhead: -1,
        onAhead,
        admit: () => {
          signal.removeEventListener("abort", onAbort);
          resolve(this.enterNow());
        },
        refuse: (failure) => {
          signal.removeEventListener("abort", onAbort);
          reject(failure);
        },
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(waiting);
      this.admit();
    });
  }

  /** A place at once, whatever the limit: for a call that Modal already works on. */
  enterNow(): Disposable {
    this.#running += 1;
    let isHeld = true;
    return {
      dispose: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#running -= 1;
        this.admit();
      },
    };
  }

  /** Lets in as many as the limit allows: after a place was given back, or when the limit has grown. */
  admit(): void {
    while (this.#waiting.length > 0 && this.#running < this.#limit()) {
      this.#waiting.shift()?.admit();
    }
    this.#tellAhead();
  }

  /** Sends all that wait away, with this reason; returns how many there were. */
  drop(why: string): number {
    const dropped = this.#waiting;
    this.#waiting = [];
    for (const { refuse } of dropped) refuse(new Failure("cancelled", why));
    return dropped.length;
  }

  #tellAhead(): void {
    for (const [ahead, waiting] of this.#waiting.entries()) {
      if (waiting.lastAhead === ahead) continue;
      waiting.lastAhead = ahead;
      waiting.onAhead(ahead);
    }
  }
}

function givenUp(): Failure {
  return new Failure(
    "cancelled",
    t("Cancelled while it waited for its turn. Nothing was sent and nothing is billed."),
  );
}
