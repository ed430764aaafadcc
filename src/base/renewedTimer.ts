import type { Clock } from "./clock.ts";
import type { Disposable } from "./disposable.ts";

/** Calls back once, when `renew` has not been called for `limitMs`. */
export class RenewedTimer implements Disposable {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #callback: () => void;
  #timer: Disposable | undefined;
  #isOver = false;

  constructor(clock: Clock, limitMs: number, callback: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#callback = callback;
    this.renew();
  }

  /** Starts the time again. Does nothing once it has called back or was disposed. */
  renew(): void {
    if (this.#isOver) return;
    this.#timer?.dispose();
    this.#timer = this.#clock.after(this.#limitMs, () => {
      this.#isOver = true;
      this.#callback();
    });
  }

  dispose(): void {
    this.#isOver = true;
    this.#timer?.dispose();
  }
}
