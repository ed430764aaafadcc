import { EventQueue } from "./eventQueue.ts";

/** Virtual time in whole milliseconds, and what is to happen in it. It never goes back. */
export class Timeline {
  readonly #events = new EventQueue();
  #nowMs: number;

  constructor(startMs: number) {
    this.#nowMs = Math.floor(startMs);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** When something will happen by itself; null when nothing will. */
  nextEventMs(): number | null {
    return this.#events.nextMs();
  }

  /** Runs `run` when virtual time reaches `atMs`. */
  schedule(atMs: number, run: () => void): void {
    this.#events.add(Math.max(Math.ceil(atMs), this.#nowMs), run);
  }

  /** Lets time pass, in order, up to `ms`. */
  advanceTo(ms: number): void {
    const target = Math.floor(ms);
    for (;;) {
      const next = this.#events.nextMs();
      if (next === null || next > target) break;
      const event = this.#events.take();
      if (event === null) break;
      this.#nowMs = Math.max(this.#nowMs, event.atMs);
      event.run();
    }
    this.#nowMs = Math.max(this.#nowMs, target);
  }
}
