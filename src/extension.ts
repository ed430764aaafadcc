import * as vscode from "vscode";
import { App } from "./app.ts";
import { useTexts } from "./base/text.ts";
import { registerCommands } from "./ui/command.ts";
import { checkMeter, compareBill, forgetBill } from "./ui/commands/bill.ts";
import { runDiagnosis } from "./ui/commands/diagnosis.ts";
import { explainCost } from "./ui/commands/explain.ts";
import { invokeCommands } from "./ui/commands/invoke.ts";
import { importCommands } from "./ui/commands/importOpenApi.ts";
import { resultCommands } from "./ui/commands/results.ts";
import { sessionCommands } from "./ui/commands/session.ts";
import { showCommands } from "./ui/commands/show.ts";
import { showSpending } from "./ui/commands/spending.ts";
import { startCommands } from "./ui/commands/start.ts";
import { elsewhereCommands } from "./ui/commands/elsewhere.ts";
import { stopCommands } from "./ui/commands/stop.ts";
import { registerLinks } from "./ui/links.ts";

let opened: App | undefined;

/** Called by VS Code after start-up. Opens nothing that it has to wait for. */
export function activate(context: vscode.ExtensionContext): void {
  const { bundle } = vscode.l10n;
  const texts = bundle === undefined ? undefined : { language: vscode.env.language, bundle };
  useTexts(texts);
  const app = new App(context, texts);
  opened = app;
  context.subscriptions.push(
    registerCommands(
      [
        ...startCommands,
        ...stopCommands,
        ...elsewhereCommands,
        ...sessionCommands,
        ...invokeCommands,
        ...resultCommands,
        ...importCommands,
        ...showCommands,
        runDiagnosis,
        explainCost,
        compareBill,
        checkMeter,
        forgetBill,
        showSpending,
      ],
      () => app.services(),
      app.log,
    ),
    registerLinks(),
  );
}

/** Called before the window's extensions end; VS Code waits for five seconds at most. */
export async function deactivate(): Promise<void> {
  await opened?.close();
}
