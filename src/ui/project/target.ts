import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { t } from "../../base/text.ts";
import { staysIn } from "../../endpoints/folderBounds.ts";
import type { DeployCandidate } from "../../modal/deploy/targets.ts";
import type { DeployTargetSetting } from "../../session/settings/shape.ts";
import type { RedeployTarget } from "../../session/mode/switchMode.ts";
import type { SessionApp } from "../../session/session.ts";
import type { FoundTargets } from "../../session/start/chooseTargets.ts";
import type { StartTarget } from "../../session/start/start.ts";

/** What there is to start in a folder. */
export interface FoundInFolder extends FoundTargets {
  readonly broken: readonly DeployCandidate[];
  /** What the folder's own settings name outside of it. */
  readonly outside: readonly string[];
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
  // The CLI takes `app` by itself.
  const variable = setting.variable === "app" ? null : textOrNull(setting.variable);
  const inFile = found.find(({ target }) => target.file === file && target.variable === variable);
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
    windowInFile: inFile?.facts.scaledownSeconds ?? null,
    windowsInFile: inFile?.windows,
  };
}

/** A target as it was found, without anything that only settings say. */
export function targetOfCandidate(
  { target, facts, windows }: DeployCandidate,
  environment: string | null,
): StartTarget {
  return {
    target: { ...target, environment },
    healthUrl: null,
    warmUpUrl: null,
    windowInFile: facts.scaledownSeconds,
    windowsInFile: windows,
  };
}

/** How an app of a session is deployed again: as the settings name it, else as it was found. */
export function againAs(
  folder: string,
  { appName, file }: Pick<SessionApp, "appName" | "file">,
  settings: readonly DeployTargetSetting[],
  found: readonly DeployCandidate[],
): RedeployTarget {
  const here = found.filter(({ target }) => target.file === file);
  const setting = settings.find((one) => fileOf(one, folder) === file);
  if (setting !== undefined) {
    const { target, windowInFile, windowsInFile } = targetOfSetting(setting, folder, null, here);
    const { module, variable, name } = target;
    return { module, variable, name, windowInFile, windowsInFile };
  }
  const again = here.find(({ target }) => target.nameInFile === appName) ?? here[0];
  return {
    module: again?.target.module ?? null,
    variable: again?.target.variable ?? null,
    name: null,
    windowInFile: again?.facts.scaledownSeconds ?? null,
    windowsInFile: again?.windows,
  };
}

/** What could not be read may be Python all the same, and an older package of Modal's may take what newer ones refuse. */
export function mayDeploy(found: Pick<DeployCandidate, "problem">): boolean {
  return found.problem === null || found.problem.kind === "unread" || mayFail(found);
}

/** Whether a person has to say that it is meant all the same. */
export function mayFail(found: Pick<DeployCandidate, "problem"> | undefined): boolean {
  return found?.problem?.kind === "refused" || found?.problem?.kind === "no-name";
}

const setting = "modalMeter.deployTargets"; // not shown: the name of a setting

/** Why a deploy of a found app would fail, and what to do; undefined: nothing speaks against it. */
export function problemText(
  found: Pick<DeployCandidate, "problem"> | undefined,
): string | undefined {
  const problem = found?.problem;
  switch (problem?.kind) {
    case "stub":
      return t("modal.Stub was removed from Modal: write modal.App instead.");
    case "raises":
      return t("Importing it fails: {0}.", problem.why);
    case "refused":
      return t("Version 1.6 of the modal package refuses it: {0}.", problem.why);
    case "no-name":
      return problem.name === null
        ? t('Its app has no name: write modal.App("name"), or name it in {0}.', setting)
        : t('Modal does not take "{0}" as the name of an app.', problem.name);
    case "file-name":
      return t("Modal does not accept a file name with more than one dot: rename the file.");
    case "unread":
      return t("Line {0} could not be read: it may not be valid Python.", problem.line);
    default:
      return undefined;
  }
}

function fileOf(setting: DeployTargetSetting, folder: string): string {
  return absolute(setting.file, folder);
}

/** Where the setting stands, and what else is open. */
interface SettingPlace {
  /** It came with the folder, not from the person's own settings. */
  readonly isOfFolder: boolean;
  /** The window's folders. */
  readonly open: readonly string[];
}

/**
 * Which targets of the settings are a folder's. One table speaks for all folders of a window: a target
 * belongs where its file is. What a person's own settings name outside of all of them is theirs to name;
 * what the folder's name there is left `outside`, each by the path that leaves the folder.
 */
export function placed<Target extends Pick<StartTarget, "target">>(
  targets: readonly Target[],
  folder: string,
  { isOfFolder, open }: SettingPlace,
): { readonly here: readonly Target[]; readonly outside: readonly string[] } {
  const others = open.filter((other) => other !== folder);
  const [here, outside]: [Target[], string[]] = [[], []];
  for (const one of targets) {
    const { file, folder: workdir } = one.target;
    const path = [file, workdir].find((each) => !staysIn(folder, each));
    if (path === file && others.some((other) => staysIn(other, file))) continue;
    if (path !== undefined && isOfFolder) outside.push(path);
    else if (others.length === 0 || existsSync(file)) here.push(one);
  }
  return { here, outside };
}

export function textOrNull(text: string | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}

function absolute(path: string, folder: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}
