import type { Disposable } from "./disposable.ts";

/**
 * Time as an argument. All timers of the product come from here, so a test runs a week in a
 * millisecond. Instants are milliseconds since the epoch.
 */
export interface Clock {
  nowMs(): number;
  /** Calls back once after `delayMs`, unless disposed before. */
  after(delayMs: number, callback: () => void): Disposable;
}

/** Resolves after `delayMs`; rejects with the signal's reason when aborted first. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(asError(signal.reason));
      return;
    }
    const onAbort = (): void => {
      timer.dispose();
      reject(asError(signal?.reason));
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("Cancelled.", { cause: reason });
}
