import * as vscode from "vscode";
import { t } from "../../base/text.ts";
import { formatCountdown, formatMetered } from "../../cost/format.ts";
import { usd } from "../../cost/money.ts";
import { likelyName } from "../../session/deployer.ts";
import type { ModeDefinition } from "../../session/mode.ts";
import type { StartOptions, StartOutcome, StartTarget } from "../../session/start/start.ts";
import { startSession } from "../../session/start/startSession.ts";
import { confirm } from "../ask.ts";
import { command, type Command } from "../command.ts";
import { gpuUsdPerHour, pickMode } from "../start/modePicker.ts";
import type { AppServices } from "./appServices.ts";
import { showStart } from "../start/progress.ts";
import { tellStart } from "../start/tell.ts";
import { sayWarning } from "../say.ts";
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
>;

const startDev = command("startDev", (services: StartServices) =>
  start(services, services.settings.current.modes.named("dev")),
);

const startDemo = command("startDemo", (services: StartServices) =>
  start(services, services.settings.current.modes.named("demo")),
);

const startInMode = command("startSession", async (services: StartServices) => {
  const mode = await pickMode(services, t("Start a Session"));
  if (mode !== undefined) await start(services, mode, { ask: true });
});

/** `modal serve`: apps that live as long as this window. Stop All, or closing the window, ends them. */
const startServe = command("startServe", (services: StartServices) =>
  start(services, services.settings.current.modes.named("dev"), { how: "serve" }),
);

async function start(
  services: StartServices,
  mode: ModeDefinition,
  { how = "deploy", ask = false }: { how?: "deploy" | "serve"; ask?: boolean } = {},
): Promise<void> {
  const { project, connection, costs } = services;
  if (!vscode.workspace.isTrusted) {
    const manage = t("Manage Trust");
    const pressed = await sayWarning(
      t("This folder is not trusted, so nothing of it is deployed."),
      manage,
    );
    if (pressed === manage) await vscode.commands.executeCommand("workbench.trust.manage");
    return;
  }
  if (!(await mayForget(services))) return;
  const folder = await project.pickFolder();
  if (folder === undefined) return;
  const targets = await project.targetsToStart(folder, mode, { ask });
  if (targets === undefined) return;
  await vscode.workspace.saveAll(false);

  const { scope, username } = await connection.open();
  const request = {
    sessionId: services.newId(),
    scope,
    folder,
    username,
    mode,
    how,
    targets,
  };
  costs.line(
    t(
      "🚀 Starting {0} in {1} mode ({2}, scaledown {3})",
      targets.map(({ target }) => likelyName(target) ?? target.file).join(", "),
      mode.name.toUpperCase(),
      scopeKey(scope),
      formatCountdown(mode.scaledownSeconds * 1000),
    ),
  );
  await follow(services, mode, targets, async (options) => {
    const { control } = await connection.open();
    return startSession(
      {
        control,
        refresh: (options) => services.meter.refreshNow(options),
        ledger: services.ledger,
        clock: services.clock,
        log: services.log,
        deployer: await services.deployer(),
        probe: services.probe,
        productionModes: services.settings.current.modes.productionNames,
      },
      request,
      options,
    );
  });
}

/** Asked where a start would leave no trace: its cost, and that it runs, would be known to this window alone. */
async function mayForget({ ledger }: Pick<AppServices, "ledger">): Promise<boolean> {
  const trouble = ledger.trouble();
  if (trouble === null || trouble.isWritable) return true;
  return confirm(
    t("Start although nothing can be remembered?"),
    t(
      "{0} Until that is mended, this session and its cost are known to this window alone, and are forgotten when it closes.",
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
  const outcome = await showStart(services, mode, costPerHour(services, targets), run);
  await tellStart(services, mode, outcome, (again) => follow(services, mode, targets, again));
}

/** What one container of each target costs per hour, "≈ $1.95/h"; undefined where one is not known. */
function costPerHour(
  { project, meter }: Pick<AppServices, "meter" | "project">,
  targets: readonly StartTarget[],
): string | undefined {
  const rates = meter.rates();
  const each = targets.map(({ target }) => {
    const name = likelyName(target);
    if (name === null) return undefined;
    return gpuUsdPerHour(
      rates,
      project.gpuSetting(name) ?? project.factsInFile(name)?.gpu ?? undefined,
    );
  });
  let sum = 0;
  for (const usdPerHour of each) {
    if (usdPerHour === undefined) return undefined;
    sum += usdPerHour;
  }
  return `${formatMetered(usd(sum))}/h`;
}

export const startCommands: readonly Command<AppServices>[] = [
  startDev,
  startDemo,
  startInMode,
  startServe,
];
