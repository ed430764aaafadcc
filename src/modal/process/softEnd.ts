import type { Clock } from "../../base/clock.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";

export interface SoftEnd {
  readonly clock: Clock;
  /** Sends a signal to the process and to what it started. */
  readonly send: (signal: "SIGINT" | "SIGTERM" | "SIGKILL") => void;
  /** How much output has come from the process so far, in whatever unit. */
  readonly heard: () => number;
  /** How long the process has, in ms, until it is no longer asked but told. */
  readonly graceMs: number;
}

/**
 * How long the CLI may stay silent after a SIGINT before it gets another. On a busy machine it takes
 * seconds to say that it heard the first, and a second one would then cut its goodbye short.
 */
const againMs = 4000;
/** From SIGTERM to SIGKILL. */
export const hardGraceMs = 2000;

/**
 * Ends a `modal` process as Ctrl-C would: only a SIGINT makes it tell Modal that it goes. After the
 * grace comes SIGTERM, and then SIGKILL. Dispose when the process has ended.
 */
export function endSoftly({ clock, send, heard, graceMs }: SoftEnd): Disposable {
  const over = new DisposableStore();
  const asking = over.add(new DisposableStore());
  const before = heard();
  // A SIGINT that comes while the CLI is still setting itself up gets lost; one that it took makes
  // it say so at once, and must not be followed by another.
  const insist = (): void => {
    if (asking.isDisposed || heard() > before) return;
    send("SIGINT");
    asking.add(clock.after(againMs, insist));
  };
  over.add(
    clock.after(graceMs, () => {
      asking.dispose();
      send("SIGTERM");
      over.add(clock.after(hardGraceMs, () => send("SIGKILL")));
    }),
  );
  insist();
  return over;
}
