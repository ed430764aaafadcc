import * as vscode from "vscode";
import type { Shown } from "./shown.ts";

/** What VS Code shows and makes links in, taking nothing but text that was made safe for it. */
interface Doors {
  showInformationMessage(message: Shown, ...actions: string[]): Thenable<string | undefined>;
  showWarningMessage(message: Shown, ...actions: string[]): Thenable<string | undefined>;
  showErrorMessage(message: Shown, ...actions: string[]): Thenable<string | undefined>;
  withProgress<T>(options: ProgressTitle, work: ProgressWork<T>): Thenable<T>;
}

interface InputBox {
  readonly title: Shown;
  readonly prompt: Shown;
  readonly placeHolder: Shown;
  readonly value: string;
  readonly password: boolean;
  readonly check: (text: string) => Shown | undefined;
}

interface ProgressTitle extends vscode.ProgressOptions {
  readonly title: Shown;
}

type ProgressWork<T> = (
  progress: vscode.Progress<{ readonly message: Shown }>,
  token: vscode.CancellationToken,
) => Thenable<T>;

/** The one way to them: the linter keeps everybody else from `vscode.window`'s own. */
export const doors: Doors = vscode.window;

/** A line of text from a person. */
export function inputBox({ check, ...options }: InputBox): Thenable<string | undefined> {
  return vscode.window.showInputBox({ ...options, ignoreFocusOut: true, validateInput: check });
}

/** A modal question. */
export function askModal(message: Shown, detail: Shown, go: string): Thenable<string | undefined> {
  return vscode.window.showWarningMessage(message, { modal: true, detail }, go);
}

/** A list to pick from; the rows hold icons of ours and make no links. */
export const picks: Pick<typeof vscode.window, "showQuickPick"> = vscode.window;

/** Markdown for a tooltip: icons, and links that run the given commands. */
export function markdownString(
  text: Shown<"markdown">,
  enabledCommands: readonly string[],
): vscode.MarkdownString {
  const made = new vscode.MarkdownString(text, true);
  made.isTrusted = enabledCommands.length === 0 ? false : { enabledCommands };
  return made;
}

interface Lines extends vscode.Disposable {
  appendLine(line: Shown<"output">): void;
  show(preserveFocus: boolean): void;
}

/** A channel of the output view, which makes links of addresses. */
export function outputChannel(name: string, language: string): Lines {
  return vscode.window.createOutputChannel(name, language);
}

interface LogLines extends vscode.Disposable {
  debug(line: Shown<"output">): void;
  info(line: Shown<"output">): void;
  warn(line: Shown<"output">): void;
  error(line: Shown<"output">): void;
  show(preserveFocus: boolean): void;
}

export function logOutputChannel(name: string): LogLines {
  return vscode.window.createOutputChannel(name, { log: true });
}
