import * as vscode from "vscode";
import { DisposableStore, type Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/event.ts";
import { readEndpointSettings } from "../endpoints/catalogue/endpointSetting.ts";
import { settingEffect } from "../session/settingEffect.ts";
import { Settings, type SettingFix, type SettingProblem } from "../session/settings.ts";
import { settingNames, type SettingName } from "../session/settingShape.ts";

const section = "modalMeter";

/** The user's settings, parsed as a whole when they change. */
export class SettingsSource implements Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<Settings>());
  #current = read();
  #problems = problemsIn(this.#current);

  readonly onChange = this.#changed.on;

  constructor() {
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration(section)) return;
        this.#current = read();
        this.#problems = problemsIn(this.#current);
        this.#changed.emit(this.#current);
      }),
    );
  }

  get current(): Settings {
    return this.#current;
  }

  /** What is wrong in the settings, also in the endpoints, which have a reader of their own. */
  get problems(): readonly SettingProblem[] {
    return this.#problems;
  }

  /** Writes one user setting. */
  async update(name: SettingName, value: unknown): Promise<void> {
    await vscode.workspace
      .getConfiguration(section)
      .update(name, value, vscode.ConfigurationTarget.Global);
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

  /** Opens the settings page at one setting. */
  async show(name?: SettingName): Promise<void> {
    await vscode.commands.executeCommand(
      "workbench.action.openSettings",
      name === undefined ? `@ext:modal-meter.modal-meter` : `${section}.${name}`,
    );
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
