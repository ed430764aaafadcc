import { Failure } from "../base/failure.ts";

/** Whether the signal, if there is one, has fired. A function, so that nothing narrows it away. */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** The failure of an operation that the caller gave up. `what`: "list the apps". */
export function cancelled(what: string): Failure {
  return new Failure("cancelled", `Cancelled: ${what}.`);
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
