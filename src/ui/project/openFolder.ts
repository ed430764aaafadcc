import * as vscode from "vscode";
import { t } from "../../base/text.ts";
import { sayWarning } from "../say.ts";

/** Said where no folder is open: without one there is no session, and nothing to deploy. */
export async function offerFolder(): Promise<void> {
  const open = t("Open Folder");
  const pressed = await sayWarning(
    t("Open the folder of your Modal app first: a session belongs to a folder."),
    open,
  );
  if (pressed === open) await vscode.commands.executeCommand("vscode.openFolder");
}
