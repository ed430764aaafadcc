import { randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { DisposableStore, type Disposable } from "./base/disposable.ts";
import { Failure } from "./base/failure.ts";
import { systemClock } from "./base/systemClock.ts";
import { ratesInForce, type Rates } from "./cost/rates.ts";
import { httpProbe } from "./endpoints/httpProbe.ts";
import { fullLook } from "./guardian/fullLook.ts";
import { openLedger } from "./ledger/openLedger.ts";
import type { CliCommand } from "./modal/cliCommand.ts";
import { CliDeployer } from "./modal/cliDeployer.ts";
import { createControl } from "./modal/createControl.ts";
import type { CredentialChoice } from "./modal/credentials.ts";
import { findDeployTargets } from "./modal/deployTargets.ts";
import { sdkLoader } from "./modal/loadSdk.ts";
import { Connection } from "./session/connection.ts";
import { healthOf } from "./session/health.ts";
import type { Ledger, LedgerUpkeep } from "./session/ledgerPort.ts";
import { Meter } from "./session/meter.ts";
import type { Refresh } from "./session/refresh.ts";
import { Calls } from "./ui/calls.ts";
import { CostsChannel } from "./ui/costsChannel.ts";
import { LogChannel } from "./ui/logChannel.ts";
import { findModalCommand } from "./ui/modalCommand.ts";
import { Project, type FoundApp } from "./ui/project.ts";
import { ProxyTokens } from "./ui/proxyTokens.ts";
import type { Services } from "./ui/services.ts";
import { SettingsSource } from "./ui/settingsSource.ts";
import { StatusBar } from "./ui/statusBar.ts";

/** Where the parts of the extension lie on the disk. */
export interface AppPlaces {
  /** Folder of the bundles. */
  readonly distFolder: string;
  /** One folder for all windows of this machine. */
  readonly storageFolder: string;
}

/** All services of the commands. */
export interface AppServices extends Services {
  readonly calls: Calls;
  readonly upkeep: LedgerUpkeep;
}

const pollMs = 15_000;

/** Composition root: builds the parts and connects them, by constructor arguments. */
export class App implements Disposable {
  readonly log: LogChannel;
  readonly #store = new DisposableStore();
  readonly #costs: CostsChannel;
  readonly #settings: SettingsSource;
  readonly #statusBar: StatusBar;
  readonly #tokens: ProxyTokens;
  readonly #places: AppPlaces;
  readonly #services: Promise<AppServices>;
  #cli: Promise<CliCommand | null> | undefined;

  constructor(context: vscode.ExtensionContext) {
    this.#places = {
      distFolder: vscode.Uri.joinPath(context.extensionUri, "dist").fsPath,
      storageFolder: context.globalStorageUri.fsPath,
    };
    this.log = this.#store.add(new LogChannel());
    this.#costs = this.#store.add(new CostsChannel());
    this.#settings = this.#store.add(new SettingsSource());
    this.#statusBar = this.#store.add(new StatusBar());
    this.#tokens = new ProxyTokens(context.secrets);
    this.#services = this.#start();
    this.#services.catch((error: unknown) => {
      this.log.error("Modal Meter could not start.", error);
      this.#statusBar.showBroken(healthOf(error));
    });
  }

  /** The services, once the ledger is open. Rejects with `Failure("ledger")` when it can not be. */
  services(): Promise<AppServices> {
    return this.#services;
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #start(): Promise<AppServices> {
    const { storageFolder } = this.#places;
    await mkdir(storageFolder, { recursive: true });
    const { ledger, setAside } = await openLedger(join(storageFolder, "ledger.db"));
    this.#store.add(ledger);
    if (setAside !== null) this.#tellSetAside(setAside);

    const connection = new Connection(() => this.#createControl(), this.log);
    const project = new Project(this.#settings, ledger, findApps);
    const meter = this.#store.add(
      new Meter({
        ledger,
        clock: systemClock,
        refresh: this.#refresher(connection, ledger),
        scope: () => connection.last?.scope ?? null,
        folder: () => project.currentFolder(),
        rates: () => this.#rates(connection, ledger),
        timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        staleAfterMs: () => 4 * pollMs,
      }),
    );
    this.#store.add(meter.onChange((state) => this.#statusBar.show(state)));
    this.#store.add(this.#settings.onChange(() => this.#reconnect(connection, meter)));
    this.#store.add(
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#reconnect(connection, meter)),
    );
    const services: Services = {
      clock: systemClock,
      log: this.log,
      costs: this.#costs,
      settings: this.#settings,
      ledger,
      connection,
      meter,
      project,
      tokens: this.#tokens,
      probe: httpProbe({ clock: systemClock, proxyToken: (origin) => this.#tokens.get(origin) }),
      deployer: () => this.#deployer(connection),
      newId: () => randomUUID(),
    };
    const calls = this.#store.add(new Calls(services, storageFolder));
    this.#poll(meter);
    await calls.resumeLeftCalls();
    return { ...services, calls, upkeep: ledger };
  }

  /** Every look goes through here, so the health on the status bar is that of the last one. */
  #refresher(connection: Connection, ledger: Ledger): Refresh {
    return async (options) => {
      const meter = (): Promise<Meter> => this.#services.then((services) => services.meter);
      try {
        const connected = await connection.open();
        const listing = await fullLook({ connected, ledger, clock: systemClock })(options);
        (await meter()).setHealth({ kind: "ok" });
        return listing;
      } catch (error) {
        (await meter()).setHealth(healthOf(error));
        throw error;
      }
    };
  }

  #poll(meter: Meter): void {
    const look = async (): Promise<void> => {
      try {
        await meter.refreshNow();
      } catch (error) {
        this.log.warn(`The look at Modal failed: ${healthOf(error).kind}`);
      }
      if (!this.#store.isDisposed) this.#store.add(systemClock.after(pollMs, () => void look()));
    };
    void look();
  }

  #reconnect(connection: Connection, meter: Meter): void {
    this.#cli = undefined;
    connection.reset();
    const [problem] = this.#settings.current.problems;
    if (problem !== undefined) this.log.warn(`${problem.setting}: ${problem.message}`);
    meter.refreshNow().catch((error: unknown) => {
      this.log.warn(`The look after a change of the settings failed: ${String(error)}`);
    });
  }

  async #createControl() {
    const settings = this.#settings.current;
    const mode = settings.get("control");
    return createControl({
      mode,
      cli: await this.#findCli().catch((error: unknown) => {
        if (mode === "cli") throw error;
        this.log.warn(`The modal command was not found: ${String(error)}`);
        return null;
      }),
      loadSdk: sdkLoader(join(this.#places.distFolder, "sdk.cjs")),
      choice: this.#choice(),
      processEnv: process.env,
      clock: systemClock,
      log: this.log,
      onCredentialsChanged: () => {
        this.#services
          .then(({ connection, meter }) => this.#reconnect(connection, meter))
          .catch((error: unknown) => this.log.error("Reconnecting failed.", error));
      },
    });
  }

  #choice(): CredentialChoice {
    const settings = this.#settings.current;
    return {
      profile: settings.get("profile") || null,
      environment: settings.get("environment") || null,
    };
  }

  #findCli(): Promise<CliCommand | null> {
    const folders = (vscode.workspace.workspaceFolders ?? [])
      .filter(({ uri }) => uri.scheme === "file")
      .map(({ uri }) => uri.fsPath);
    this.#cli ??= findModalCommand(this.#settings.current.get("cliPath"), folders).then((cli) => {
      this.log.info(
        cli === null
          ? "No modal command was found."
          : `The modal command is ${cli.command} ${cli.prefixArgs.join(" ")} (${cli.version ?? "?"}, ${cli.origin}).`,
      );
      return cli;
    });
    return this.#cli;
  }

  async #deployer(connection: Connection): Promise<CliDeployer> {
    const cli = await this.#findCli();
    if (cli === null) {
      this.#cli = undefined;
      throw new Failure(
        "cli-missing",
        "The modal command was not found. Install it (pip install modal) in the workspace's virtual environment or on PATH, or set modalMeter.cliPath.",
      );
    }
    return new CliDeployer({
      cli,
      processEnv: process.env,
      choice: this.#choice(),
      environment: async () => (await connection.open()).scope.environment,
      clock: systemClock,
      log: this.log,
    });
  }

  #rates(connection: Connection, ledger: Ledger): Rates {
    const settings = this.#settings.current;
    const scope = connection.last?.scopeKey;
    const told = scope === undefined ? undefined : ledger.latestRates(scope);
    const { region = 1, nonPreemptible = false } = settings.get("rateMultipliers");
    return ratesInForce({
      ...(told === undefined
        ? {}
        : { workspace: { ...told.rates, fetchedAtMs: told.fetchedAtMs } }),
      overrides: settings.get("rates"),
      regionMultiplier: region,
      nonPreemptible,
    });
  }

  #tellSetAside(path: string): void {
    this.log.warn(`The ledger was damaged. It was set aside as ${path}, and a new one was begun.`);
    void vscode.window.showWarningMessage(
      vscode.l10n.t(
        "The ledger of Modal Meter was damaged. It was kept as {0}, and a new one was begun.",
        path,
      ),
    );
  }
}

async function findApps(folder: string): Promise<readonly FoundApp[]> {
  const found = await findDeployTargets(folder, {
    listPythonFiles: async (root) => {
      const pattern = new vscode.RelativePattern(vscode.Uri.file(root), "**/*.py");
      const files = await vscode.workspace.findFiles(pattern, undefined, 5000);
      return files.map(({ fsPath }) => fsPath);
    },
    readText: (file) => readFile(file, "utf8"),
  });
  return found.map(({ target }) => ({ file: target.file, name: target.name }));
}
