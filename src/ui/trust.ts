import * as vscode from "vscode";
import { Failure } from "../base/failure.ts";
import { t } from "../base/text.ts";
import { sayWarning } from "./say.ts";

/**
 * Whether this window may do what costs money. Not in Restricted Mode: what a folder that nobody trusts
 * holds (app files, results with their parameters) would then be spent on. Says so, and offers a way.
 */
export async function maySpend(): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = t("Manage Trust");
  const pressed = await sayWarning(spendsNothing(), manage);
  if (pressed === manage) await vscode.commands.executeCommand("workbench.trust.manage");
  return false;
}

/** The same for what has asked already. Throws `Failure("permission-denied")`. */
export function requireTrust(): void {
  if (!vscode.workspace.isTrusted) throw new Failure("permission-denied", spendsNothing());
}

function spendsNothing(): string {
  return t("This folder is not trusted, so nothing that costs money is started from it.");
}
