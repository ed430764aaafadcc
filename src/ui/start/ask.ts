import { plural, t } from "../../base/text.ts";
import { formatCountdown } from "../../cost/format.ts";
import type { ModeDefinition } from "../../session/mode.ts";
import { fixedWindowText, type AskWindow } from "../../session/mode/fixedWindow.ts";
import type { AlreadyRunning, RunningChoice, StartAsk } from "../../session/start/start.ts";
import { confirm, pickOne, type Choice } from "../ask.ts";

/** The questions of a start. `signal` takes them back. */
export function startAsk(mode: ModeDefinition, signal: AbortSignal): StartAsk {
  return {
    alreadyRunning: async (apps, offered) => {
      const choices: Choice<RunningChoice>[] = [];
      if (offered.includes("use")) {
        choices.push({
          label: `$(debug-continue) ${t("Use It")}`,
          detail: t("Keep the deployment and put it into {0} mode. No deploy.", mode.name),
          value: { kind: "use" },
        });
      }
      if (offered.includes("start-anyway")) {
        choices.push({
          label: `$(rocket) ${t("Deploy Anyway")}`,
          detail: t("An app of the same name is replaced; others keep running and cost money."),
          value: { kind: "start-anyway" },
        });
      }
      if (offered.includes("stop-first")) {
        choices.push({
          label: `$(debug-stop) ${t("Stop First")}`,
          detail: t("Stop what runs, verify it, then deploy."),
          value: { kind: "stop-first" },
        });
      }
      const picked = await pickOne(
        t("Already running: {0}", apps.map(runningText).join(", ")),
        consequence(apps),
        choices,
        signal,
      );
      return picked ?? { kind: "cancel" };
    },
    fixedWindow: askFixedWindow(signal),
    confirmMode: (chosen) =>
      confirm(
        t("Start in {0} mode?", chosen.name),
        t("It is production: Stop All leaves its apps alone until you name them."),
        t("Start"),
      ),
  };
}

/** The question whether the mode's idle window takes the place of the file's. `signal` takes it back. */
export function askFixedWindow(signal: AbortSignal): AskWindow {
  return async (fixed) => {
    const { ownSeconds, mode } = fixed;
    const texts = ownSeconds.map((seconds) => formatCountdown(seconds * 1000)).join(", ");
    const picked = await pickOne(
      t("{0} does not follow the mode's scaledown window", fixed.appName),
      fixedWindowText(fixed),
      [
        {
          label: `$(check) ${t("Use {0}", formatCountdown(mode.scaledownSeconds * 1000))}`,
          detail: t("As {0} mode says. {1} is put back when the session ends.", mode.name, texts),
          value: true,
        },
        {
          label: `$(lock) ${t("Keep {0}", texts)}`,
          detail: t("As it was deployed. {0} mode has no effect on it.", mode.name),
          value: false,
        },
      ],
      signal,
    );
    return picked ?? null;
  };
}

/** What has another name goes on beside the new deployment, and costs where it has a container. */
function consequence(apps: readonly AlreadyRunning[]): string {
  const others = apps.filter(({ sameName }) => !sameName);
  if (others.length === 0) return t("A deploy replaces it. What now?");
  return others.some(({ containerCount }) => containerCount > 0)
    ? t("Two instances cost twice. What now?")
    : t("Apps with another name stay deployed beside the new one. What now?");
}

function runningText(app: AlreadyRunning): string {
  const { name, containerCount, deployedBy } = app;
  return deployedBy === null
    ? plural(containerCount, { one: "{1} ({0} container)", other: "{1} ({0} containers)" }, name)
    : plural(
        containerCount,
        { one: "{1} ({0} container, by {2})", other: "{1} ({0} containers, by {2})" },
        name,
        deployedBy,
      );
}

/** What a person wants of a warm-up that takes long. */
export type WarmUpChoice = "skip" | "stop" | "wait";

/**
 * Asked when a person cancels during the warm-up: the container runs already, so there is more than
 * one way to end the wait. `cost`: what it costs, "≈ $1.95/h". `windowSeconds`: the idle window in
 * force; null: it is not known. Turned away, or taken back by `signal`: the wait goes on.
 */
export async function askWarmUp(
  mode: ModeDefinition,
  cost: string | undefined,
  windowSeconds: number | null,
  signal: AbortSignal,
): Promise<WarmUpChoice> {
  const choices: readonly Choice<WarmUpChoice>[] = [
    {
      label: `$(debug-step-over) ${t("Skip the Warm-Up")}`,
      detail:
        windowSeconds === null
          ? t("Ready now. The container keeps running until it was idle for its scaledown window.")
          : t(
              "Ready now. The container keeps running until it was idle for {0}.",
              formatCountdown(windowSeconds * 1000),
            ),
      value: "skip",
    },
    {
      label: `$(debug-stop) ${t("Stop What Was Started")}`,
      detail: t("Ends the container and the apps of this start, and verifies it."),
      value: "stop",
    },
    {
      label: `$(watch) ${t("Keep Waiting")}`,
      detail: t("The warm-up goes on."),
      value: "wait",
    },
  ];
  const picked = await pickOne(
    t("Warming up in {0} mode", mode.name),
    cost === undefined
      ? t("The container is billed while it runs. What now?")
      : t("The container is billed while it runs ({0}). What now?", cost),
    choices,
    signal,
  );
  return picked ?? "wait";
}
