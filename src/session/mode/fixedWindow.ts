import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { formatCountdown } from "../../cost/format.ts";
import { defaultScaledownSeconds } from "../../cost/metered/endKnowledge.ts";
import type { Ledger } from "../ledgerPort.ts";
import type { ModeDefinition } from "../mode.ts";

/** An app whose idle windows do not follow the mode, or of which nobody knows that, and the mode that has another one. */
export interface FixedWindow {
  readonly scope: string;
  readonly appName: string;
  readonly file: string;
  /** Shortest first. */
  readonly ownSeconds: readonly number[];
  readonly mode: Pick<ModeDefinition, "name" | "scaledownSeconds">;
}

/** Whether the mode's window takes the place of the deploy's until the session ends; null: no answer. */
export type AskWindow = (fixed: FixedWindow) => Promise<boolean | null>;

const answer = z.object({ isReplaced: z.boolean() });

/** A yes covers what was asked, and no other windows. */
function keyOf({ scope, appName, file, ownSeconds, mode }: FixedWindow): string {
  return `fixedWindow ${scope} ${appName} ${file} ${ownSeconds.join()} ${mode.scaledownSeconds}`; // not shown: a key of the ledger
}

/** As it was answered before. */
export function answerTo(ledger: Pick<Ledger, "recall">, fixed: FixedWindow): boolean | undefined {
  return ledger.recall(keyOf(fixed), answer)?.isReplaced;
}

export function rememberAnswer(
  ledger: Pick<Ledger, "remember">,
  fixed: FixedWindow,
  isReplaced: boolean,
): void {
  ledger.remember(keyOf(fixed), JSON.stringify({ isReplaced }));
}

export function isSameQuestion(a: FixedWindow, b: FixedWindow): boolean {
  return keyOf(a) === keyOf(b);
}

/** "300 s in studio.py; use dev's 120 s until the session ends?" */
export function fixedWindowText({ file, ownSeconds, mode }: FixedWindow): string {
  const texts = [
    ownSeconds.map(durationText).join(", "),
    baseName(file),
    mode.name,
    durationText(mode.scaledownSeconds),
  ] as const;
  // A file that names no window has Modal's own: that is no fixing.
  return ownSeconds.includes(defaultScaledownSeconds)
    ? t("{1} leaves it at {0}; use {2}'s {3} until the session ends?", ...texts)
    : t("{0} in {1}; use {2}'s {3} until the session ends?", ...texts);
}

/** That the mode has no effect on these windows. `isFixed`: the file is known not to follow the mode. */
export function keptText(
  file: string,
  { seconds, isFixed }: { readonly seconds: readonly number[]; readonly isFixed: boolean },
  mode: string,
): string {
  const texts = seconds.map(durationText).join(", ");
  // A file that names no window has Modal's own: that is no fixing.
  return !isFixed || seconds.includes(defaultScaledownSeconds)
    ? t(
        "{0} leaves its scaledown window at {1}; {2} has no effect on it.",
        baseName(file),
        texts,
        mode,
      )
    : t("{0} fixes {1}; {2} has no effect on it.", baseName(file), texts, mode);
}

export function durationText(seconds: number): string {
  return formatCountdown(seconds * 1000);
}

/** Of a path of any system: this room knows none. */
function baseName(file: string): string {
  return file.split(/[\\/]/).at(-1) ?? file;
}
