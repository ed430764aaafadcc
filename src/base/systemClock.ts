import type { Clock } from "./clock.ts";

/** The real clock. Timers keep the process alive, as Node's own do. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { dispose: () => clearTimeout(timer) };
  },
};
