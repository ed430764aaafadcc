import { t } from "../../base/text.ts";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { formatDuration } from "../../cost/format.ts";
import type { CallProgress } from "../../endpoints/callTypes.ts";
import { sizeText } from "../../endpoints/result/sizeText.ts";

const tickMs = 1_000;

/** A silent call shows how long it has been going on, second by second. */
export class CallTicker implements Disposable {
  readonly #clock: Clock;
  readonly #report: (message: string) => void;
  #timer: Disposable | undefined;

  constructor(clock: Clock, report: (message: string) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  show(progress: CallProgress): void {
    this.#timer?.dispose();
    this.#report(progressText(progress));
    const shownAtMs = this.#clock.nowMs();
    this.#timer = this.#clock.after(tickMs, () => {
      const elapsedMs = progress.elapsedMs + this.#clock.nowMs() - shownAtMs;
      this.show({ ...progress, elapsedMs });
    });
  }

  dispose(): void {
    this.#timer?.dispose();
  }
}

function progressText({ phase, elapsedMs, receivedBytes, totalBytes, hops }: CallProgress): string {
  const elapsed = formatDuration(elapsedMs);
  switch (phase) {
    case "receiving": {
      const of = totalBytes === null ? "" : ` of ${sizeText(totalBytes)}`;
      return `receiving ${sizeText(receivedBytes)}${of}…`;
    }
    case "handed-over":
      return `Modal works on it: ${elapsed}, hand-over ${hops}. A reload does not lose it.`;
    case "retrying":
      return `trying again: ${elapsed}`;
    default:
      return `${phase}… ${elapsed}`;
  }
}

/** What a call says that waits for its turn. */
export function queuedText(ahead: number): string {
  if (ahead === 0) return t("queued: next in line. Nothing is sent yet.");
  const calls = ahead === 1 ? t("1 call") : t("{0} calls", ahead);
  return t("queued: {0} ahead. Nothing is sent yet.", calls);
}
