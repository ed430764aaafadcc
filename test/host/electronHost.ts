import { existsSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { downloadAndUnzipVSCode, runTests, runVSCodeCommand } from "@vscode/test-electron";
import { execa } from "execa";
import { _electron } from "playwright-core";
import type { ElectronApplication, Page } from "playwright-core";
import * as z from "zod/mini";
import { bareEnvironment } from "./bareEnvironment.ts";
import { quietSettings } from "./editorHost.ts";
import type { EditorHost, HostOptions, HostRun } from "./editorHost.ts";
import { cacheFolder, root } from "./paths.ts";
import { kill, marked, ownProcesses } from "./processes.ts";
import { until } from "./until.ts";
import { EditorWindow } from "./window.ts";

/** The version that is downloaded: the same as the server's, so that both hosts show one behaviour. */
const version = "1.139.1";
const quietArguments = [
  "--disable-updates",
  "--force-disable-user-env",
  "--no-sandbox",
  "--password-store=basic",
  "--skip-release-notes",
  "--skip-welcome",
];

async function canDownload(): Promise<boolean> {
  const url = `https://update.code.visualstudio.com/api/releases/stable`;
  return fetch(url, { signal: AbortSignal.timeout(5000) }).then(
    (response) => response.ok,
    () => false,
  );
}

/**
 * The desktop VS Code to test in: `VSCODE_TEST_EXECUTABLE`, else a downloaded one. Undefined when
 * there is no desktop, `MODAL_METER_TEST_HOST=server` asks for the other host, or no download works.
 *
 * @throws Error when VSCODE_TEST_EXECUTABLE names no file.
 */
export async function findDesktopEditor(say: (line: string) => void): Promise<string | undefined> {
  const named = process.env["VSCODE_TEST_EXECUTABLE"];
  if (named !== undefined && named !== "") {
    if (!existsSync(named)) throw new Error(`VSCODE_TEST_EXECUTABLE names no file: ${named}`);
    return named;
  }
  if (process.env["MODAL_METER_TEST_HOST"] === "server") return undefined;
  const display = process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"] ?? "";
  if (process.platform === "linux" && display === "") return undefined;
  try {
    const cached = existsSync(join(cacheFolder, `vscode-${process.platform}-${version}`));
    if (!cached && !(await canDownload())) return undefined;
    return await downloadAndUnzipVSCode({ version, cachePath: cacheFolder });
  } catch (error) {
    say(`VS Code cannot be downloaded (${String(error)}); its server in a browser is used.`);
    return undefined;
  }
}

/** What is used of Electron's main process; its types are a package of their own. */
interface Electron {
  readonly app: { getAppMetrics(): unknown };
  readonly clipboard: { readText(): string };
}

const metrics = z.array(z.object({ pid: z.number(), name: z.optional(z.string()) }));

/** A desktop VS Code (Electron). */
export class ElectronHost implements EditorHost {
  readonly kind = "electron";
  readonly home: string;
  readonly userData: string;
  readonly #folder: string;
  readonly #executable: string;
  #options: HostOptions;
  #app: ElectronApplication | undefined;

  private constructor(folder: string, executable: string, options: HostOptions) {
    this.#folder = folder;
    this.#executable = executable;
    this.#options = options;
    this.home = join(folder, "home");
    this.userData = join(folder, "data");
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  }

  static async start(executable: string, options: HostOptions): Promise<ElectronHost> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "mm-")));
    const host = new ElectronHost(folder, executable, options);
    try {
      await host.enter(options);
      if (options.extension !== undefined && "vsix" in options.extension) {
        await runVSCodeCommand(
          ["--install-extension", options.extension.vsix, "--force", ...host.#folders()],
          { spawn: { env: host.#environment() } },
        );
      }
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
    return host;
  }

  async writeSettings(settings: Readonly<Record<string, unknown>>): Promise<void> {
    const folder = join(this.userData, "User");
    await mkdir(folder, { recursive: true });
    const all = { ...quietSettings, "window.dialogStyle": "custom", ...settings };
    await writeFile(join(folder, "settings.json"), JSON.stringify(all, undefined, 2));
  }

  async open(folder: string | null = this.#options.workspace): Promise<EditorWindow> {
    const before = await this.#extensionHosts();
    const page = await (this.#app === undefined ? this.#launch(folder) : this.#another(folder));
    const app = this.#running();
    const size = this.#options.size;
    if (size !== undefined) await page.setViewportSize({ ...size });
    let own: readonly number[] = [];
    const learnHosts = async (old: readonly number[]) => {
      own = await until("an extension host was started", async () => {
        const pids = (await this.#extensionHosts()).filter((pid) => !old.includes(pid));
        return pids.length > 0 ? pids : undefined;
      });
    };
    const window = new EditorWindow(page, {
      readClipboard: async () =>
        app.evaluate((electron: Electron) => electron.clipboard.readText()),
      reloaded: async () => learnHosts([...before, ...own]),
      killExtensionHost: async () => {
        for (const pid of own) kill(pid);
        await until("the extension host has ended", async () => {
          const alive = await this.#extensionHosts();
          return own.every((pid) => !alive.includes(pid));
        });
      },
      close: async () => {
        const last = app.windows().length === 1;
        const browserWindow = await app.browserWindow(page);
        const closed = last ? app.waitForEvent("close") : page.waitForEvent("close");
        await browserWindow.evaluate((it: { close(): void }) => it.close());
        await closed;
        if (last) this.#app = undefined;
      },
    });
    await learnHosts(before);
    await window.ready();
    return window;
  }

  async runTests(runner: string, env: Readonly<Record<string, string>> = {}): Promise<HostRun> {
    const output = new PassThrough();
    const chunks: string[] = [];
    output.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
    let code = 0;
    try {
      code = await runTests({
        vscodeExecutablePath: this.#executable,
        extensionDevelopmentPath: this.#extensionFolder() ?? root,
        extensionTestsPath: runner,
        extensionTestsEnv: { ...this.#environment(), ...env },
        launchArgs: [this.#options.workspace, ...this.#quietArguments(), ...this.#folders()],
        stdout: output,
        stderr: output,
      });
    } catch (error) {
      chunks.push(String(error));
      code = 1;
    }
    return { code, log: chunks.join("") };
  }

  killClient(): Promise<void> {
    return this.kill();
  }

  async kill(): Promise<void> {
    const app = this.#running();
    this.#app = undefined;
    const closed = app.waitForEvent("close");
    app.process().kill("SIGKILL");
    await closed;
  }

  async restart(): Promise<void> {
    // Each open() starts the editor when it does not run.
  }

  /** A folder is trusted without a question, where the settings of the test do not ask for Restricted Mode. */
  #quietArguments(): readonly string[] {
    const isAsked = this.#options.settings?.["security.workspace.trust.enabled"] === true;
    return isAsked ? quietArguments : [...quietArguments, "--disable-workspace-trust"];
  }

  async leave(): Promise<void> {
    await this.#app?.close();
    this.#app = undefined;
    for (const { pid } of ownProcesses().filter(({ command }) => command.includes(this.#folder))) {
      kill(pid);
    }
    for (const folder of [this.userData, this.home]) {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  async enter(options: HostOptions): Promise<void> {
    this.#options = options;
    await mkdir(this.home, { recursive: true });
    await this.writeSettings(options.settings ?? {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#app?.close();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #running(): ElectronApplication {
    if (this.#app === undefined) throw new Error("The editor does not run.");
    return this.#app;
  }

  #extensionFolder(): string | undefined {
    const extension = this.#options.extension ?? { folder: root };
    return "folder" in extension ? extension.folder : undefined;
  }

  #environment(): Record<string, string> {
    const env = { ...bareEnvironment(this.home), ...this.#options.env };
    for (const name of ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"]) {
      const value = process.env[name];
      if (value !== undefined) env[name] = value;
    }
    return marked(env);
  }

  #folders(): readonly string[] {
    return [
      `--user-data-dir=${this.userData}`,
      `--extensions-dir=${join(this.#folder, "extensions")}`,
    ];
  }

  #arguments(folder: string | null): string[] {
    const extension = this.#extensionFolder();
    return [
      ...(folder === null ? [] : [folder]),
      ...this.#quietArguments(),
      ...this.#folders(),
      ...(extension === undefined ? [] : [`--extensionDevelopmentPath=${extension}`]),
    ];
  }

  async #launch(folder: string | null): Promise<Page> {
    const app = await _electron.launch({
      executablePath: this.#executable,
      args: this.#arguments(folder),
      env: this.#environment(),
      timeout: 60_000,
    });
    this.#app = app;
    return app.firstWindow({ timeout: 60_000 });
  }

  /** A second start on the same user data hands its window over to the running editor. */
  async #another(folder: string | null): Promise<Page> {
    if (this.#extensionFolder() !== undefined) {
      throw new Error(
        "VS Code opens one window per extension folder: use { vsix } to test two windows.",
      );
    }
    const opened = this.#running().waitForEvent("window");
    await execa(this.#executable, ["--new-window", ...this.#arguments(folder)], {
      env: this.#environment(),
      extendEnv: false,
    });
    return opened;
  }

  async #extensionHosts(): Promise<readonly number[]> {
    if (this.#app === undefined) return [];
    const all = metrics.parse(
      await this.#app.evaluate((electron: Electron) => electron.app.getAppMetrics()),
    );
    return all
      .filter(({ name }) => name?.startsWith("extensionHost") === true)
      .map(({ pid }) => pid);
  }
}
