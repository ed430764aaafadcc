import { t } from "../base/text.ts";
import { doors } from "./doors.ts";
import { shownInMessage } from "./shown.ts";

/** A notification; resolves to the action that was pressed, or undefined. Never rejects. */
export type Say = (message: string, ...actions: readonly string[]) => Thenable<string | undefined>;

export const sayInfo: Say = (message, ...actions) =>
  doors.showInformationMessage(shownInMessage(message), ...readable(message, actions));

export const sayWarning: Say = (message, ...actions) =>
  doors.showWarningMessage(shownInMessage(message), ...readable(message, actions));

export const sayError: Say = (message, ...actions) =>
  doors.showErrorMessage(shownInMessage(message), ...readable(message, actions));

/** Characters that surely have room on the one line that a toast without a button shows. */
const oneLine = 50;

/** A toast without a button is cut after its first line; one with a button shows all of its text. */
function readable(message: string, actions: readonly string[]): readonly string[] {
  return actions.length === 0 && message.length > oneLine ? [t("OK")] : actions;
}
