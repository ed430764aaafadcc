import { cancelled, throwIfCancelled } from "../base/abort.ts";
import { t } from "../base/text.ts";
import { delay, type Clock } from "../base/clock.ts";
import { Failure } from "../base/failure.ts";

/** Runs `work` on every item, at most `limit` at a time; results in the items' order. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: { readonly at: number; readonly result: Result }[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [at, item] of queue) results.push({ at, result: await work(item) });
  };
  const size = Math.max(1, Math.min(limit, items.length));
  await Promise.all(Array.from({ length: size }, worker));
  return results.toSorted((a, b) => a.at - b.at).map(({ result }) => result);
}

/**
 * Waits for `work`, but no longer than `timeoutMs`: then its signal is aborted and the wait ends
 * with `Failure("timed-out", what)`, even when the work itself never answers. An abort of `signal`
 * ends it with `Failure("cancelled")` in the same way.
 */
export async function within<Result>(
  clock: Clock,
  timeoutMs: number,
  what: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  throwIfCancelled(signal);
  const ending = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    reject(cancelled());
    ending.abort(cancelled());
  };
  const timer = clock.after(timeoutMs, () => {
    const failure = new Failure(
      "timed-out",
      t("{0} did not answer within {1} s.", what, Math.round(timeoutMs / 1000)),
    );
    reject(failure);
    ending.abort(failure);
  });
  signal?.addEventListener("abort", onAbort, { once: true });
  const result = work(ending.signal);
  // When the wait is over first, a later rejection of the work has nobody left to hear it.
  result.catch(() => undefined);
  try {
    return await Promise.race([result, promise]);
  } finally {
    timer.dispose();
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Waits on the clock; false when the signal was aborted meanwhile. */
export async function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<boolean> {
  try {
    await delay(clock, delayMs, signal);
    return true;
  } catch (error) {
    if (signal?.aborted === true) return false;
    throw error;
  }
}

/** The failure itself, or the unexpected error as one, for a place that must go on either way. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new Failure("service-error", t("Something unexpected went wrong: {0}", text), {
    cause: error,
  });
}
