import * as vscode from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { nothingKnown, type MeterState } from "../../session/meter/meterState.ts";
import { markdownString } from "../doors.ts";
import { shownMarkdown } from "../shown.ts";
import type { Health } from "../../session/watch/health.ts";
import { workspaceFolders } from "../project/workspaceFolders.ts";
import { statusView, type StatusView } from "./statusView.ts";
import { linkedCommands } from "./tooltipLinks.ts";

const backgrounds: Readonly<Record<StatusView["severity"], vscode.ThemeColor | undefined>> = {
  none: undefined,
  warning: new vscode.ThemeColor("statusBarItem.warningBackground"),
  error: new vscode.ThemeColor("statusBarItem.errorBackground"),
};

/** The one item on the status bar. */
export class StatusBar implements Disposable {
  readonly #store = new DisposableStore();
  readonly #item: vscode.StatusBarItem;

  constructor() {
    this.#item = this.#store.add(
      vscode.window.createStatusBarItem("modalMeter.status", vscode.StatusBarAlignment.Left, 50),
    );
    this.#item.name = "Modal Meter";
    this.#item.command = "modalMeter.showMenu";
    this.#item.text = "$(loading~spin) Modal";
    this.#item.show();
  }

  show(state: MeterState): void {
    const view = statusView(state, { hasFolder: workspaceFolders().length > 0 });
    this.#item.text = view.text;
    this.#item.backgroundColor = backgrounds[view.severity];
    this.#item.accessibilityInformation = { label: view.accessibilityLabel, role: "button" };
    this.#item.tooltip = markdownString(shownMarkdown(view.tooltip), linkedCommands);
  }

  /** Where nothing could be built there is no state, only the reason why. */
  showBroken(health: Health): void {
    this.show(
      nothingKnown({ nowMs: 0, health, ledger: null, activity: "none", settingProblems: [] }),
    );
  }

  dispose(): void {
    this.#store.dispose();
  }
}
