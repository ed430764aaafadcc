import * as vscode from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/event.ts";
import { readEndpointSettings } from "../../endpoints/catalogue/endpointSetting.ts";
import { settingEffect } from "../../session/settings/effect.ts";
import { Settings, type SettingFix, type SettingProblem } from "../../session/settings/settings.ts";
import { settingNames, type SettingName } from "../../session/settings/shape.ts";

const section = "modalMeter";
/** The one setting whose scope is not the machine (package.json). */
const ofResource: SettingName = "resultsFolder";

/** Where a setting is written: for all of the person's windows, or for the folder that is open. */
export type SettingScope = "user" | "workspace";

/** The user's settings, parsed as a whole when they change. */
export class SettingsSource implements Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<readonly SettingName[]>());
  #current = read();
  #problems = problemsIn(this.#current);

  /** Names of the settings whose value in force may be another one now. */
  readonly onChange = this.#changed.on;

  constructor() {
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration(section)) return;
        this.#take();
        this.#changed.emit(
          settingNames.filter((name) => event.affectsConfiguration(`${section}.${name}`)),
        );
      }),
    );
  }

  #take(): void {
    this.#current = read();
    this.#problems = problemsIn(this.#current);
  }

  get current(): Settings {
    return this.#current;
  }

  /** What is wrong in the settings, also in the endpoints, which have a reader of their own. */
  get problems(): readonly SettingProblem[] {
    return this.#problems;
  }

  /** Whether a setting is written somewhere, be it one that no version reads any more. */
  isWritten(name: string): boolean {
    const written = vscode.workspace.getConfiguration(section).inspect<unknown>(name);
    const { globalValue, workspaceValue, workspaceFolderValue } = written ?? {};
    return [globalValue, workspaceValue, workspaceFolderValue].some((value) => value !== undefined);
  }

  /** Whether a setting's value in force came with the folder or the workspace that is open. */
  isOfFolder(name: SettingName): boolean {
    const written = vscode.workspace.getConfiguration(section).inspect<unknown>(name);
    return written?.workspaceValue !== undefined || written?.workspaceFolderValue !== undefined;
  }

  /** What is written in one scope alone; undefined: nothing. What is to be written there is made from this, never from `current`. */
  writtenIn(scope: SettingScope, name: SettingName): unknown {
    const written = vscode.workspace.getConfiguration(section).inspect<unknown>(name);
    return plain(scope === "user" ? written?.globalValue : written?.workspaceValue);
  }

  /** Writes a setting into one scope, and reads what is in force after that. */
  async update(name: SettingName, value: unknown, scope: SettingScope = "user"): Promise<void> {
    const { Global, Workspace } = vscode.ConfigurationTarget;
    await vscode.workspace
      .getConfiguration(section)
      .update(name, value, scope === "user" ? Global : Workspace);
    this.#take();
  }

  /** Puts what was meant in the place of a wrong entry, wherever that is written. */
  async replaceEntry({ name, wrongEntry, entry, value }: SettingFix): Promise<void> {
    const configuration = vscode.workspace.getConfiguration(section);
    const written = configuration.inspect<unknown>(name);
    for (const [table, target] of [
      [written?.workspaceFolderValue, vscode.ConfigurationTarget.WorkspaceFolder],
      [written?.workspaceValue, vscode.ConfigurationTarget.Workspace],
      [written?.globalValue, vscode.ConfigurationTarget.Global],
    ] as const) {
      if (!isTable(table) || !Object.hasOwn(table, wrongEntry)) continue;
      const others = Object.entries(table).filter(([key]) => key !== wrongEntry);
      await configuration.update(name, Object.fromEntries([...others, [entry, value]]), target);
    }
  }

  /**
   * Opens the settings page at one setting. On a remote machine, what belongs to the machine stands on
   * a page of its own, and the user's page does not find it.
   */
  async show(name?: SettingName): Promise<void> {
    const query = name === undefined ? "@ext:modal-meter.modal-meter" : `${section}.${name}`;
    const isOfMachine = name !== ofResource && vscode.env.remoteName !== undefined;
    await (isOfMachine
      ? vscode.commands.executeCommand("workbench.action.openRemoteSettings", { query })
      : vscode.commands.executeCommand("workbench.action.openSettings", query));
  }

  dispose(): void {
    this.#store.dispose();
  }
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function problemsIn(settings: Settings): readonly SettingProblem[] {
  const { wrong } = readEndpointSettings(settings.sound("endpoints") ?? []);
  const endpoints = wrong.map(({ name, path, message }) => ({
    setting: "modalMeter.endpoints",
    entry: name,
    message: `${path} ${message}`,
    effect: settingEffect("endpoints", name ?? path),
  }));
  return [...settings.problems, ...endpoints];
}

function read(): Settings {
  const configuration = vscode.workspace.getConfiguration(section);
  return Settings.parse(
    Object.fromEntries(settingNames.map((name) => [name, plain(configuration.get<unknown>(name))])),
  );
}

/** Object settings come as read-only proxies; a plain copy is what a parser can look at. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
