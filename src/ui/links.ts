import * as vscode from "vscode";
import type { Scope } from "../session/scope.ts";
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

/**
 * Modal's own page of what runs, or of one app and its logs; null: of whatever the browser is logged
 * in to. The addresses are those that `modal deploy` and `modal run` print.
 */
export async function openDashboard(scope: Scope | null, appId?: string): Promise<void> {
  const app = appId === undefined ? "" : `/${appId}`;
  const path = scope === null ? "" : `/${scope.workspace}/${scope.environment}${app}`;
  await vscode.env.openExternal(vscode.Uri.parse(`https://modal.com/apps${path}`));
}
