import type { VirtualClock } from "./clock.ts";
import type { Cloud } from "./model/cloud.ts";

/** Setting a timer for longer than this overflows Node's timers. */
const LONGEST_TIMER_MS = 2_000_000_000;

/** Keeps the clouds at the clock's time, and wakes up when the next thing is due in one of them. */
export class Driver {
  readonly clock: VirtualClock;
  readonly #clouds: Cloud[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  add(cloud: Cloud): void {
    this.#clouds.push(cloud);
  }

  /** Brings every cloud to now. Call it before reading from a cloud and after changing one. */
  sync(): void {
    const now = this.clock.nowMs();
    for (const cloud of this.#clouds) cloud.advanceTo(now);
    this.#arm();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #arm(): void {
    this.stop();
    let next = Number.POSITIVE_INFINITY;
    for (const cloud of this.#clouds) next = Math.min(next, cloud.nextEventMs() ?? next);
    if (!Number.isFinite(next)) return;
    const delay = this.clock.realDelay(next);
    if (delay === null) return;
    this.#timer = setTimeout(() => this.sync(), Math.min(Math.ceil(delay), LONGEST_TIMER_MS));
  }
}
