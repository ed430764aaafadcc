import { sessionWindows } from "../../session/appWindow.ts";
import { t } from "../../base/text.ts";
import { formatCountdown } from "../../cost/format.ts";
import type { ModeDefinition } from "../../session/mode.ts";
import type { SessionRecord } from "../../session/session.ts";
import type { StartOptions, StartOutcome } from "../../session/start/start.ts";
import { showFailure } from "../failures.ts";
import type { Services } from "../services.ts";
import { sayError, sayInfo, sayWarning } from "../say.ts";
import { findPlace, showPlace } from "./errorPlace.ts";
import { runCommand } from "../command.ts";

/** What the functions here work with. */
type TellServices = Pick<Services, "clock" | "costs" | "log" | "meter" | "serves">;

/** Goes on with a failed start. */
export type Retry = (run: (options: StartOptions) => Promise<StartOutcome>) => Promise<void>;

/** Says what came of a start, and offers what can be done about it. */
export async function tellStart(
  services: TellServices,
  mode: ModeDefinition,
  outcome: StartOutcome,
  retry: Retry,
): Promise<void> {
  const { costs, log } = services;
  switch (outcome.kind) {
    case "declined":
      costs.line(`   ${t("Not started.")}`);
      return;
    case "ready": {
      services.serves.keep(outcome.serves);
      const names = outcome.session.apps.map(({ appName }) => appName).join(", ");
      const { expiresAtMs } = outcome.session;
      for (const note of outcome.notes) costs.line(`   ${note}`);
      if (outcome.cold.length > 0) {
        await tellCold(services, mode, names, outcome, retry);
        return;
      }
      costs.line(readyText(names, mode, outcome.session));
      const stop = t("Stop All");
      const reminder =
        expiresAtMs === null
          ? t("Remember to stop it when you are done.")
          : t(
              "It returns to dev by itself in {0}. Stop it right after the demo.",
              formatCountdown(expiresAtMs - services.clock.nowMs()),
            );
      const pressed = await sayInfo(
        t("{0} is ready in {1} mode. {2}", names, mode.name, reminder),
        stop,
      );
      if (pressed === stop) await runCommand("stopAll");
      return;
    }
    case "cancelled": {
      const left = outcome.undone.left.map(({ name }) => name).join(", ");
      const text = outcome.undone.verified
        ? t("The start was cancelled. Nothing that it started runs any more.")
        : t("The start was cancelled, but this may still run: {0}. {1}", left, outcome.state.text);
      costs.line(`   ${text}`);
      if (outcome.undone.verified) await sayInfo(text);
      else await offerStop(text);
      return;
    }
    case "failed":
      await tellFailed(services, outcome, retry);
      return;
    default:
      log.error("A start ended in a way that is not known.");
  }
}

/** The mode wants it warm, and it is not: a demo would begin with minutes of waiting. */
async function tellCold(
  { costs }: Pick<TellServices, "costs">,
  mode: ModeDefinition,
  names: string,
  { cold, warmUp }: Extract<StartOutcome, { kind: "ready" }>,
  goOn: Retry,
): Promise<void> {
  const text = t(
    "{0} is deployed in {1} mode, not warm: the first request of {2} is a cold start.",
    names,
    mode.name,
    cold.join(", "),
  );
  costs.line(`🧊 ${text}`);
  const warmUpNow = t("Warm Up Now");
  const settings = t("Open Settings");
  const stop = t("Stop All");
  const pressed = await sayWarning(text, warmUp === null ? settings : warmUpNow, stop);
  if (pressed === warmUpNow && warmUp !== null) await goOn(warmUp);
  if (pressed === settings) await runCommand("openSettings", "deployTargets");
  if (pressed === stop) await runCommand("stopAll");
}

async function offerStop(text: string): Promise<void> {
  const stop = t("Stop All Apps");
  const pressed = await sayError(text, stop);
  if (pressed === stop) await runCommand("stopAll");
}

async function tellFailed(
  services: Pick<Services, "costs" | "log" | "meter">,
  outcome: Extract<StartOutcome, { kind: "failed" }>,
  goOn: Retry,
): Promise<void> {
  const { costs, log } = services;
  log.error(`Start failed at ${outcome.step}`, outcome.failure);
  const text = `${sentence(outcome.failure.message)} ${outcome.state.text}`;
  costs.line(`❌ ${text}`);
  const retry = t("Retry");
  const undo = t("Undo");
  const showLog = t("Show Log");
  const place = await findPlace(outcome.failure.message);
  const openPlace = place === undefined ? [] : [t("Open {0}", place.label)];
  const actions = [retry, ...(outcome.canUndo ? [undo] : []), ...openPlace, showLog];
  const pressed = await sayError(text, ...actions);
  if (pressed === showLog) log.show();
  if (place !== undefined && pressed === openPlace[0]) await showPlace(place);
  if (pressed === retry) await goOn((options) => outcome.retry(options));
  if (pressed === undo) {
    try {
      const undone = await services.meter.during("stopping", () => outcome.undo());
      const left = undone.left.map(({ name }) => name).join(", ");
      const result = undone.verified
        ? t("Undone: nothing of this start runs any more.")
        : t("Not all of it could be undone: {0}.", left);
      costs.line(`   ${result}`);
      if (undone.verified) await sayInfo(result);
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

/** With the idle window that is in force, which only Modal knows. */
function readyText(names: string, mode: ModeDefinition, session: SessionRecord): string {
  return t(
    "✅ {0} is ready in {1} mode (scaledown {2}). Remember to stop it when you are done.",
    names,
    mode.name,
    sessionWindows(session) ?? t("not known"),
  );
}
