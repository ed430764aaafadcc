import { basename } from "node:path";
import * as vscode from "vscode";
import { t } from "../../base/text.ts";
import { likelyName } from "../../session/deployer.ts";
import type { ModeDefinition } from "../../session/mode.ts";
import {
  type StartOptions,
  type StartOutcome,
  type StartTarget,
} from "../../session/start/start.ts";
import { startSession, type StartParts } from "../../session/start/startSession.ts";
import { confirm } from "../ask.ts";
import { command, type Command } from "../command.ts";
import { hourlyText } from "../start/appPrice.ts";
import { pickMode } from "../start/modePicker.ts";
import type { AppServices } from "./appServices.ts";
import { showStart } from "../start/progress.ts";
import { tellStart } from "../start/tell.ts";
import { maySpend } from "../trust.ts";
import { offerFolder } from "../project/openFolder.ts";
import { scopeKey } from "../../session/scope.ts";

/** What the functions here work with. */
type StartServices = Pick<
  AppServices,
  | "clock"
  | "connection"
  | "costs"
  | "deployer"
  | "ledger"
  | "log"
  | "meter"
  | "newId"
  | "probe"
  | "project"
  | "serves"
  | "settings"
  | "starts"
  | "watched"
>;

const startDev = command("startDev", (services: StartServices) =>
  start(services, services.settings.current.modes.named("dev")),
);

const startDemo = command("startDemo", (services: StartServices) =>
  start(services, services.settings.current.modes.named("demo")),
);

/** Asks for the app first: what a mode is for is the same for all, what it costs is not. */
const startInMode = command("startSession", async (services: StartServices) => {
  const { project, settings } = services;
  const folder = await folderToStart(services);
  if (folder === undefined) return;
  const { modes } = settings.current;
  const chosen = await project.targetsToStart(folder, modes.resting, { ask: true });
  if (chosen === undefined) return;
  await project.look();
  const apps = chosen.map(({ target }) => ({
    name: likelyName(target) ?? basename(target.file),
    factsIn: (mode: ModeDefinition) => project.factsInMode(target, mode),
  }));
  const mode = await pickMode(services, t("Start a Session"), apps);
  if (mode === undefined) return;
  await launch(services, folder, mode, await project.inMode(folder, chosen, mode), "deploy");
});

/** `modal serve`: apps that live as long as this window. Stop All, or closing the window, ends them. */
const startServe = command("startServe", (services: StartServices) =>
  start(services, services.settings.current.modes.named("dev"), "serve"),
);

async function start(
  services: StartServices,
  mode: ModeDefinition,
  how: "deploy" | "serve" = "deploy",
): Promise<void> {
  const folder = await folderToStart(services);
  if (folder === undefined) return;
  const targets = await services.project.targetsToStart(folder, mode, { ask: false });
  if (targets === undefined) return;
  await launch(services, folder, mode, targets, how);
}

/** The folder whose app is to be started; undefined: nothing is. */
async function folderToStart(services: StartServices): Promise<string | undefined> {
  if (!(await maySpend())) return undefined;
  if (services.project.folders().length === 0) {
    await offerFolder();
    return undefined;
  }
  // Without the command nothing can be deployed: said before anything is asked.
  await services.deployer();
  return (await mayForget(services)) ? services.project.pickFolder() : undefined;
}

async function launch(
  services: StartServices,
  folder: string,
  mode: ModeDefinition,
  targets: readonly StartTarget[],
  how: "deploy" | "serve",
): Promise<void> {
  const { connection, costs } = services;
  if (!(await mayReturn(services))) return;
  await vscode.workspace.saveAll(false);

  const { scope, username } = await connection.open();
  const request = {
    sessionId: services.newId(),
    scope,
    folder,
    username,
    mode,
    how,
    // Said here, so that the deploy goes there whatever this window watches by then.
    targets: targets.map((one) => ({
      ...one,
      target: { ...one.target, environment: one.target.environment ?? scope.environment },
    })),
  };
  costs.line(
    t(
      "🚀 Starting {0} in {1} mode ({2})",
      targets.map(({ target }) => likelyName(target) ?? target.file).join(", "),
      mode.name.toUpperCase(),
      scopeKey(scope),
    ),
  );
  await follow(services, mode, targets, async (options) =>
    startSession(await startParts(services), request, options),
  );
}

async function startParts(services: StartServices): Promise<StartParts> {
  const { connection, meter, ledger, clock, log, deployer, probe, settings } = services;
  const { control } = await connection.open();
  return {
    control,
    refresh: (options) => meter.refreshNow(options),
    ledger,
    clock,
    log,
    pid: process.pid,
    deployer: await deployer(),
    probe,
    productionModes: settings.current.modes.productionNames,
  };
}

/** A session starts where the settings say, and is watched there. False: the person would rather stay. */
async function mayReturn({ watched }: Pick<AppServices, "watched">): Promise<boolean> {
  const { aside } = watched;
  if (aside === undefined) return true;
  const goes = await confirm(
    t("Start in {0}?", aside.home),
    t(
      "This window watches {0} for now. A session starts in {1}, as the settings say, and this window watches that again.",
      aside.environment,
      aside.home,
    ),
    t("Start in {0}", aside.home),
  );
  if (goes) watched.end();
  return goes;
}

/** Asked where a start would leave no trace: its cost, and that it runs, would be known to this window alone. */
async function mayForget({ ledger }: Pick<AppServices, "ledger">): Promise<boolean> {
  const trouble = ledger.trouble();
  if (trouble === null || trouble.isWritable) return true;
  return confirm(
    t("Start although nothing can be remembered?"),
    t(
      "{0} Until that is fixed, this session and its cost are known to this window alone, and are forgotten when it closes.",
      trouble.message,
    ),
    t("Start"),
  );
}

/** Shows one run of a start, and what came of it. */
async function follow(
  services: StartServices,
  mode: ModeDefinition,
  targets: readonly StartTarget[],
  run: (options: StartOptions) => Promise<StartOutcome>,
): Promise<void> {
  const outcome = await showStart(services, mode, costPerHour(services, mode, targets), run);
  await tellStart(services, mode, outcome, (again) => follow(services, mode, targets, again));
}

/** What one container of each target costs per hour, "≈ $1.95/h"; undefined where one is not known. */
function costPerHour(
  { project, meter }: Pick<AppServices, "meter" | "project">,
  mode: ModeDefinition,
  targets: readonly StartTarget[],
): string | undefined {
  const apps = targets.map(({ target }) => {
    const name = likelyName(target) ?? basename(target.file);
    const facts = project.factsInMode(target, mode);
    return { name, facts, otherGpu: project.gpuSetting(name) };
  });
  return hourlyText(apps, meter.rates());
}

export const startCommands: readonly Command<AppServices>[] = [
  startDev,
  startDemo,
  startInMode,
  startServe,
];
