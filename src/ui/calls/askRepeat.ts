import * as vscode from "vscode";
import { t } from "../../base/text.ts";
import { confirm, pickOne } from "../ask.ts";
import type { CallInput } from "./callInput.ts";
import type { Prepared } from "./plan.ts";
import { repeatText } from "./repeat.ts";

/** Characters that a dialog surely shows; more is shown in an editor. */
const dialogCharacters = 800;

/** Shows all that a file of the folder would have us send, and asks. False: it is not sent. */
export async function askRepeat({ endpoint, url }: Prepared, input: CallInput): Promise<boolean> {
  const question = t("Send what a file of this folder says?");
  const why = t(
    "This machine did not make that result. The call goes to {0} and costs money. It sends:",
    `${url.origin}${url.pathname}`,
  );
  const send = t("Send");
  const text = repeatText(input);
  if (text.length <= dialogCharacters) return confirm(question, `${why}\n\n${text}`, send);
  const document = await vscode.workspace.openTextDocument({ language: "json", content: text });
  await vscode.window.showTextDocument(document);
  const answer = await pickOne(
    question,
    t("All that would be sent to {0} is in the editor.", url.host),
    [
      { label: t("Cancel"), value: "cancel" as const },
      { label: send, description: endpoint.title, detail: why, value: "send" as const },
    ],
  );
  return answer === "send";
}
