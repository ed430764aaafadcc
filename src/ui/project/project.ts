import { basename, relative } from "node:path";
import * as vscode from "vscode";
import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import { onlyGpuAsked, type AppFacts } from "../../lens/read/facts.ts";
import { maxFiles } from "../../modal/deploy/targets.ts";
import { likelyName, refOf, type DeployTarget } from "../../session/deployer.ts";
import type { Ledger } from "../../session/ledgerPort.ts";
import type { ModeDefinition } from "../../session/mode.ts";
import type { DeployTargetSetting } from "../../session/settings/shape.ts";
import type { RedeployTarget } from "../../session/mode/switchMode.ts";
import type { SessionApp } from "../../session/session.ts";
import { chooseTargets } from "../../session/start/chooseTargets.ts";
import type { StartTarget } from "../../session/start/start.ts";
import { pickOne, type Choice } from "../ask.ts";
import { sayWarning } from "../say.ts";
import type { SettingsSource } from "../settings/source.ts";
import type { AppFiles } from "./appFiles.ts";
import { FoundApps } from "./foundApps.ts";
import { workspaceFolders } from "./workspaceFolders.ts";
import { nothingToStart, outsideText, questionOf } from "./startTexts.ts";
import {
  againAs,
  mayDeploy,
  mayFail,
  placed,
  problemText,
  targetOfCandidate,
  targetOfSetting,
  textOrNull,
  type FoundInFolder,
} from "./target.ts";

const remembered = z.array(z.string());

/** The folders of this window and the Modal apps in them. */
export class Project {
  readonly #settings: SettingsSource;
  readonly #ledger: Ledger;
  readonly #files: AppFiles;
  readonly #found = new FoundApps();

