import { t } from "../../base/text.ts";
import { mayBeProduction, restingMode } from "../mode.ts";
import type { SettingName } from "./shape.ts";

/** What is off while a setting, or one entry of it, is wrong: a sentence. */
export function settingEffect(name: SettingName, entry: string | null): string {
  switch (name) {
    case "workdayEnd":
      return t("There is no reminder at the end of the workday.");
    case "idleReminderMinutes":
      return t("There is no reminder of idle GPUs.");
    case "mutedReminders":
      return t("A reminder that you turned off may appear.");
    case "budget":
      return entry === null ? t("There are no alerts.") : t("There is no alert for it.");
    case "onClose":
      return t("You are reminded when the last window closes.");
    case "stopAfterMinutes":
      return t("Nothing is stopped after a reminder.");
    case "rates":
      return t("Modal's own prices are counted in its place.");
    case "modes":
      if (entry === null) return t("No session can be started.");
      if (entry === restingMode)
        return t(
          "No session can be started in this mode. An expired one returns to the built-in one.",
        );
      return mayBeProduction(entry)
        ? t("No session can be started in this mode, and a stop leaves its apps alone.")
        : t("No session can be started in this mode.");
    case "deployTargets":
      return t("No session can be started.");
    case "endpointUrls":
    case "endpoints":
      return entry === null ? t("No endpoint can be called.") : t("It cannot be called.");
    case "endpointBaseUrl":
      return t("Only endpoints with an address of their own can be called.");
    case "resultsFolder":
    case "askAboveUsd":
    case "maxParallelCalls":
    case "maxResultGibibytes":
      return t("No endpoint can be called.");
    case "cliPath":
      return t("Nothing can be deployed.");
    default:
      return t("Modal cannot be asked.");
  }
}
