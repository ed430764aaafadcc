import * as vscode from "vscode";
import { t } from "../../base/text.ts";
import { formatReported } from "../../cost/format.ts";
import type { CallRecord } from "../../cost/call.ts";
import type { CallOutcome } from "../../endpoints/callTypes.ts";
import { sayInfo } from "../say.ts";

/** Where a result is: the first of the media that were inside of it, else itself; null: it has no file. */
function fileOf(outcome: CallOutcome): string | null {
  return outcome.extractedPaths[0] ?? outcome.resultPath;
}

/** Opens a result beside nothing: in the editor area, without the focus. */
export async function openResult(outcome: CallOutcome): Promise<void> {
  const path = fileOf(outcome);
  if (path === null) return;
  await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(path), {
    preview: false,
    preserveFocus: true,
  });
}

/** Says that a result is there, for somebody who is at work; they open it when they like. */
export async function offerResult(
  title: string,
  { reportedMicroUsd }: Pick<CallRecord, "reportedMicroUsd">,
  outcome: CallOutcome,
): Promise<void> {
  if (fileOf(outcome) === null) return;
  const open = t("Open");
  const cost = reportedMicroUsd === null ? t("cost unknown") : formatReported(reportedMicroUsd);
  const pressed = await sayInfo(t("{0} is ready · {1}", title, cost), open);
  if (pressed === open) await openResult(outcome);
}