  constructor(settings: SettingsSource, ledger: Ledger, files: AppFiles) {
    this.#settings = settings;
    this.#ledger = ledger;
    this.#files = files;
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

  /** The folder to work in; asks when there are several. undefined: turned away, or none is open. */
  async pickFolder(): Promise<string | undefined> {
    const folders = this.folders();
    const [first] = folders;
    if (first === undefined || folders.length === 1) return first;
    await this.look();
    return pickOne(
      t("Start a Session"),
      t("In which folder?"),
      folders.map((folder) => ({
        label: basename(folder),
        description: this.#found
          .inFolder(folder)
          .map(({ target }) => target.nameInFile ?? relative(folder, target.file))
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
    const searches = this.folders().flatMap((folder) =>
      this.#modes().map((mode) => this.#targetsOf(folder, mode)),
    );
    const all = (await Promise.all(searches)).flatMap(({ targets }) => targets);
    const byName = new Map(
      all.map(({ target }) => [`${refOf(target)} ${likelyName(target) ?? ""}`, target]),
    );
    return [...byName.values()];
  }

  /** What was chosen to be started, as it is in a mode: its name and its functions may be others there. Throws a `Failure` where that mode has no such app. */
  async inMode(
    folder: string,
    chosen: readonly StartTarget[],
    mode: ModeDefinition,
  ): Promise<readonly StartTarget[]> {
    const { targets, broken } = await this.#targetsOf(folder, mode);
    const byRef = new Map(targets.map((one) => [refOf(one.target), one]));
    return chosen.map(({ target }) => {
      const found = byRef.get(refOf(target));
      if (found !== undefined) return found;
      const problem = broken.find((one) => refOf(one.target) === refOf(target));
      const file = relative(folder, refOf(target));
      throw new Failure(
        "not-found",
        problem === undefined
          ? t("{0} makes no app in {1} mode.", file, mode.name)
          : t("{0} cannot be deployed. {1}", file, problemText(problem) ?? ""),
      );
    });
  }

  /**
   * What a session in the folder deploys. Asks where that is in doubt, and remembers: a later start
   * goes without the question, unless `ask` and there is a choice. undefined: turned away.
   */
  async targetsToStart(
    folder: string,
    mode: ModeDefinition,
    { ask }: { readonly ask: boolean },
  ): Promise<readonly StartTarget[] | undefined> {
    // A wrong entry is no reason to start less than is meant, or what was found in its place.
    this.#settings.current.require("deployTargets");
    const found = await this.#targetsOf(folder, mode, { fresh: true });
    const { targets, isComplete, broken, outside } = found;
    const areNamed = this.#settings.current.get("deployTargets").length > 0;
    if (outside.length > 0) {
      const text = outsideText(folder, outside);
      if (targets.length === 0) throw new Failure("bad-setting", text);
      void sayWarning(text);
    }
    if (targets.length === 0) {
      if (areNamed) {
        throw new Failure(
          "not-found",
          t(
            "No file of the setting modalMeter.deployTargets is in {0}. Choose another folder, or add its app file there.",
            folder,
          ),
        );
      }
      throw nothingToStart(folder, isComplete, broken);
    }
    if (areNamed) return targets;
    const choice = chooseTargets(found, this.#ledger.recall(`targets:${folder}`, remembered) ?? []);
    if (choice.kind === "ask") return this.#pick(folder, targets, questionOf(choice, folder));
    if (ask && targets.length > 1) return this.#pick(folder, targets, t("Which app should run?"));
    // Modal's own words, after the deploy has failed, come late.
    if (choice.targets.some((one) => mayFail(this.#found.candidateOf(one.target))))
      return this.#pick(folder, choice.targets, t("Its deploy may fail. Start it all the same?"));
    this.#remember(folder, choice.targets);
    return choice.targets;
  }

  /**
   * Reads the app files of the open folders, for what only they tell. Of a folder that nobody trusts
   * nothing counts: any repository can have a file with the name of an app that runs, and a price.
   */
  async look(): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      this.#found.replaceAll([]);
      return;
    }
    const searches = this.folders().flatMap((folder) =>
      this.#modes().map(async (mode) => {
        const { candidates } = await this.#files.find(folder, mode);
        return candidates.map((candidate) => ({ ...candidate, mode: mode.name }));
      }),
    );
    this.#found.replaceAll((await Promise.all(searches)).flat());
  }

  /** What was found in the open folders' Python files, and what could not be read. Throws an Error where an app cannot be deployed. */
  async filesText(): Promise<string> {
    const mode = this.#settings.current.modes.resting;
    const searches = this.folders().map((folder) => this.#files.find(folder, mode));
    const found = await Promise.all(searches);
    const apps = found.flatMap(({ candidates }) => candidates);
    const parts = [
      ...apps.map((app) => {
        const name = likelyName(app.target) ?? t("a name that the file computes");
        const where = `${name} (${vscode.workspace.asRelativePath(refOf(app.target))})`;
        const problem = problemText(app);
        return problem === undefined ? where : `${where}: ${problem}`;
      }),
      ...found.flatMap(({ unreadable }) =>
        unreadable.map((file) => t("{0} could not be read", vscode.workspace.asRelativePath(file))),
      ),
      ...(found.every(({ isComplete }) => isComplete)
        ? []
        : [t("only the first {0} Python files were read", maxFiles)]),
    ];
    const text = parts.length === 0 ? t("no Modal app was found") : parts.join("; ");
    if (apps.some(({ problem }) => problem !== null)) throw new Error(text);
    return text;
  }

  /**
   * What an app's file tells of its containers: the file and the mode that it was last deployed in here,
   * else what all files of that name and all modes agree on. undefined: no file of that app was found.
   */
  factsInFile(appName: string): AppFacts | undefined {
    return this.#found.factsOf(appName, this.#lastDeploy(appName));
  }

  /** What a file says of its app in a mode; undefined: no such app was found. */
  factsInMode(
    app: Pick<DeployTarget, "file" | "variable">,
    { name }: ModeDefinition,
  ): AppFacts | undefined {
    return this.#found.factsInMode(app, name);
  }

  /** The GPU that the settings name for an app, where it cannot be seen. */
  gpuSetting(appName: string): string | undefined {
    return this.#soundSettings().find(({ name }) => name === appName)?.gpu;
  }

  /** The variable of its file that holds an app of a session; null: `app`. */
  variableOf(folder: string, app: Pick<SessionApp, "appName" | "file">): string | null {
    return againAs(folder, app, this.#soundSettings(), this.#found.all).variable;
  }

  /** How an app of a session is deployed again, in a mode: as the settings name it, else as it is found now. */
  async again(
    folder: string,
    app: Pick<SessionApp, "appName" | "file">,
    mode: ModeDefinition,
  ): Promise<RedeployTarget> {
    this.#settings.current.require("deployTargets");
    const { candidates } = await this.#files.find(folder, mode, { fresh: true });
    return againAs(folder, app, this.#soundSettings(), candidates);
  }

  /** The GPU of this project, for figures before anything runs: the only one that the settings or the app files name; undefined: none, several, or not told. */
  onlyGpu(): string | undefined {
    const named = this.#soundSettings().flatMap(({ gpu }) => gpu ?? []);
    if (named.length > 0) return onlyOf(named);
    return onlyGpuAsked(this.#found.all.flatMap(({ facts }) => facts.all));
  }

  /** The setting's targets; none where it cannot be read. */
  #soundSettings(): readonly DeployTargetSetting[] {
    return this.#settings.current.sound("deployTargets") ?? [];
  }

  #modes(): readonly ModeDefinition[] {
    return this.#settings.current.modes.modes;
  }

  #lastDeploy(appName: string): { readonly file: string; readonly mode: string } | undefined {
    const folders = this.folders();
    return this.#ledger
      .sessions({})
      .filter(({ folder }) => folders.includes(folder))
      .flatMap(({ apps, mode, startedAtMs }) =>
        apps
          .filter((app) => app.appName === appName)
          .map(({ file }) => ({ file, mode, startedAtMs })),
      )
      .toSorted((a, b) => b.startedAtMs - a.startedAtMs)[0];
  }

  async #targetsOf(
    folder: string,
    mode: ModeDefinition,
    options: { readonly fresh?: boolean } = {},
  ): Promise<FoundInFolder> {
    const environment = textOrNull(this.#settings.current.get("environment"));
    const named = this.#soundSettings();
    const { candidates, isComplete } = await this.#files.find(folder, mode, options);
    if (named.length > 0) {
      const all = named.map((setting) => targetOfSetting(setting, folder, environment, candidates));
      const isOfFolder = this.#settings.isOfFolder("deployTargets");
      const { here, outside } = placed(all, folder, { isOfFolder, open: this.folders() });
      return { targets: here, isComplete: true, broken: [], outside };
    }
    this.#found.replaceIn(folder, mode.name, candidates);
    const [sound, broken] = [
      candidates.filter(mayDeploy),
      candidates.filter((one) => !mayDeploy(one)),
    ];
    return {
      targets: sound.map((candidate) => targetOfCandidate(candidate, environment)),
      isComplete,
      broken,
      outside: [],
    };
  }

  /** Why a deploy of it may fail, for its place in a list. */
  #doubt(start: StartTarget): { readonly detail?: string } {
    const detail = problemText(this.#found.candidateOf(start.target));
    return detail === undefined ? {} : { detail };
  }

  #remember(folder: string, targets: readonly StartTarget[]): void {
    const files = targets.map(({ target }) => refOf(target));
    this.#ledger.remember(`targets:${folder}`, JSON.stringify(files));
  }

  async #pick(
    folder: string,
    targets: readonly StartTarget[],
    question: string,
  ): Promise<readonly StartTarget[] | undefined> {
    const one = targets.map((start): Choice<readonly StartTarget[]> => {
      const file = relative(folder, start.target.file);
      const { variable } = start.target;
      return {
        label: likelyName(start.target) ?? file,
        description: variable === null ? file : `${file}::${variable}`,
        ...this.#doubt(start),
        value: [start],
      };
    });
    const all = {
      label: targets.length === 2 ? t("Both Apps") : t("All {0} Apps", targets.length),
      value: targets,
    };
    const choices = targets.length > 1 ? [...one, all] : one;
    const picked = await pickOne(t("Start a Session"), question, choices);
    if (picked !== undefined) this.#remember(folder, picked);
    return picked;
  }
}

function onlyOf<T>(values: readonly T[]): T | undefined {
  const [only, ...others] = new Set(values);
  return others.length === 0 ? only : undefined;
}
