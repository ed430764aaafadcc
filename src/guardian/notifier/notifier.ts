/** One reminder outside the editor. */
export interface Notice {
  /** One line. */
  readonly title: string;
  readonly body: string;
  /** Buttons, the safest last. None: a notice that asks nothing. */
  readonly actions: readonly NoticeAction[];
}

export interface NoticeAction {
  readonly id: string;
  readonly label: string;
}

/** What became of a reminder. */
export type NoticeAnswer =
  | { readonly kind: "pressed"; readonly actionId: string }
  /** Closed by the person or by the system without a choice. */
  | { readonly kind: "dismissed" }
  /** Handed to the system without buttons: nobody can tell whether it was read. */
  | { readonly kind: "shown" }
  /** The guardian took it back: it ended, or the reminder's reason is gone. */
  | { readonly kind: "withdrawn" }
  | { readonly kind: "not-shown"; readonly reason: string };

/** Shows reminders with the means of the operating system. Never rejects. */
export interface Notifier {
  show(reminder: Notice, signal: AbortSignal): Promise<NoticeAnswer>;
  /**
   * Takes from the screen what a killed guardian of the same ledger has left there. Left out where a
   * reminder ends with its guardian.
   */
  withdrawLeft?(): Promise<void>;
}

/** Text that comes from outside (app names) as one plain line: no control characters, no markup, bounded. */
export function plainLine(text: string, maxLength = 300): string {
  const line = text
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
    .replaceAll(/[<>&]/g, " ")
    .trim();
  return line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line;
}
