import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as vscode from "vscode";
import * as z from "zod/mini";
import { sentences, t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import { formatPerHour } from "../../cost/format.ts";
import { askText, pickOne } from "../ask.ts";
import { lastOriginKey } from "../calls/calls.ts";
import { askToken } from "../calls/token.ts";
import { command, runCommand, type Command } from "../command.ts";
import { menuEntries } from "../status/menuView.ts";
import { onStatusBar } from "../progress.ts";
import { workspaceFolders } from "../project/workspaceFolders.ts";
import type { AppServices } from "./appServices.ts";
import type { RunningApp } from "../../session/meter/meterState.ts";
import { burnOfApps, withoutOthers } from "../../session/meter/runningApps.ts";
import { nothingRunsText, unlistedSandboxes } from "../../session/notListed.ts";
import { sayInfo, sayWarning } from "../say.ts";
import { thisSession } from "../thisSession.ts";
import { scopeKey } from "../../session/scope.ts";
import { elsewhereText } from "../../session/runsElsewhere.ts";

/** What the functions here work with. */
type ShowServices = Pick<AppServices, "connection" | "ledger" | "project" | "settings" | "tokens">;

export const showCommands: readonly Command<AppServices>[] = [
  command("showMenu", async ({ meter }: Pick<AppServices, "meter">) => {
    const state = meter.state();
    const entry = await pickOne(
      state.scope === null ? "Modal Meter" : `Modal Meter — ${scopeKey(state.scope)}`,
      t("What now?"),
      menuEntries(state, { hasFolder: workspaceFolders().length > 0 }).map((one) => ({
        label: one.label,
        description: one.description,
        value: one,
      })),
    );
    if (entry !== undefined) {
      await vscode.commands.executeCommand(entry.command, ...(entry.arguments ?? []));
    }
  }),
  command("showCosts", ({ costs }: Pick<AppServices, "costs">) => Promise.resolve(costs.show())),
  command("showLog", ({ log }: Pick<AppServices, "log">) => Promise.resolve(log.show())),
  command("refresh", ({ meter }: Pick<AppServices, "meter">) => meter.refreshNow()),
  command("checkRunning", checkRunning),
  command("exportLedger", exportLedger),
  command("setProxyToken", setProxyToken),
  command("forgetProxyToken", forgetProxyToken),
  command("openSettings", ({ settings }: Pick<AppServices, "settings">, name) =>
    settings.show(name),
  ),
];

/** A fresh look, told in one sentence: "should be empty when not working". */
async function checkRunning({
  meter,
  connection,
}: Pick<AppServices, "connection" | "meter">): Promise<void> {
  const { scopeKey } = await connection.open();
  await onStatusBar(t("Looking at {0}", scopeKey), () => meter.refreshNow());
  const { apps, sandboxes, elsewhere = [] } = meter.state();
  const away = elsewhere.map(elsewhereText).join(", ");
  if (apps.length === 0) {
    await sayInfo(
      sentences(
        nothingRunsText(scopeKey, [unlistedSandboxes(sandboxes) ?? []].flat()),
        away === "" ? "" : t("Elsewhere: {0}.", away),
      ),
    );
    return;
  }
  const mine = withoutOthers(apps);
  const others = apps.filter((app) => !mine.includes(app));
  const beside = others.length === 0 ? "" : ` ${t("Of others: {0}.", namesOf(others))}`;
  if (mine.length === 0) {
    await sayInfo(`${t("Nothing of yours runs in {0}.", scopeKey)}${beside}`);
    return;
  }
  const stop = t("Stop All");
  const burn = burnOfApps(mine);
  const running = t(
    "Running in {0}: {1}. {2}",
    scopeKey,
    namesOf(mine),
    burn === null ? t("Not every rate is known.") : `≈ ${formatPerHour(burn)}`,
  );
  const pressed = await sayWarning(`${running}${beside}`, stop);
  if (pressed === stop) await runCommand("stopAll");
}

function namesOf(apps: readonly Pick<RunningApp, "name" | "running">[]): string {
  return apps.map(({ name, running }) => `${name} (${running})`).join(", ");
}

async function exportLedger({ upkeep }: Pick<AppServices, "upkeep">): Promise<void> {
  const file = await vscode.window.showSaveDialog({
    title: t("Export the Ledger"),
    filters: { CSV: ["csv"], JSON: ["json"] },
    saveLabel: t("Export"),
  });
  if (file === undefined) return;
  const format = file.fsPath.endsWith(".json") ? "json" : "csv";
  try {
    await pipeline(Readable.from(upkeep.exportRows(format)), createWriteStream(file.fsPath));
  } catch (error) {
    throw new Failure("disk", t("The ledger could not be written to {0}.", file.fsPath), {
      cause: error,
    });
  }
  const open = t("Open");
  const pressed = await sayInfo(t("The ledger was exported to {0}.", file.fsPath), open);
  if (pressed === open) await vscode.window.showTextDocument(file);
}

async function setProxyToken(services: ShowServices): Promise<void> {
  const { tokens, settings, ledger } = services;
  const base = settings.current.sound("endpointBaseUrl") ?? "";
  const origin = await askOrigin(t("Save Proxy Auth Token"), ledger, base, () => {
    const apps = thisSession(services)?.apps ?? [];
    return apps.flatMap(({ urls }) => urls.map(({ url }) => url));
  });
  if (origin === undefined) return;
  const token = await askToken(origin);
  if (token === undefined) return;
  await tokens.save(origin, token);
  await sayInfo(t("Saved. It is sent to {0} and to no other address.", origin));
}

async function forgetProxyToken({
  tokens,
  settings,
  ledger,
}: Pick<AppServices, "ledger" | "settings" | "tokens">): Promise<void> {
  const base = settings.current.sound("endpointBaseUrl") ?? "";
  const origin = await askOrigin(t("Forget Proxy Auth Token"), ledger, base, () => []);
  if (origin === undefined) return;
  if ((await tokens.get(origin)) === undefined) {
    await sayInfo(t("No token is saved for {0}.", origin));
    return;
  }
  await tokens.forget(origin);
  await sayInfo(t("The token for {0} is forgotten.", origin));
}

async function askOrigin(
  title: string,
  ledger: ShowServices["ledger"],
  base: string,
  others: () => readonly string[],
): Promise<string | undefined> {
  const last = ledger.recall(lastOriginKey, z.string());
  const suggestion = [...(last === undefined ? [] : [last]), base, ...others()].find(
    (url) => url !== "" && URL.canParse(url),
  );
  const text = await askText({
    title,
    prompt: t("Address of the app, for example https://acme--app.modal.run"),
    value: suggestion === undefined ? "" : new URL(suggestion).origin,
    check: (entered) =>
      entered === "" || URL.canParse(entered) ? undefined : t("Enter a valid URL."),
  });
  return text === undefined || text === "" ? undefined : new URL(text).origin;
}
