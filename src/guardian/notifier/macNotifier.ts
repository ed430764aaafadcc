import { heldTool } from "./heldTool.ts";
import { plainLine } from "./notifier.ts";
import type { Notifier, Notice, NoticeAnswer } from "./notifier.ts";
import type { RunTool, ToolCall, ToolResult } from "./runTool.ts";

/** A dialog shows at most three buttons. */
const maxButtons = 3;
/** Unanswered dialogs close by themselves after so many seconds; the second stage does not wait for them. */
const reminderSeconds = 12 * 3600;
const noticeSeconds = 300;

/*
 * A dialog and not a banner: banners of `osascript` belong to "Script Editor" and are dropped without
 * a word until the person allows them (VSCODE.md §5 tells of several tools that met it). The script
 * is fixed; title, text, seconds and labels arrive as arguments of `run`.
 */
// not shown: a program
const dialogScript = [
  "on run argv",
  "set buttonLabels to items 4 thru -1 of argv",
  "set answer to display dialog (item 2 of argv) with title (item 1 of argv) buttons buttonLabels default button (item 4 of argv) with icon caution giving up after ((item 3 of argv) as integer)",
  'if gave up of answer then return ""',
  "return button returned of answer",
  "end run",
];

/** `osascript`'s arguments: a fixed script, then the data. The title never begins with "-". */
export function osascriptCall(reminder: Notice): ToolCall {
  const asks = reminder.actions.length > 0;
  return {
    file: "/usr/bin/osascript",
    args: [
      ...dialogScript.flatMap((line) => ["-e", line]),
      plainLine(reminder.title).replace(/^-+/, ""),
      plainLine(reminder.body, 1000),
      String(asks ? reminderSeconds : noticeSeconds),
      ...(asks ? buttonLabels(reminder) : ["OK"]),
    ],
  };
}

function buttonLabels(reminder: Notice): readonly string[] {
  return reminder.actions.slice(0, maxButtons).map(({ label }) => plainLine(label, 40));
}

/** What `osascript` said. */
export function osascriptAnswer(reminder: Notice, result: ToolResult): NoticeAnswer {
  if (result.startError !== undefined)
    // not shown: for the incident's record
    return { kind: "not-shown", reason: `osascript: ${result.startError}` };
  if (result.exitCode !== 0) {
    // -128: the person closed the dialog with Escape.
    if (result.stderr.includes("-128")) return { kind: "dismissed" };
    return {
      kind: "not-shown",
      reason: plainLine(result.stderr.split("\n").find((line) => line.trim() !== "") ?? ""),
    };
  }
  if (reminder.actions.length === 0) return { kind: "shown" };
  const pressed = buttonLabels(reminder).indexOf(result.stdout.trim());
  const action = reminder.actions[pressed];
  return action === undefined ? { kind: "dismissed" } : { kind: "pressed", actionId: action.id };
}

/** Reminders by a dialog of macOS. */
export class MacNotifier implements Notifier {
  readonly #run: RunTool;

  constructor(run: RunTool) {
    this.#run = run;
  }

  async show(reminder: Notice, signal: AbortSignal): Promise<NoticeAnswer> {
    // The dialog is osascript's own window: ending the program takes it from the screen.
    const result = await this.#run(heldTool(osascriptCall(reminder), "TERM"), signal);
    return signal.aborted ? { kind: "withdrawn" } : osascriptAnswer(reminder, result);
  }
}
