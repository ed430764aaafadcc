import type { Disposable } from "../base/disposable.ts";
import { Failure } from "../base/failure.ts";
import { HourlyTexts } from "../base/hourlyTexts.ts";
import type { Log } from "../base/log.ts";
import { logOutputChannel } from "./doors.ts";
import { shownInOutput } from "./shown.ts";
import { systemClock } from "../base/systemClock.ts";

/**
 * The diagnostics log: a `LogOutputChannel`, so that its level is the user's to choose. What goes on
 * being wrong for a day is said once an hour.
 */
export class LogChannel implements Log, Disposable {
  readonly #channel = logOutputChannel("Modal Meter");
  readonly #hourlyTexts = new HourlyTexts();

  debug(message: string): void {
    this.#channel.debug(shownInOutput(message));
  }
  info(message: string): void {
    this.#channel.info(shownInOutput(message));
  }
  warn(message: string): void {
    if (this.#hourlyTexts.isDue(message, systemClock.nowMs()))
      this.#channel.warn(shownInOutput(message));
  }
  error(message: string, cause?: unknown): void {
    const text = cause === undefined ? message : `${message}\n${describe(cause)}`;
    if (this.#hourlyTexts.isDue(text, systemClock.nowMs()))
      this.#channel.error(shownInOutput(text));
  }
  show(): void {
    this.#channel.show(true);
  }
  dispose(): void {
    this.#channel.dispose();
  }
}

function describe(cause: unknown): string {
  if (cause instanceof Failure) {
    const parts = [`${cause.reason}: ${cause.message}`];
    if (cause.evidence !== undefined) parts.push(cause.evidence);
    if (cause.cause !== undefined) parts.push(`caused by ${describe(cause.cause)}`); // not shown: the log;
    return parts.join("\n");
  }
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
