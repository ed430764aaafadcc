import { Failure } from "./failure.ts";
import { t } from "./text.ts";

/** Asks anew each time: the compiler takes an earlier look at `signal.aborted` for still true. */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** The failure of an operation that the caller gave up. `what`: "list the apps". */
export function cancelled(what?: string): Failure {
  return new Failure(
    "cancelled",
    what === undefined ? t("Cancelled.") : t("Cancelled: {0}.", what),
  );
}

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (isAborted(signal)) throw cancelled();
}

/** The promise, or `Failure("cancelled")` as soon as the signal fires. */
export function unlessAborted<T>(
  promise: Promise<T>,
  what: string,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(cancelled(what));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", onAbort))
      .catch(() => {});
  });
}
