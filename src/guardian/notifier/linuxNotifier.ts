import { heldTool } from "./heldTool.ts";
import { plainLine } from "./notifier.ts";
import type { Notifier, Notice, NoticeAnswer } from "./notifier.ts";
import type { RunTool, ToolCall, ToolResult } from "./runTool.ts";

/**
 * `notify-send`'s arguments. Since libnotify 0.8.0 it knows `--action` (it then waits and prints the
 * pressed action's name) and `--print-id`; older versions show the text without buttons.
 */
export function notifySendCall(reminder: Notice, canAct: boolean): ToolCall {
  const asks = reminder.actions.length > 0;
  return {
    file: "notify-send",
    args: [
      "--app-name=Modal Meter", // not shown: a program's option
      `--urgency=${asks ? "critical" : "normal"}`,
      ...(canAct
        ? ["--print-id", ...reminder.actions.map(({ id, label }) => `--action=${id}=${label}`)]
        : []),
      "--",
      plainLine(reminder.title),
      plainLine(reminder.body, 1000),
    ],
  };
}

/** What `notify-send` said: its own id on the first line, then the pressed action's name. */
function notifySendAnswer(reminder: Notice, result: ToolResult, canAct: boolean): NoticeAnswer {
  if (result.startError !== undefined)
    // not shown: for the incident's record
    return { kind: "not-shown", reason: `notify-send: ${result.startError}` };
  if (result.exitCode !== 0) {
    const reason = plainLine(result.stderr.split("\n").find((line) => line.trim() !== "") ?? "");
    // not shown: for the incident's record
    return { kind: "not-shown", reason: reason === "" ? "notify-send failed" : reason };
  }
  if (!canAct || reminder.actions.length === 0) return { kind: "shown" };
  const lines = result.stdout.split("\n").map((line) => line.trim());
  const pressed = reminder.actions.find(({ id }) => lines.slice(1).includes(id));
  return pressed === undefined ? { kind: "dismissed" } : { kind: "pressed", actionId: pressed.id };
}

/** A machine that is busy, for instance because the editor ends, is slow; without an answer there are no buttons. */
const probeMs = 15_000;

/** Reminders by the desktop's notification service. A server has none: then it says so. */
export class LinuxNotifier implements Notifier {
  readonly #run: RunTool;
  #canAct: Promise<boolean> | undefined;

  constructor(run: RunTool) {
    this.#run = run;
  }

  async show(reminder: Notice, signal: AbortSignal): Promise<NoticeAnswer> {
    this.#canAct ??= this.#probe();
    const canAct = await this.#canAct;
    const call = notifySendCall(reminder, canAct);
    const waits = canAct && reminder.actions.length > 0;
    // By SIGINT it takes its notification from the screen (libnotify 0.8); by another end it leaves it there.
    const result = await this.#run(waits ? heldTool(call, "INT") : call, signal);
    return signal.aborted ? { kind: "withdrawn" } : notifySendAnswer(reminder, result, canAct);
  }

  async #probe(): Promise<boolean> {
    const help = await this.#run(
      { file: "notify-send", args: ["--help"] },
      AbortSignal.timeout(probeMs),
    );
    return help.stdout.includes("--action") && help.stdout.includes("--print-id");
  }
}
