import * as vscode from "vscode";
import { idleBufferCost, forgottenNight, requestCost } from "../../cost/estimate.ts";
import { formatCountdown } from "../../cost/format.ts";
import { gpuRate, type Rates } from "../../cost/rates.ts";
import { parseGpu } from "../../cost/gpu.ts";
import { modeNamed, modesOf, type ModeDefinition } from "../../session/mode.ts";
import { offerMode, type ModeFigures } from "../../session/modeAdvice.ts";
import type {
  AlreadyRunning,
  RunningChoice,
  StartAsk,
  StartEvent,
  StartOptions,
  StartOutcome,
} from "../../session/start.ts";
import { startSession } from "../../session/startSession.ts";
import { confirm, pickOne, type Choice } from "../ask.ts";
import type { Command } from "../command.ts";
import { showFailure } from "../failures.ts";
import type { Services } from "../services.ts";

export const startDev: Command<Services> = {
  id: "modalMeter.startDev",
  run: (services) => start(services, modeNamed(modes(services), "dev")),
};

export const startDemo: Command<Services> = {
  id: "modalMeter.startDemo",
  run: (services) => start(services, modeNamed(modes(services), "demo")),
};

export const startInMode: Command<Services> = {
  id: "modalMeter.startSession",
  run: async (services) => {
    const mode = await pickMode(services, vscode.l10n.t("Start a Session"));
    if (mode !== undefined) await start(services, mode, { ask: true });
  },
};

/** `modal serve`: apps that live as long as this window. Stop All, or closing the window, ends them. */
export const startServe: Command<Services> = {
  id: "modalMeter.startServe",
  run: (services) => start(services, modeNamed(modes(services), "dev"), { how: "serve" }),
};

function modes(services: Services): readonly ModeDefinition[] {
  return modesOf(services.settings.current.get("modes"));
}

/** Lets a person pick a mode, with what each is for and what it costs. */
export async function pickMode(
  services: Services,
  title: string,
): Promise<ModeDefinition | undefined> {
  const gpu = projectGpu(services);
  const rates = services.meter.rates();
  const choices = modes(services).map((mode): Choice<ModeDefinition> => {
    const offer = offerMode(mode, figures(mode, gpu, rates));
    return {
      label: mode.name,
      description: `${offer.when} (${offer.facts.join(", ")})`,
      detail: offer.costs.join(" · "),
      value: mode,
    };
  });
  const at = gpu === undefined ? "" : ` (${gpu})`;
  return pickOne(title, vscode.l10n.t("Which mode?{0}", at), choices);
}

/** The GPU that figures are shown for: what runs or ran last in this project, else what the settings say. */
function projectGpu(services: Services): string | undefined {
  const running = services.meter
    .state()
    .apps.find(({ gpu }) => parseGpu(gpu) !== undefined && gpu !== "CPU");
  if (running !== undefined) return running.gpu;
  return services.project.firstGpu();
}

/** A request of one minute, as in the house's own rule of thumb. */
const typicalRequestSeconds = 60;
const nightHours = 12;

function figures(mode: ModeDefinition, gpuText: string | undefined, rates: Rates): ModeFigures {
  const gpu = gpuText === undefined ? undefined : parseGpu(gpuText);
  const rate = gpu === undefined ? undefined : gpuRate(rates, gpu.type);
  if (gpu === undefined || rate === undefined) {
    return { requestMicroUsd: null, idleTailMicroUsd: null, forgottenNightMicroUsd: null };
  }
  const usdPerHour = rate.usdPerHour * gpu.count;
  return {
    requestMicroUsd: requestCost(typicalRequestSeconds, mode.scaledownSeconds, usdPerHour),
    idleTailMicroUsd: idleBufferCost(mode.scaledownSeconds, usdPerHour),
    forgottenNightMicroUsd: forgottenNight(nightHours, mode.scaledownSeconds, usdPerHour).most,
  };
}

