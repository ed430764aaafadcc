import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";

/** Knows when a person typed last, so that nothing takes the editor away from under their hands. */
export class Typing implements Disposable {
  readonly #listening: Disposable;
  #lastAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, "nowMs">) {
    this.#listening = vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      // Output channels are documents too; and a file may change on the disk.
      const isShown = document === vscode.window.activeTextEditor?.document;
      if (isShown && document.isDirty && contentChanges.length > 0) this.#lastAtMs = clock.nowMs();
    });
  }

  /** Whether anything was typed into the editor since then. */
  since(atMs: number): boolean {
    return this.#lastAtMs >= atMs;
  }

  dispose(): void {
    this.#listening.dispose();
  }
}
