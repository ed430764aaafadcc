import { t } from "../../base/text.ts";
import { mayBeProduction, restingMode } from "../mode.ts";
import type { SettingName } from "./shape.ts";

const noModal = (): string => t("Modal cannot be asked.");
const noSession = (): string => t("No session can be started.");
const noCall = (): string => t("No endpoint can be called.");
const noCallOf = (entry: string | null): string =>
  entry === null ? noCall() : t("It cannot be called.");

const effects: Readonly<Record<SettingName, (entry: string | null) => string>> = {
  workdayEnd: () => t("There is no reminder at the end of the workday."),
  idleReminderMinutes: () => t("There is no reminder of idle GPUs."),
  mutedReminders: () => t("A reminder that you turned off may appear."),
  budget: (entry) => (entry === null ? t("There are no alerts.") : t("There is no alert for it.")),
  onClose: () => t("You are reminded when the last window closes."),
  stopAfterMinutes: () => t("Nothing is stopped after a reminder."),
  rates: () => t("Modal's own prices are counted in its place."),
  modes: (entry) => (entry === null ? noSession() : effectOfMode(entry)),
  deployTargets: noSession,
  endpointUrls: noCallOf,
  endpoints: noCallOf,
  endpointBaseUrl: () => t("Only endpoints with an address of their own can be called."),
  resultsFolder: noCall,
  askAboveUsd: noCall,
  maxParallelCalls: noCall,
  maxResultGibibytes: noCall,
  cliPath: () => t("Nothing can be deployed."),
  control: noModal,
  environment: noModal,
  profile: noModal,
};

/** What is off while a setting, or one entry of it, is wrong: a sentence. */
export function settingEffect(name: SettingName, entry: string | null): string {
  return effects[name](entry);
}

function effectOfMode(mode: string): string {
  if (mode === restingMode)
    return t("No session can be started in this mode. An expired one returns to the built-in one.");
  return mayBeProduction(mode)
    ? t("No session can be started in this mode, and a stop leaves its apps alone.")
    : t("No session can be started in this mode.");
}
