import { availableParallelism } from "node:os";

/** Lets a bounded number of tasks run at once; the others wait in order. */
export class ProcessLimit {
  readonly #size: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** A Python client needs about 100 MB and a core: twice the cores keeps both busy. */
  constructor(size: number = Math.max(4, 2 * availableParallelism())) {
    this.#size = size;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    while (this.#running >= this.#size) {
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
    this.#running += 1;
    try {
      return await task();
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }
}
