import { existsSync } from "node:fs";
import { basename, isAbsolute, join, relative } from "node:path";
import * as vscode from "vscode";
import * as z from "zod/mini";
import { t } from "../base/text.ts";
import { Failure } from "../base/failure.ts";
import type { AppFacts } from "../lens/appFacts.ts";
import { maxFiles } from "../modal/deploy/targets.ts";
import { likelyName, type DeployTarget } from "../session/deployer.ts";
import type { Ledger } from "../session/ledgerPort.ts";
import type { DeployTargetSetting } from "../session/settingShape.ts";
import {
  chooseTargets,
  type FoundTargets,
  type TargetChoice,
} from "../session/start/chooseTargets.ts";
import type { StartTarget } from "../session/start/start.ts";
import { pickOne, type Choice } from "./ask.ts";
import type { SettingsSource } from "./settingsSource.ts";

/** A Modal app that was found in a Python file of a folder. */
export interface FoundApp {
  /** Absolute path. */
  readonly file: string;
  /** null where the file does not say it in plain text. */
  readonly name: string | null;
  readonly facts: AppFacts;
}

/** What a search of a folder has found. */
export interface FoundApps {
  readonly apps: readonly FoundApp[];
  /** False: the folder has more Python files than were read. */
  readonly isComplete: boolean;
}

const remembered = z.array(z.string());

/** The folders of this window and the Modal apps in them. */
export class Project {
  readonly #settings: SettingsSource;
  readonly #ledger: Ledger;
  readonly #find: (folder: string) => Promise<FoundApps>;
  #found: readonly FoundApp[] = [];

  constructor(
    settings: SettingsSource,
    ledger: Ledger,
    find: (folder: string) => Promise<FoundApps>,
  ) {
    this.#settings = settings;
    this.#ledger = ledger;
    this.#find = find;
  }

  folders(): readonly string[] {
    return workspaceFolders();
  }

  /**
   * The folder that this window speaks of: that of the active editor, else the first, else null. Where
   * it has no session, but another folder of the window has, that one. Never asks.
   */
  currentFolder(): string | null {
    const folders = this.folders();
    const active = vscode.window.activeTextEditor?.document.uri;
    const of = active === undefined ? undefined : vscode.workspace.getWorkspaceFolder(active);
    const current = of?.uri.scheme === "file" ? of.uri.fsPath : (folders[0] ?? null);
    if (current === null || folders.length < 2) return current;
    const withSession = new Set(
      this.#ledger.sessions({ fromMs: Number.MAX_SAFE_INTEGER }).map(({ folder }) => folder),
    );
    if (withSession.has(current)) return current;
    return folders.find((folder) => withSession.has(folder)) ?? current;
  }

  /** The folder to work in; asks when there are several. undefined: turned away. Throws a `Failure` when none is open. */
  async pickFolder(): Promise<string | undefined> {
    const folders = this.folders();
    const [first] = folders;
    if (first === undefined) {
      throw new Failure(
        "invalid-argument",
        "Open the folder of your Modal app first: a session belongs to a folder.",
      );
    }
    if (folders.length === 1) return first;
    return pickOne(
      t("Start a Session"),
      t("In which folder?"),
      folders.map((folder) => ({
        label: basename(folder),
        description: this.#found
          .filter(({ file }) => isInside(folder, file))
          .map(({ file, name }) => name ?? relative(folder, file))
          .join(", "),
        detail: folder,
        value: folder,
      })),
    );
  }

