import * as vscode from "vscode";
import { withoutLinks } from "./markdown.ts";

/** A notification; resolves to the action that was pressed, or undefined. Never rejects. */
export type Say = (message: string, ...actions: readonly string[]) => Thenable<string | undefined>;

export const sayInfo: Say = (message, ...actions) =>
  vscode.window.showInformationMessage(withoutLinks(message), ...actions);

export const sayWarning: Say = (message, ...actions) =>
  vscode.window.showWarningMessage(withoutLinks(message), ...actions);

export const sayError: Say = (message, ...actions) =>
  vscode.window.showErrorMessage(withoutLinks(message), ...actions);
