import { t } from "../base/text.ts";
import type { Disposable } from "../base/disposable.ts";
import { outputChannel } from "./doors.ts";
import { shownInOutput } from "./shown.ts";

/** The output channel "Modal Meter Costs": one line per call, receipts, nothing else. */
export class CostsChannel implements Disposable {
  readonly #channel = outputChannel(t("Modal Meter Costs"), "modal-meter-costs");

  line(...texts: readonly string[]): void {
    for (const text of texts) this.#channel.appendLine(shownInOutput(text));
  }
  /** Brings the channel into view; the keyboard focus stays where it is. */
  show(): void {
    this.#channel.show(true);
  }
  dispose(): void {
    this.#channel.dispose();
  }
}
