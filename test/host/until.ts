import { setTimeout as delay } from "node:timers/promises";

/** What a wait may be told. */
export interface UntilOptions {
  /** How long to try. Default 30 s: a loaded two-core machine is slow, a broken editor is not. */
  readonly withinMs?: number;
  readonly everyMs?: number;
  /** What to add to the error: for example what was on the screen. */
  readonly describe?: () => Promise<string> | string;
}

/**
 * Asks again and again until `probe` answers with something other than undefined or false.
 *
 * @throws Error that names `what`, with the last error of the probe and `describe()`, when the time is over.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { withinMs = 30_000, everyMs = 50, describe }: UntilOptions = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== false) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) break;
    await delay(everyMs);
  }
  const seen = (await describe?.()) ?? "";
  throw new Error(`Not within ${withinMs / 1000} s: ${what}${seen === "" ? "" : `\n${seen}`}`, {
    cause: lastError,
  });
}
