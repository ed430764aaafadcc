import * as vscode from "vscode";
import { doors } from "./doors.ts";
import { shownInMessage } from "./shown.ts";

/** Work that shows how far it is. `signal` is aborted when the person presses Cancel. */
type Work<T> = (report: (message: string) => void, signal: AbortSignal) => Promise<T>;

/** Shows work in a notification of its own, with Cancel unless told otherwise. */
export function inNotification<T>(
  title: string,
  work: Work<T>,
  { cancellable = true }: { readonly cancellable?: boolean } = {},
): Thenable<T> {
  const location = vscode.ProgressLocation.Notification;
  return doors.withProgress(
    { location, title: shownInMessage(title), cancellable },
    (progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      const report = (message: string): void =>
        progress.report({ message: shownInMessage(message) });
      return work(report, abort.signal);
    },
  );
}

/** Shows short work by a spinning icon and its title on the status bar. */
export function onStatusBar<T>(title: string, work: () => Promise<T>): Thenable<T> {
  const location = vscode.ProgressLocation.Window;
  return doors.withProgress({ location, title: shownInMessage(title) }, work);
}