async function start(
  services: Services,
  mode: ModeDefinition,
  { how = "deploy", ask = false }: { how?: "deploy" | "serve"; ask?: boolean } = {},
): Promise<void> {
  const { project, connection, costs } = services;
  if (!vscode.workspace.isTrusted) {
    const manage = vscode.l10n.t("Manage Trust");
    const pressed = await vscode.window.showWarningMessage(
      vscode.l10n.t("This folder is not trusted, so nothing of it is deployed."),
      manage,
    );
    if (pressed === manage) await vscode.commands.executeCommand("workbench.trust.manage");
    return;
  }
  const folder = await project.pickFolder();
  if (folder === undefined) return;
  const targets = await project.targetsToStart(folder, { ask });
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
    `🚀 Starting ${targets.map(({ target }) => target.name ?? target.file).join(", ")} in ${mode.name.toUpperCase()} mode (${scope.workspace}/${scope.environment}, scaledown ${formatCountdown(mode.scaledownSeconds * 1000)})`,
  );
  await follow(services, mode, async (options) => {
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
        productionModes: modes(services)
          .filter((candidate) => candidate.confirm)
          .map(({ name }) => name),
      },
      request,
      options,
    );
  });
}

/** Shows one run of a start as a progress that can be cancelled, and what came of it. */
async function follow(
  services: Services,
  mode: ModeDefinition,
  run: (options: StartOptions) => Promise<StartOutcome>,
): Promise<void> {
  const abort = new AbortController();
  const outcome = await services.starts.track(abort, () =>
    services.meter.during("starting", () =>
      vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: vscode.l10n.t("Starting {0} session", mode.name),
          cancellable: true,
        },
        (progress, token) => {
          abort.signal.addEventListener("abort", () =>
            progress.report({
              message: vscode.l10n.t("cancelling, and stopping what was started…"),
            }),
          );
          token.onCancellationRequested(() => abort.abort());
          return run({
            ask: startAsk(mode, abort.signal),
            signal: abort.signal,
            onEvent: (event) => {
              const message = eventText(services, event);
              if (message !== undefined && !abort.signal.aborted) progress.report({ message });
            },
          });
        },
      ),
    ),
  );
  await tell(services, mode, outcome);
}

const stepNames: Readonly<Record<string, string>> = {
  check: "checking what runs already…",
  deploy: "deploying…",
  find: "looking for the app…",
  health: "checking health…",
  "warm-up": "warming up…",
};

function eventText({ log }: Services, event: StartEvent): string | undefined {
  switch (event.kind) {
    case "step":
      log.info(`Start: ${event.step} ${event.state}`);
      return event.state === "begun" ? stepNames[event.step] : undefined;
    case "skipped":
      log.info(`Start: ${event.step} skipped, ${event.why}`);
      return undefined;
    case "line":
      log.info(`deploy | ${event.text}`);
      return undefined;
    case "warming": {
      const { fromMs, toMs, source } = event.typical;
      const usual = source === "history" ? "usually" : "typically";
      const [from, to] = [formatCountdown(fromMs), formatCountdown(toMs)];
      const range = from === to ? from : `${from} to ${to}`;
      return `warming up: ${formatCountdown(event.elapsedMs)} (${usual} ${range}). Cancel stops what was started.`;
    }
    case "note":
      log.info(`Start: ${event.text}`);
      return event.text;
    default:
      return undefined;
  }
}

function startAsk(mode: ModeDefinition, signal: AbortSignal): StartAsk {
  return {
    alreadyRunning: async (apps, offered) => {
      const choices: Choice<RunningChoice>[] = [];
      if (offered.includes("use")) {
        choices.push({
          label: vscode.l10n.t("$(debug-continue) Use It"),
          detail: vscode.l10n.t(
            "Keep the deployment and put it into {0} mode. No deploy.",
            mode.name,
          ),
          value: { kind: "use" },
        });
      }
      if (offered.includes("start-anyway")) {
        choices.push({
          label: vscode.l10n.t("$(rocket) Deploy Anyway"),
          detail: vscode.l10n.t(
            "An app of the same name is replaced; others go on and cost money.",
          ),
          value: { kind: "start-anyway" },
        });
      }
      if (offered.includes("stop-first")) {
        choices.push({
          label: vscode.l10n.t("$(debug-stop) Stop First"),
          detail: vscode.l10n.t("Stop what runs, verify it, then deploy."),
          value: { kind: "stop-first" },
        });
      }
      const picked = await pickOne(
        vscode.l10n.t("Already running: {0}", apps.map(runningText).join(", ")),
        vscode.l10n.t("Two instances cost twice. What now?"),
        choices,
        signal,
      );
      return picked ?? { kind: "cancel" };
    },
    confirmMode: (chosen) =>
      confirm(
        vscode.l10n.t("Start in {0} mode?", chosen.name),
        vscode.l10n.t("It is production: Stop All leaves its apps alone until you name them."),
        vscode.l10n.t("Start"),
      ),
  };
}

