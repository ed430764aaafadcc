import * as vscode from "vscode";
import { t } from "../base/text.ts";
import { failureOf, type FailureReason } from "../base/failure.ts";
import type { Log } from "../base/log.ts";
import type { SettingName } from "../session/settings/shape.ts";
import { sayError } from "./say.ts";
import { settingNamedIn } from "./settings/links.ts";

interface Remedy {
  readonly label: string;
  readonly command: string;
  readonly arguments?: readonly unknown[];
}

const showLog = (): Remedy => ({ label: t("Show Log"), command: "modalMeter.showLog" });
const diagnose = (): Remedy => ({
  label: t("Run Diagnosis"),
  command: "modalMeter.runDiagnosis",
});
const startDev = (): Remedy => ({
  label: t("Start Dev Session"),
  command: "modalMeter.startDev",
});
const openSettings = (name?: SettingName): Remedy => ({
  label: t("Open Settings"),
  command: "modalMeter.openSettings",
  arguments: name === undefined ? [] : [name],
});

/** What a person can do about a failure, most useful first. */
function remediesFor(reason: FailureReason | undefined, message: string): readonly Remedy[] {
  const setting = settingNamedIn(message);
  switch (reason) {
    case "bad-setting":
      return [openSettings(setting)];
    case "cli-missing":
    case "cli-too-old":
      return [openSettings("cliPath"), diagnose()];
    case "endpoint-stopped":
      return [startDev(), showLog()];
    case "endpoint-not-found":
      return [startDev(), openSettings("endpointUrls"), showLog()];
    case "missing-proxy-auth":
      return [
        { label: t("Save Proxy Auth Token…"), command: "modalMeter.setProxyToken" },
        showLog(),
      ];
    default:
      return setting === undefined
        ? [showLog(), diagnose()]
        : [openSettings(setting), showLog(), diagnose()];
  }
}

/** Shows what went wrong, once, with what to do; cancelling is not an error. Never rejects. */
export async function showFailure(log: Log, doing: string, error: unknown): Promise<void> {
  const failure = failureOf(error);
  if (failure?.reason === "cancelled") {
    log.info(`${doing}: cancelled.`);
    return;
  }
  log.error(doing, error);
  const message =
    failure?.message ??
    t("{0}: an unexpected error in Modal Meter. The log has the details.", doing);
  const remedies = remediesFor(failure?.reason, message);
  const pressed = await sayError(message, ...remedies.map(({ label }) => label));
  const remedy = remedies.find(({ label }) => label === pressed);
  if (remedy !== undefined) {
    await vscode.commands.executeCommand(remedy.command, ...(remedy.arguments ?? []));
  }
}
