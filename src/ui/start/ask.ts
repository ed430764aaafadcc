import * as vscode from "vscode";
import { formatCountdown } from "../../cost/format.ts";
import type { ModeDefinition } from "../../session/mode.ts";
import type { AlreadyRunning, RunningChoice, StartAsk } from "../../session/start/start.ts";
import { confirm, pickOne, type Choice } from "../ask.ts";

/** The questions of a start. `signal` takes them back. */
export function startAsk(mode: ModeDefinition, signal: AbortSignal): StartAsk {
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

/** What a person wants of a warm-up that takes long. */
export type WarmUpChoice = "skip" | "stop" | "wait";

/**
 * Asked when a person cancels during the warm-up: the container runs already, so there is more than
 * one way to end the wait. `cost`: what it costs, "≈ $1.95/h". Turned away, or taken back by
 * `signal`: the wait goes on.
 */
export async function askWarmUp(
  mode: ModeDefinition,
  cost: string | undefined,
  signal: AbortSignal,
): Promise<WarmUpChoice> {
  const tail = formatCountdown(mode.scaledownSeconds * 1000);
  const choices: readonly Choice<WarmUpChoice>[] = [
    {
      label: vscode.l10n.t("$(debug-step-over) Skip the Warm-Up"),
      detail: vscode.l10n.t(
        "Ready now. The container keeps running until it was idle for {0}.",
        tail,
      ),
      value: "skip",
    },
    {
      label: vscode.l10n.t("$(debug-stop) Stop What Was Started"),
      detail: vscode.l10n.t("Ends the container and the apps of this start, and verifies it."),
      value: "stop",
    },
    {
      label: vscode.l10n.t("$(watch) Keep Waiting"),
      detail: vscode.l10n.t("The warm-up goes on."),
      value: "wait",
    },
  ];
  const picked = await pickOne(
    vscode.l10n.t("Warming up in {0} mode", mode.name),
    cost === undefined
      ? vscode.l10n.t("The container is billed while it runs. What now?")
      : vscode.l10n.t("The container is billed while it runs ({0}). What now?", cost),
    choices,
    signal,
  );
  return picked ?? "wait";
}
