import type { EditorWindow } from "./window.ts";

/** What an editor is started with. */
export interface HostOptions {
  /** The folder that its windows open. */
  readonly workspace: string;
  /** User settings, on top of the quiet ones that every test has. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /**
   * The environment of the extension host, on top of a bare one: PATH, a fresh HOME and the locale.
   * Nothing else of the caller's environment is passed on, so no token of yours reaches a test.
   */
  readonly env?: Readonly<Record<string, string>>;
  /** The extension under test: a folder that is loaded as it is (the default: this repository), or a package that gets installed. */
  readonly extension?: { readonly folder: string } | { readonly vsix: string };
  /** Size of the windows, in pixels. */
  readonly size?: { readonly width: number; readonly height: number };
}

/** What came of a run of tests inside the extension host. */
export interface HostRun {
  /** 0: every test passed, as the test runner in the host said. */
  readonly code: number;
  readonly log: string;
}

/** A real VS Code with user data of its own. Dispose of it to end all that it started. */
export interface EditorHost extends AsyncDisposable {
  readonly kind: "electron" | "server";
  /** HOME of the extension host: where a test puts a .modal.toml. */
  readonly home: string;
  /** Folder of the user data: settings, extension storage, logs. */
  readonly userData: string;
  /**
   * Opens a window on the workspace (or another folder, or a .code-workspace file; null: on nothing) with the
   * same user data each time.
   */
  open(folder?: string | null): Promise<EditorWindow>;
  /** Replaces the user settings of the test, as the user would by editing settings.json. */
  writeSettings(settings: Readonly<Record<string, unknown>>): Promise<void>;
  /** Runs a compiled test runner (`export function run(): Promise<void>`) in the extension host. */
  runTests(runner: string, env?: Readonly<Record<string, string>>): Promise<HostRun>;
  /**
   * Kills the person's side without a goodbye: the browser of a server, whose extension hosts go on.
   * A desktop editor is one with its screen.
   */
  killClient(): Promise<void>;
  /** Kills the whole editor, as a crash or a power cut would. */
  kill(): Promise<void>;
  /** Starts the editor again on the same user data, after kill(). */
  restart(): Promise<void>;
  /**
   * Closes all windows, ends what runs, and forgets the user: settings, storage, home. What is
   * installed stays, because that is what takes a new editor its seconds.
   */
  leave(): Promise<void>;
  /** Begins anew after leave(), with the same extension. */
  enter(options: HostOptions): Promise<void>;
}

/** Settings that keep an editor quiet, so that a test sees the product and not the welcome page. */
export const quietSettings: Readonly<Record<string, unknown>> = {
  "chat.disableAIFeatures": true,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};