function runningText(app: AlreadyRunning): string {
  const by = app.deployedBy === null ? "" : `, by ${app.deployedBy}`;
  return `${app.name} (${app.containerCount} container(s)${by})`;
}

async function tell(
  services: Services,
  mode: ModeDefinition,
  outcome: StartOutcome,
): Promise<void> {
  const { costs, log } = services;
  switch (outcome.kind) {
    case "declined":
      costs.line("   Not started.");
      return;
    case "ready": {
      services.serves.keep(outcome.serves);
      const names = outcome.session.apps.map(({ appName }) => appName).join(", ");
      const { expiresAtMs } = outcome.session;
      for (const note of outcome.notes) costs.line(`   ${note}`);
      costs.line(
        `✅ ${names} is ready in ${mode.name} mode. Remember to stop it when you are done.`,
      );
      const stop = vscode.l10n.t("Stop All");
      const reminder =
        expiresAtMs === null
          ? vscode.l10n.t("Remember to stop it when you are done.")
          : vscode.l10n.t(
              "It returns to dev by itself in {0}. Stop it right after the demo.",
              formatCountdown(expiresAtMs - services.clock.nowMs()),
            );
      const pressed = await vscode.window.showInformationMessage(
        vscode.l10n.t("{0} is ready in {1} mode. {2}", names, mode.name, reminder),
        stop,
      );
      if (pressed === stop) await vscode.commands.executeCommand("modalMeter.stopAll");
      return;
    }
    case "cancelled": {
      const left = outcome.undone.left.map(({ name }) => name).join(", ");
      const text = outcome.undone.verified
        ? vscode.l10n.t("The start was cancelled. Nothing that it started runs any more.")
        : vscode.l10n.t(
            "The start was cancelled, but this may still run: {0}. {1}",
            left,
            outcome.state.text,
          );
      costs.line(`   ${text}`);
      if (outcome.undone.verified) await vscode.window.showInformationMessage(text);
      else await offerStop(text);
      return;
    }
    case "failed":
      await tellFailed(services, mode, outcome);
      return;
    default:
      log.error("A start ended in a way that is not known.");
  }
}

async function offerStop(text: string): Promise<void> {
  const stop = vscode.l10n.t("Stop All Apps");
  const pressed = await vscode.window.showErrorMessage(text, stop);
  if (pressed === stop) await vscode.commands.executeCommand("modalMeter.stopAll");
}

async function tellFailed(
  services: Services,
  mode: ModeDefinition,
  outcome: Extract<StartOutcome, { kind: "failed" }>,
): Promise<void> {
  const { costs, log } = services;
  log.error(`Start failed at ${outcome.step}`, outcome.failure);
  const text = `${sentence(outcome.failure.message)} ${outcome.state.text}`;
  costs.line(`❌ ${text}`);
  const retry = vscode.l10n.t("Retry");
  const undo = vscode.l10n.t("Undo");
  const showLog = vscode.l10n.t("Show Log");
  const actions = outcome.canUndo ? [retry, undo, showLog] : [retry, showLog];
  const pressed = await vscode.window.showErrorMessage(text, ...actions);
  if (pressed === showLog) log.show();
  if (pressed === retry) await follow(services, mode, (options) => outcome.retry(options));
  if (pressed === undo) {
    try {
      const undone = await services.meter.during("stopping", () => outcome.undo());
      const left = undone.left.map(({ name }) => name).join(", ");
      const result = undone.verified
        ? vscode.l10n.t("Undone: nothing of this start runs any more.")
        : vscode.l10n.t("Not all of it could be undone: {0}.", left);
      costs.line(`   ${result}`);
      if (undone.verified) await vscode.window.showInformationMessage(result);
      else await offerStop(result);
    } catch (error) {
      await showFailure(log, "undo", error);
    }
  }
}

/** A tool's own words may end without a full stop. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
