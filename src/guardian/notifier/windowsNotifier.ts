import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { delay } from "../../base/clock.ts";
import type { Clock } from "../../base/clock.ts";
import type { Notifier, Notice, NoticeAnswer } from "./notifier.ts";
import {
  dialogCall,
  noticeCall,
  showToastCall,
  sweepCall,
  withdrawToastCall,
} from "./powershell.ts";
import type { RunTool, ToolResult } from "./runTool.ts";
import { commandProbe, reminderToast } from "./windowsToast.ts";
import type { Toast, ToastPlace } from "./windowsToast.ts";

export interface WindowsNotifierParts {
  readonly run: RunTool;
  readonly clock: Clock;
  readonly place: ToastPlace;
}

/** How often a pressed button is looked for, in milliseconds: one look at a folder. */
const answerMs = 1_500;
const toolMs = 10_000;

/** Reminders and notices as toasts; where those are off, a reminder is a small window that stays on top. */
export class WindowsNotifier implements Notifier {
  readonly #parts: WindowsNotifierParts;
  #ready: Promise<boolean> | undefined;

  constructor(parts: WindowsNotifierParts) {
    this.#parts = parts;
  }

  async withdrawLeft(): Promise<void> {
    // Only what was on the screen when its guardian ended has left something there.
    if (namesIn(this.#parts.place.answerFolder).length === 0) return;
    await (this.#ready ??= this.#prepare());
  }

  async show(reminder: Notice, signal: AbortSignal): Promise<NoticeAnswer> {
    const { run, place } = this.#parts;
    if (reminder.actions.length === 0)
      return powershellAnswer(reminder, await run(noticeCall(reminder, place.systemRoot), signal));
    const nonce = randomBytes(16).toString("hex");
    const toast = reminderToast(reminder, nonce, place);
    this.#ready ??= this.#prepare();
    if (toast !== undefined && (await this.#ready)) {
      noteShown(place.answerFolder, nonce);
      const result = await run(showToastCall(toast, nonce, place), signal);
      if (result.startError === undefined && result.exitCode === 0)
        return this.#answer(toast, nonce, signal);
      // It may have come as far as the registry.
      await this.#withdraw(nonce);
      if (signal.aborted) return { kind: "withdrawn" };
    }
    const result = await run(dialogCall(reminder, place.systemRoot), signal);
    return signal.aborted ? { kind: "withdrawn" } : powershellAnswer(reminder, result);
  }

  /** Once, before the first toast: removes what a killed guardian left. False: buttons would do nothing here. */
  async #prepare(): Promise<boolean> {
    const { run, place } = this.#parts;
    try {
      rmSync(place.answerFolder, { recursive: true, force: true });
      mkdirSync(place.answerFolder, { recursive: true, mode: 0o700 });
    } catch {
      return false;
    }
    await run(sweepCall(place), AbortSignal.timeout(toolMs));
    const probe = await run(commandProbe(place), AbortSignal.timeout(toolMs));
    return probe.startError === undefined && probe.exitCode === 0;
  }

  /** Waits for a button. A toast that was closed can still be answered in the notification centre. */
  async #answer(toast: Toast, nonce: string, signal: AbortSignal): Promise<NoticeAnswer> {
    const { clock, place } = this.#parts;
    try {
      for (;;) {
        const pressed = pressedIn(place.answerFolder, toast);
        if (pressed !== undefined) return { kind: "pressed", actionId: pressed };
        await delay(clock, answerMs, signal);
      }
    } catch {
      return { kind: "withdrawn" };
    } finally {
      await this.#withdraw(nonce);
    }
  }

  async #withdraw(nonce: string): Promise<void> {
    const { run, place } = this.#parts;
    await run(withdrawToastCall(nonce, place), AbortSignal.timeout(toolMs));
    for (const name of namesIn(place.answerFolder))
      if (name.startsWith(`${nonce}-`)) rmSync(join(place.answerFolder, name), { force: true });
  }
}

/** So that the next guardian knows of a toast whose own was killed. A folder that takes no file has no answers either. */
function noteShown(folder: string, nonce: string): void {
  try {
    writeFileSync(join(folder, `${nonce}-shown`), "");
  } catch {
    // See above.
  }
}

/** The action whose answer is there. Files of other reminders, or with another nonce, are none. */
function pressedIn(folder: string, toast: Toast): string | undefined {
  const names = new Set(namesIn(folder));
  return toast.buttons.find(({ answer }) => names.has(answer))?.actionId;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What a script said: the pressed button's index. */
export function powershellAnswer(reminder: Notice, result: ToolResult): NoticeAnswer {
  if (result.startError !== undefined)
    // not shown: for the incident's record
    return { kind: "not-shown", reason: `powershell.exe: ${result.startError}` };
  if (result.exitCode !== 0)
    return {
      kind: "not-shown",
      // not shown: for the incident's record
      reason: `powershell.exe ended with code ${result.exitCode ?? "none"}`,
    };
  if (reminder.actions.length === 0) return { kind: "shown" };
  const pressed = /^\d+$/.exec(result.stdout.trim())?.[0];
  const action = pressed === undefined ? undefined : reminder.actions[Number(pressed)];
  return action === undefined ? { kind: "dismissed" } : { kind: "pressed", actionId: action.id };
}
