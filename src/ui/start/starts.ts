/**
 * The starts that are under way in this window. A stop ends them first: a deploy that lands after
 * "nothing runs any more" would make it a lie.
 */
export class Starts {
  readonly #running = new Map<AbortController, Promise<unknown>>();

  /** Runs `start` until it is over; `cancelAll` aborts `abort`. */
  async track<T>(abort: AbortController, start: () => PromiseLike<T>): Promise<T> {
    const work = Promise.resolve(start());
    this.#running.set(abort, work);
    try {
      return await work;
    } finally {
      this.#running.delete(abort);
    }
  }

  get count(): number {
    return this.#running.size;
  }

  /** Cancels all of them; resolves when each has stopped what it had started. Never rejects. */
  async cancelAll(): Promise<void> {
    for (const abort of this.#running.keys()) abort.abort();
    await Promise.allSettled(this.#running.values());
  }
}