  /**
   * Every target that the settings name or that the folders hold: which apps belong to this project, as
   * far as names can tell. None in a folder that nobody trusts.
   */
  async knownTargets(): Promise<readonly DeployTarget[]> {
    if (!vscode.workspace.isTrusted) return [];
    const all = await Promise.all(this.folders().map((folder) => this.#targetsOf(folder)));
    return all.flatMap(({ targets }) => targets).map(({ target }) => target);
  }

  /**
   * What a session in the folder deploys. Asks where that is in doubt, and remembers: a later start
   * goes without the question, unless `ask` and there is a choice. undefined: turned away.
   */
  async targetsToStart(
    folder: string,
    { ask }: { readonly ask: boolean },
  ): Promise<readonly StartTarget[] | undefined> {
    // A wrong entry is no reason to start less than is meant, or what was found in its place.
    this.#settings.current.require("deployTargets");
    const found = await this.#targetsOf(folder);
    const { targets, isComplete } = found;
    const areNamed = this.#settings.current.get("deployTargets").length > 0;
    if (targets.length === 0) {
      if (areNamed) {
        throw new Failure(
          "not-found",
          `No file of the setting modalMeter.deployTargets is in ${folder}. Choose another folder, or add its app file there.`,
        );
      }
      throw new Failure(
        "not-found",
        isComplete
          ? "No Modal app was found in this folder: no Python file makes a modal.App. Name your app file in the setting modalMeter.deployTargets."
          : `No Modal app was found in the first ${maxFiles} Python files of this folder. Name your app file in the setting modalMeter.deployTargets.`,
      );
    }
    if (areNamed) return targets;
    const choice = chooseTargets(found, this.#ledger.recall(`targets:${folder}`, remembered) ?? []);
    if (choice.kind === "ask") return this.#pick(folder, targets, questionOf(choice, folder));
    if (ask && targets.length > 1) return this.#pick(folder, targets, t("Which app should run?"));
    this.#remember(folder, choice.targets);
    return choice.targets;
  }

  /** Reads the app files of the open folders, for what only they tell. */
  async look(): Promise<void> {
    const all = await Promise.all(this.folders().map((folder) => this.#find(folder)));
    this.#found = all.flatMap(({ apps }) => apps);
  }

  /** What an app's file tells of its containers; undefined: no file of that app was found. */
  factsInFile(appName: string): AppFacts | undefined {
    return this.#found.find(({ name }) => name === appName)?.facts;
  }

  /** The GPU that the settings name for an app, where it can not be seen. */
  gpuSetting(appName: string): string | undefined {
    return (this.#settings.current.sound("deployTargets") ?? []).find(
      ({ name }) => name === appName,
    )?.gpu;
  }

  /** The name that the settings give to the app of a file; null: the file names it. */
  nameSetting(folder: string, file: string): string | null {
    this.#settings.current.require("deployTargets");
    const named = this.#settings.current.get("deployTargets");
    const setting = named.find((one) => fileOf(one, folder) === file);
    return textOrNull(setting?.name);
  }

  /** The GPU of this project, for figures before anything runs: what the settings name, else what an app file asks for. */
  firstGpu(): string | undefined {
    const named = (this.#settings.current.sound("deployTargets") ?? []).find(
      ({ gpu }) => gpu !== undefined,
    );
    if (named?.gpu !== undefined) return named.gpu;
    return this.#found.find(({ facts }) => typeof facts.gpu === "string")?.facts.gpu ?? undefined;
  }

  async #targetsOf(folder: string): Promise<FoundTargets> {
    const environment = textOrNull(this.#settings.current.get("environment"));
    const named = this.#settings.current.sound("deployTargets") ?? [];
    if (named.length > 0) {
      const all = named.map((setting) => fromSetting(setting, folder, environment, this.#found));
      // One table speaks for all folders of a window; a target belongs where its file is.
      const isHere = ({ target: { file } }: StartTarget) =>
        this.folders().length < 2 || (isInside(folder, file) && existsSync(file));
      return { targets: all.filter(isHere), isComplete: true };
    }
    const { apps, isComplete } = await this.#find(folder);
    // Read anew for a start: what is deployed now is what its containers ask for.
    this.#found = [...this.#found.filter(({ file }) => !isInside(folder, file)), ...apps];
    const targets = apps.map(({ file, name }) => ({
      target: { file, name: null, nameInFile: name, environment, folder },
      healthUrl: null,
      warmUpUrl: null,
    }));
    return { targets, isComplete };
  }

  #remember(folder: string, targets: readonly StartTarget[]): void {
    const files = targets.map(({ target }) => target.file);
    this.#ledger.remember(`targets:${folder}`, JSON.stringify(files));
  }

  async #pick(
    folder: string,
    targets: readonly StartTarget[],
    question: string,
  ): Promise<readonly StartTarget[] | undefined> {
    const one = targets.map((start): Choice<readonly StartTarget[]> => {
      const file = relative(folder, start.target.file);
      return { label: likelyName(start.target) ?? file, description: file, value: [start] };
    });
    const all = { label: t("All {0} Apps", targets.length), value: targets };
    const choices = targets.length > 1 ? [...one, all] : one;
    const picked = await pickOne(t("Start a Session"), question, choices);
    if (picked !== undefined) this.#remember(folder, picked);
    return picked;
  }
}

function questionOf(choice: Extract<TargetChoice, { kind: "ask" }>, folder: string): string {
  switch (choice.why) {
    case "gone": {
      const gone = choice.files.map((file) => relative(folder, file)).join(", ");
      return t("Which app should run? The last one was not found: {0}.", gone);
    }
    case "incomplete":
      return t("Which app should run? Only the first {0} Python files were read.", maxFiles);
    default:
      return t("Which app should run? It is remembered for this folder.");
  }
}

/** Absolute paths of the workspace folders on this machine. */
export function workspaceFolders(): readonly string[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === "file")
    .map(({ uri }) => uri.fsPath);
}

function isInside(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return !path.startsWith("..") && !isAbsolute(path);
}

function fromSetting(
  setting: DeployTargetSetting,
  folder: string,
  environment: string | null,
  found: readonly FoundApp[],
): StartTarget {
  const file = fileOf(setting, folder);
  return {
    target: {
      file,
      name: textOrNull(setting.name),
      nameInFile: found.find((app) => app.file === file)?.name ?? null,
      environment: textOrNull(setting.environment) ?? environment,
      folder,
    },
    healthUrl: textOrNull(setting.healthUrl),
    warmUpUrl: textOrNull(setting.warmUpUrl),
  };
}

/** Absolute path. */
function fileOf({ file }: DeployTargetSetting, folder: string): string {
  return isAbsolute(file) ? file : join(folder, file);
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}
