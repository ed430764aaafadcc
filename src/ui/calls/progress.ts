import { plural, t } from "../../base/text.ts";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { formatDuration } from "../../cost/format.ts";
import type { CallPhase, CallProgress } from "../../endpoints/callTypes.ts";
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
      return totalBytes === null
        ? t("receiving {0}…", sizeText(receivedBytes))
        : t("receiving {0} of {1}…", sizeText(receivedBytes), sizeText(totalBytes));
    }
    case "handed-over":
      return t("Modal works on it: {0}, hand-over {1}. A reload does not lose it.", elapsed, hops);
    case "retrying":
      return t("trying again: {0}", elapsed);
    default:
      return `${phaseText(phase)} ${elapsed}`;
  }
}

function phaseText(phase: CallPhase): string {
  return phase === "connecting" ? t("connecting…") : t("waiting…");
}

/** What a call says that waits for its turn. */
export function queuedText(ahead: number): string {
  if (ahead === 0) return t("queued: next in line. Nothing is sent yet.");
  return plural(ahead, {
    one: "queued: {0} call ahead. Nothing is sent yet.",
    other: "queued: {0} calls ahead. Nothing is sent yet.",
  });
}
