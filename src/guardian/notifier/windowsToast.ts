import { plainLine } from "./notifier.ts";
import type { Notice } from "./notifier.ts";
import type { ToolCall } from "./runTool.ts";

// nothing here is shown: markup and commands around texts from elsewhere

export interface ToastPlace {
  /** Windows' own folder, "C:\\Windows": no other program of the same name is started. */
  readonly systemRoot: string;
  /** Where a pressed button leaves its answer, an existing folder of this user's. */
  readonly answerFolder: string;
  /** Eight hexadecimal digits of this ledger's own: several editors have a guardian each. */
  readonly product: string;
  /** The editor's own URI scheme ("vscode"): a click on the toast itself opens it; null: unknown. */
  readonly uriScheme: string | null;
}

/** One button of a toast, and what Windows runs when it is pressed. */
export interface ToastButton {
  readonly actionId: string;
  /** The protocol of this one button of this one reminder. */
  readonly protocol: string;
  /** The protocol's command line. */
  readonly command: string;
  /** The name of the file that the command makes in the answer folder. */
  readonly answer: string;
}

export interface Toast {
  readonly xml: string;
  readonly buttons: readonly ToastButton[];
}

/** Whether this machine lets the buttons' command run at all. */
export function commandProbe({ systemRoot }: Pick<ToastPlace, "systemRoot">): ToolCall {
  return { file: `${systemRoot}\\System32\\cmd.exe`, args: ["/d", "/c", "exit", "0"] };
}

/** The protocols of one ledger's reminders begin with it; those that a killed guardian left are removed by it. */
export function protocolPrefix({ product }: Pick<ToastPlace, "product">): string {
  return `modal-meter-${product}-`;
}

/**
 * A toast with buttons that work without an editor. A button of a toast can open a URI and nothing
 * else, so each button gets a protocol of its own: its name holds the reminder's nonce (128 random
 * bits, which no web page can guess), and its command is fixed. The command takes nothing from the
 * URI: it only makes an empty file, which the guardian looks for. Undefined: the folder's name cannot
 * be put into a command line safely.
 *
 * https://learn.microsoft.com/windows/apps/design/shell/tiles-and-notifications/toast-schema
 * https://learn.microsoft.com/windows/win32/shell/fa-verbs
 */
export function reminderToast(
  reminder: Notice,
  nonce: string,
  place: ToastPlace,
): Toast | undefined {
  // Between quotes, cmd.exe gives a meaning to these alone.
  if (/["%\p{Cc}]/u.test(place.answerFolder) || /["%\p{Cc}]/u.test(place.systemRoot))
    return undefined;
  const buttons = reminder.actions.map(({ id }): ToastButton => {
    const answer = `${nonce}-${id}`;
    const file = `${place.answerFolder}\\${answer}`;
    return {
      actionId: id,
      protocol: `${protocolPrefix(place)}${answer}`,
      // "& rem": should Windows add the URI to the command line, it is a remark.
      command: `"${place.systemRoot}\\System32\\cmd.exe" /d /v:off /s /c "type nul > "${file}" & rem "`,
      answer,
    };
  });
  return { xml: toastXml(reminder, buttons, place.uriScheme), buttons };
}

function toastXml(
  reminder: Notice,
  buttons: readonly ToastButton[],
  uriScheme: string | null,
): string {
  const launch =
    uriScheme !== null && /^[a-z][a-z0-9+.-]*$/.test(uriScheme)
      ? ` activationType="protocol" launch="${uriScheme}://modal-meter.modal-meter/running"`
      : "";
  const actions = reminder.actions.map(({ label }, index) => {
    const protocol = escaped(buttons[index]?.protocol ?? "");
    return `<action content="${escaped(plainLine(label, 40))}" activationType="protocol" arguments="${protocol}:"/>`;
  });
  return [
    // "reminder": it stays on the screen until it is answered.
    `<toast scenario="reminder"${launch}>`,
    '<visual><binding template="ToastGeneric">',
    `<text>${escaped(plainLine(reminder.title))}</text>`,
    `<text>${escaped(plainLine(reminder.body, 1000))}</text>`,
    "</binding></visual>",
    `<actions>${actions.join("")}</actions>`,
    "</toast>",
  ].join("");
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;");
}
