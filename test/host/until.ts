import { setTimeout as delay } from "node:timers/promises";
import { noteProgress } from "../progress.ts";

/** What a wait may be told. */
export interface UntilOptions {
  /** How long to try. Default 30 s: a loaded two-core machine is slow, a broken editor is not. */
  readonly withinMs?: number;
  /** Pause between looks. By default it grows from 50 to 250 ms, because looks cost time too. */
  readonly everyMs?: number;
  /** What to add to the error: for example what was on the screen. */
  readonly describe?: () => Promise<string> | string;
}

const firstPauseMs = 50;
const longestPauseMs = 250;

/**
 * Asks again and again until `probe` answers with something other than undefined or false. The
 * answer is a step of the running test, which has its whole time limit again from there.
 *
 * @throws Error that names `what`, with the last error of the probe and `describe()`, when the time is over.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { withinMs = 30_000, everyMs, describe }: UntilOptions = {},
): Promise<T> {
  const startedAtMs = performance.now();
  // Where a test can look only every few seconds, the product is as slow as the test: it gets longer.
  const enoughLooks = withinMs / Math.max(1000, 2 * (everyMs ?? 0));
  let pauseMs = everyMs ?? firstPauseMs;
  let lastError: unknown;
  for (let looks = 1; ; looks += 1) {
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== false) {
        noteProgress();
        return answer;
      }
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() - startedAtMs > withinMs && looks >= enoughLooks) break;
    await delay(pauseMs);
    if (everyMs === undefined) pauseMs = Math.min(pauseMs * 1.2, longestPauseMs);
  }
  const seen = (await describe?.()) ?? "";
  const seconds = Math.round((performance.now() - startedAtMs) / 1000);
  throw new Error(`Not within ${seconds} s: ${what}${seen === "" ? "" : `\n${seen}`}`, {
    cause: lastError,
  });
}
