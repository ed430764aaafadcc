import * as vscode from "vscode";

/** Called by VS Code after start-up. */
export function activate(context: vscode.ExtensionContext): void {
  const item = vscode.window.createStatusBarItem(
    "modalMeter.status",
    vscode.StatusBarAlignment.Left,
    50,
  );
  item.name = "Modal Meter";
  item.text = "$(pulse) Modal";
  item.command = "modalMeter.showMenu";
  item.show();
  context.subscriptions.push(item);
}
