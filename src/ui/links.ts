import * as vscode from "vscode";
import { runCommand } from "./command.ts";

/**
 * Links to this extension ("vscode://modal-meter.modal-meter/running"), as the guardian's reminder on
 * Windows has one. Any web page can open one too: so a link shows something and never acts.
 */
export function registerLinks(): vscode.Disposable {
  return vscode.window.registerUriHandler({
    handleUri: async ({ path }) => {
      if (path === "/running") await runCommand("checkRunning");
    },
  });
}
