import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { ChildProcess } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format } from "node:util";
import { rmSync, createWriteStream } from "node:fs";
import { execa } from "execa";
import type { BrowserContext } from "playwright-core";
import { bareEnvironment } from "./bareEnvironment.ts";
import { launchBrowser } from "./browser.ts";
import { quietSettings } from "./editorHost.ts";
import type { EditorHost, HostOptions, HostRun } from "./editorHost.ts";
import { outFolder, root } from "./paths.ts";
import { extensionHosts, kill, ownProcesses, signalGroup, start, stop } from "./processes.ts";
import type { ServerInstall } from "./serverInstall.ts";
import { until } from "./until.ts";
import { EditorWindow } from "./window.ts";

const defaultSize = { width: 1280, height: 800 };

async function freePort(wanted = 0): Promise<number> {
  const server = createServer();
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  await listen(wanted).catch(() => listen(0));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

/** VS Code's server, with a headless browser as its screen. */
export class ServerHost implements EditorHost {
  readonly kind = "server";
  readonly home: string;
  readonly userData: string;
  readonly #folder: string;
  readonly #install: ServerInstall;
  #options: HostOptions;
  readonly #port: number;
  #server: ChildProcess | undefined;
  #browser: Promise<BrowserContext> | undefined;

  private constructor(folder: string, port: number, install: ServerInstall, options: HostOptions) {
    this.#folder = folder;
    this.#port = port;
    this.#install = install;
    this.#options = options;
    this.home = join(folder, "home");
    this.userData = join(folder, "server", "data");
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  }

  /** `port`: the one to use when it is free; else any. */
  static async start(
    install: ServerInstall,
    { port, ...options }: HostOptions & { readonly port?: number },
  ): Promise<ServerHost> {
    // Short, because the path of a socket may have no more than about 100 characters.
    const folder = await realpath(await mkdtemp(join(tmpdir(), "mm-")));
    const host = new ServerHost(folder, await freePort(port), install, options);
    try {
      if (options.extension !== undefined && "vsix" in options.extension) {
        await host.#installExtension(options.extension.vsix);
      }
      await host.enter(options);
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
    return host;
  }

  /** Where a browser finds the workspace. Used by `npm start`, where a person is the user. */
  url(
    folder: string | null = this.#options.workspace,
    payload: readonly (readonly [string, string])[] = [],
  ): string {
    const url = new URL(`http://127.0.0.1:${this.#port}/`);
    // "ew": an empty window, also where a folder was open before.
    if (folder === null) url.searchParams.set("ew", "true");
    else url.searchParams.set(folder.endsWith(".code-workspace") ? "workspace" : "folder", folder);
    const all = [["skipWelcome", "true"], ...this.#developmentPayload(), ...payload];
    url.searchParams.set("payload", JSON.stringify(all));
    return url.href;
  }

  async writeSettings(settings: Readonly<Record<string, unknown>>): Promise<void> {
    const all = { ...quietSettings, ...settings };
    // Settings of machine scope count only where a remote machine keeps its own.
    for (const name of ["User", "Machine"]) {
      const folder = join(this.userData, name);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "settings.json"), JSON.stringify(all, undefined, 2));
    }
  }

  async open(folder?: string | null): Promise<EditorWindow> {
    const context = await this.#context();
    const before = extensionHosts();
    let own: readonly number[] = [];
    const page = await context.newPage();
    await page.setViewportSize({ ...(this.#options.size ?? defaultSize) });
    const learnHosts = async (old: readonly number[]) => {
      own = await until("an extension host was started", () => {
        const pids = extensionHosts().filter((pid) => !old.includes(pid));
        return pids.length > 0 ? pids : undefined;
      });
    };
    const window = new EditorWindow(page, {
      readClipboard: async () => page.evaluate<string>("navigator.clipboard.readText()"),
      reloaded: async () => learnHosts([...before, ...own]),
      killExtensionHost: async () => {
        for (const pid of own) kill(pid);
        await until("the extension host has ended", () =>
          own.every((pid) => !extensionHosts().includes(pid)),
        );
      },
      close: async () => {
        await page.close({ runBeforeUnload: true });
        await until("the window is closed", () => page.isClosed());
      },
    });
    await page.goto(this.url(folder), { timeout: 60_000 });
    await learnHosts(before);
    await window.ready();
    return window;
  }

  async runTests(runner: string, env: Readonly<Record<string, string>> = {}): Promise<HostRun> {
    // The extension host gets the server's environment, so a run has a server of its own.
    await this.#stopServer();
    await this.#startServer(env);
    const page = await (await this.#context()).newPage();
    const lines: string[] = [];
    const finished = new Promise<number>((resolve, reject) => {
      page.once("crash", () => reject(new Error("The browser page crashed.")));
      const outcome = async () => {
        await page.exposeFunction("codeAutomationLog", (_type: string, args: unknown[]) => {
          lines.push(format(...args));
        });
        await page.exposeFunction("codeAutomationExit", (code: number) => resolve(code));
        const remote = `vscode-remote://127.0.0.1:${this.#port}`;
        await page.goto(this.url(undefined, [["extensionTestsPath", `${remote}${runner}`]]), {
          timeout: 60_000,
        });
      };
      outcome().catch(reject);
      const timeout = setTimeout(() => {
        reject(new Error(`The tests in the extension host did not end.\n${lines.join("\n")}`));
      }, 300_000);
      timeout.unref();
    });
    try {
      return { code: await finished, log: lines.join("\n") };
    } finally {
      await page.close();
    }
  }

  async killClient(): Promise<void> {
    const profile = join(this.#folder, "browser");
    const own = () => ownProcesses().filter(({ command }) => command.includes(profile));
    this.#browser = undefined;
    for (const { pid } of own()) kill(pid);
    await until("the browser has ended", () => own().length === 0);
  }

  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    signalGroup(server, "SIGKILL");
    await until(
      "the server has ended",
      () => server.exitCode !== null || server.signalCode !== null,
    );
    await until("the extension hosts have ended", () => extensionHosts().length === 0);
  }

  async restart(): Promise<void> {
    if (this.#server === undefined) await this.#startServer({});
  }

  async leave(): Promise<void> {
    const context = await this.#browser;
    if (context !== undefined) {
      // A browser ends with its last page.
      const blank = await context.newPage();
      for (const page of context.pages()) if (page !== blank) await page.close();
      const session = await context.newCDPSession(blank);
      // Not its cache: the workbench is the same for the next user.
      await session.send("Storage.clearDataForOrigin", {
        origin: new URL(this.url()).origin,
        storageTypes: "cookies,local_storage,indexeddb,service_workers",
      });
    }
    await this.#stopServer();
    for (const { pid, command } of ownProcesses()) {
      const isBrowser = command.includes(join(this.#folder, "browser"));
      if (command.includes(this.#folder) && !isBrowser) kill(pid);
    }
    await until("the extension hosts have ended", () => extensionHosts().length === 0);
    for (const folder of [this.userData, this.home]) {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  async enter(options: HostOptions): Promise<void> {
    this.#options = options;
    await mkdir(this.home, { recursive: true });
    await this.writeSettings(options.settings ?? {});
    await this.#startServer({});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const browser = await this.#browser?.catch(() => undefined);
    await browser?.close();
    await this.#stopServer();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /**
   * The extension is loaded from a folder, which a built server does only as a driver of smoke tests;
   * and such a one shows no toast. So a window with the package has what a person sees.
   */
  #developedIn(): string | undefined {
    const extension = this.#options.extension ?? { folder: root };
    return "vsix" in extension ? undefined : extension.folder;
  }

  #developmentPayload(): readonly (readonly [string, string])[] {
    const folder = this.#developedIn();
    if (folder === undefined) return [];
    const remote = `vscode-remote://127.0.0.1:${this.#port}`;
    return [["extensionDevelopmentPath", `${remote}${folder}`]];
  }

  #context(): Promise<BrowserContext> {
    this.#browser ??= launchBrowser({
      userDataFolder: join(this.#folder, "browser"),
      fontFiles: this.#install.fontFiles,
      size: this.#options.size ?? defaultSize,
    });
    return this.#browser;
  }

  #serverFolders(): readonly string[] {
    return [
      "--server-data-dir",
      join(this.#folder, "server"),
      "--extensions-dir",
      join(this.#folder, "extensions"),
    ];
  }

  async #installExtension(vsix: string): Promise<void> {
    await execa(
      process.execPath,
      [this.#install.main, "--install-extension", vsix, "--force", ...this.#serverFolders()],
      { env: bareEnvironment(this.home), extendEnv: false },
    );
  }

  async #startServer(env: Readonly<Record<string, string>>): Promise<void> {
    await mkdir(outFolder, { recursive: true });
    const server = start(
      process.execPath,
      [
        this.#install.main,
        "--host=127.0.0.1",
        `--port=${this.#port}`,
        "--without-connection-token",
        "--accept-server-license-terms",
        ...(this.#developedIn() !== undefined ? ["--enable-smoke-test-driver"] : []),
        "--telemetry-level=off",
        "--force-disable-user-env",
        ...this.#serverFolders(),
      ],
      {
        env: { ...bareEnvironment(this.home), ...this.#options.env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.#server = server;
    const log = createWriteStream(join(outFolder, "server.log"), { flags: "a" });
    server.stdout?.pipe(log);
    server.stderr?.pipe(log);
    await until(
      "VS Code's server answers",
      async () => {
        if (server.exitCode !== null) throw new Error(`it ended with code ${server.exitCode}`);
        return (await fetch(`http://127.0.0.1:${this.#port}/version`)).ok;
      },
      { withinMs: 60_000, describe: () => `See ${join(outFolder, "server.log")}` },
    );
  }

  async #stopServer(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) await stop(server);
  }
}
