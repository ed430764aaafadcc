import * as vscode from "vscode";
import { t } from "../base/text.ts";
import type { Disposable } from "../base/disposable.ts";

/** The output channel "Modal Meter Costs": one line per call, receipts, nothing else. */
export class CostsChannel implements Disposable {
  readonly #channel = vscode.window.createOutputChannel(
    t("Modal Meter Costs"),
    "modal-meter-costs",
  );

  line(text: string): void {
    this.#channel.appendLine(text);
  }
  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }
  /** Brings the channel into view; the keyboard focus stays where it is. */
  show(): void {
    this.#channel.show(true);
  }
  dispose(): void {
    this.#channel.dispose();
  }
}
