import * as vscode from "vscode";
import { askModal, inputBox, picks } from "./doors.ts";
import { shownInMessage } from "./shown.ts";

export interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

/** A line between choices, with a title. */
export interface Heading extends vscode.QuickPickItem {
  readonly kind: vscode.QuickPickItemKind.Separator;
}

export function heading(label: string): Heading {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

/** Lets a person pick one of several. undefined: they turned away, or `signal` took the question back. */
export async function pickOne<T>(
  title: string,
  placeHolder: string,
  choices: readonly (Choice<T> | Heading)[],
  signal?: AbortSignal,
): Promise<T | undefined> {
  if (signal?.aborted === true) return undefined;
  const taken = new vscode.CancellationTokenSource();
  const takeBack = (): void => taken.cancel();
  signal?.addEventListener("abort", takeBack, { once: true });
  try {
    const options = {
      title: shownInMessage(title),
      placeHolder: shownInMessage(placeHolder),
      matchOnDescription: true,
      matchOnDetail: true,
      ignoreFocusOut: true,
    };
    const picked = await picks.showQuickPick(choices, options, taken.token);
    return picked !== undefined && "value" in picked ? picked.value : undefined;
  } finally {
    signal?.removeEventListener("abort", takeBack);
    taken.dispose();
  }
}

/** Lets a person pick any number. Empty: nothing picked, or they turned away. */
export async function pickSeveral<T>(
  title: string,
  placeHolder: string,
  choices: readonly Choice<T>[],
): Promise<readonly T[]> {
  const picked = await picks.showQuickPick(choices, {
    title: shownInMessage(title),
    placeHolder: shownInMessage(placeHolder),
    canPickMany: true,
    ignoreFocusOut: true,
  });
  return (picked ?? []).map(({ value }) => value);
}

export interface TextQuestion {
  readonly title: string;
  readonly prompt: string;
  readonly value?: string;
  readonly placeHolder?: string;
  readonly password?: boolean;
  /** A sentence that says what is wrong, or undefined when it is fine. */
  readonly check?: (text: string) => string | undefined;
}

/**
 * Asks for a line of text. undefined: they turned away. Names and descriptions of others are in the
 * questions, and an input box makes links as a notification does.
 */
export async function askText(question: TextQuestion): Promise<string | undefined> {
  return inputBox({
    title: shownInMessage(question.title),
    prompt: shownInMessage(question.prompt),
    value: question.value ?? "",
    placeHolder: shownInMessage(question.placeHolder ?? ""),
    password: question.password ?? false,
    check: (text) => {
      const problem = question.check?.(text);
      return problem === undefined ? undefined : shownInMessage(problem);
    },
  });
}

/** A modal question with one way forward. False: they turned away. */
export async function confirm(message: string, detail: string, go: string): Promise<boolean> {
  return (await askModal(shownInMessage(message), shownInMessage(detail), go)) === go;
}
