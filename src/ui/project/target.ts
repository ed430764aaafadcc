import { isAbsolute, join, relative } from "node:path";
import { t } from "../../base/text.ts";
import type { DeployCandidate } from "../../modal/deploy/targets.ts";
import type { DeployTarget } from "../../session/deployer.ts";
import type { DeployTargetSetting } from "../../session/settingShape.ts";
import type { StartTarget } from "../../session/start/start.ts";

/** What a target is remembered by: its file, and its variable where it is not `app`. */
export function refOf({ file, variable }: Pick<DeployTarget, "file" | "variable">): string {
  return variable === null ? file : `${file}::${variable}`;
}

/** A target as the settings name it; `found`: what its file says of itself. */
export function targetOfSetting(
  setting: DeployTargetSetting,
  folder: string,
  environment: string | null,
  found: readonly DeployCandidate[],
): StartTarget {
  const file = fileOf(setting, folder);
  const workdir = setting.workdir === undefined ? null : absolute(setting.workdir, folder);
  const module = textOrNull(setting.module);
  const variable = textOrNull(setting.variable);
  const inFile = found.find(
    ({ target }) =>
      target.file === file && target.variable === (variable === "app" ? null : variable),
  );
  return {
    target: {
      file,
      module:
        module === null
          ? (inFile?.target.module ?? null)
          : { name: module, folder: workdir ?? folder },
      variable,
      name: textOrNull(setting.name),
      nameInFile: inFile?.target.nameInFile ?? null,
      environment: textOrNull(setting.environment) ?? environment,
      folder: workdir ?? folder,
    },
    healthUrl: textOrNull(setting.healthUrl),
    warmUpUrl: textOrNull(setting.warmUpUrl),
  };
}

/** A target as it was found, without anything that only settings say. */
export function targetOfCandidate(
  { target }: DeployCandidate,
  environment: string | null,
): StartTarget {
  return { target: { ...target, environment }, healthUrl: null, warmUpUrl: null };
}

/** Why a deploy of a found app would fail, and what to do; undefined: nothing speaks against it. */
export function problemText({ problem }: Pick<DeployCandidate, "problem">): string | undefined {
  switch (problem?.kind) {
    case "stub":
      return t("modal.Stub was removed from Modal: write modal.App instead.");
    case "raises":
      return t("Importing it fails: {0}.", problem.why);
    case "file-name":
      return t("Modal takes no file name with more than one dot: rename the file.");
    case "syntax":
      return t("Line {0} is not valid Python.", problem.line);
    default:
      return undefined;
  }
}

export function fileOf(setting: DeployTargetSetting, folder: string): string {
  return absolute(setting.file, folder);
}

export function isInside(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return !path.startsWith("..") && !isAbsolute(path);
}

export function textOrNull(text: string | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}

function absolute(path: string, folder: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}
