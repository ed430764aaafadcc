import * as vscode from "vscode";
import type { AppServices } from "./appServices.ts";
import { t } from "../../base/text.ts";
import type { ResultEntry } from "../../endpoints/result/gallery.ts";
import { pickOne } from "../ask.ts";
import { command, type Command } from "../command.ts";
import { lastAwayReport } from "../away/guard.ts";
import { deleteResult, insertAsMarkdown } from "../resultsView.ts";
import { sayInfo } from "../say.ts";
import { maySpend } from "../trust.ts";

export const resultCommands: readonly Command<AppServices>[] = [
  command("showResults", ({ results }: Pick<AppServices, "results">) => results.show()),
  command("filterResults", ({ results }: Pick<AppServices, "results">) => results.askFilter()),
  command("insertResult", (services: Pick<AppServices, "results">, path) =>
    withRow(services, path, insertAsMarkdown),
  ),
  command("revealResult", (services: Pick<AppServices, "results">, row) =>
    withRow(services, row, async ({ path }) => {
      await vscode.commands.executeCommand("revealInExplorer", vscode.Uri.file(path));
    }),
  ),
  command("deleteResult", (services: Pick<AppServices, "results">, path) =>
    withRow(services, path, async (row) => {
      await deleteResult(row);
      services.results.refresh();
    }),
  ),
  command("repeatResult", repeat),
  command("followCall", followCall),
  command("showAwayReport", showAwayReport),
];

/** These commands are offered on a row of the view alone; without one there is nothing to do. */
async function withRow(
  { results }: Pick<AppServices, "results">,
  path: string | undefined,
  work: (row: ResultEntry) => Promise<void>,
): Promise<void> {
  const row = path === undefined ? undefined : results.rowAt(path);
  if (row !== undefined) await work(row);
}

/** The same call with the same seed. */
async function repeat(
  services: Pick<AppServices, "calls" | "results">,
  path: string | undefined,
): Promise<void> {
  await withRow(services, path, async (row) => {
    if (await maySpend()) await services.calls.repeat(row);
  });
}

/** Picks up a call that Modal may still work on: by GET, so it is not paid twice. */
async function followCall({ ledger, calls }: Pick<AppServices, "calls" | "ledger">): Promise<void> {
  const left = ledger
    .calls({ limit: 200 })
    .filter(
      ({ handoverUrl, status, source }) =>
        handoverUrl !== null && status !== "running" && source === "editor",
    )
    .toSorted((a, b) => b.startedAtMs - a.startedAtMs);
  if (left.length === 0) {
    await sayInfo(t("There is no call to pick up."));
    return;
  }
  const picked = await pickOne(
    t("Follow Call Again"),
    t("Which call? Nothing is paid twice."),
    left.map((call) => ({
      label: call.endpoint ?? "call",
      description: new Date(call.startedAtMs).toLocaleString(),
      ...(call.failure === null ? {} : { detail: call.failure }),
      value: call,
    })),
  );
  if (picked !== undefined) await calls.followAgain(picked);
}

async function showAwayReport({
  ledger,
  costs,
}: Pick<AppServices, "costs" | "ledger">): Promise<void> {
  const lines = lastAwayReport({ ledger });
  if (lines === undefined) {
    await sayInfo(t("Nothing ran while no window was open, as far as this machine knows."));
    return;
  }
  costs.line(...lines.map((line) => `🌙 ${line}`));
  costs.show();
}
