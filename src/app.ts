import { randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { DisposableStore, type Disposable } from "./base/disposable.ts";
import { Emitter } from "./base/event.ts";
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
import { Bookkeeper } from "./session/bookkeeper.ts";
import { Connection, type Connected } from "./session/connection.ts";
import { healthOf } from "./session/health.ts";
import type { Ledger, LedgerUpkeep, Listing } from "./session/ledgerPort.ts";
import { LogFollower } from "./session/logFollower.ts";
import { Meter } from "./session/meter.ts";
import type { Health } from "./session/meterState.ts";
import type { Refresh } from "./session/refresh.ts";
import { endGoneSessions } from "./session/sessionLifecycle.ts";
import { isOwnCall, loggedLines } from "./ui/callRecords.ts";
import { AppsView } from "./ui/appsView.ts";
import { Calls } from "./ui/calls.ts";
import { endDemos } from "./ui/demos.ts";
import { CostsChannel } from "./ui/costsChannel.ts";
import { Guard } from "./ui/guard.ts";
import { LogChannel } from "./ui/logChannel.ts";
import { findModalCommand } from "./ui/modalCommand.ts";
import { Project, workspaceFolders, type FoundApp } from "./ui/project.ts";
import { ProxyTokens } from "./ui/proxyTokens.ts";
import { Reminders } from "./ui/reminders.ts";
import { ResultsView } from "./ui/resultsView.ts";
import type { Services } from "./ui/services.ts";
import { Serves } from "./ui/serves.ts";
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
  readonly results: ResultsView;
  readonly findCli: () => Promise<CliCommand | null>;
}

/** What one look at Modal came to. */
interface Seen {
  readonly health: Health;
  readonly connected?: Connected;
  readonly listing?: Listing;
}

const pollMs = 15_000;
const ledgerName = "ledger.db";

/** Composition root: builds the parts and connects them, by constructor arguments. */
export class App implements Disposable {
  readonly log: LogChannel;
  readonly #store = new DisposableStore();
  readonly #costs: CostsChannel;
  readonly #settings: SettingsSource;
  readonly #statusBar: StatusBar;
  readonly #apps: AppsView;
  readonly #results: ResultsView;
  readonly #tokens: ProxyTokens;
  readonly #places: AppPlaces;
  readonly #services: Promise<AppServices>;
  readonly #seen = this.#store.add(new Emitter<Seen>());
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
    this.#apps = this.#store.add(new AppsView());
    this.#results = this.#store.add(new ResultsView(this.#settings, workspaceFolders));
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
    const { ledger, setAside } = await openLedger(join(storageFolder, ledgerName));
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
    this.#apps.follow(meter);
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
      serves: this.#store.add(new Serves(this.log)),
      deployer: () => this.#deployer(connection),
      newId: () => randomUUID(),
    };
    const calls = this.#store.add(new Calls(services, storageFolder));
    this.#react(services);
    this.#poll(meter);
    await calls.resumeLeftCalls();
    return {
      ...services,
      calls,
      upkeep: ledger,
      results: this.#results,
      findCli: () => {
        this.#cli = undefined;
        return this.#findCli();
      },
    };
  }

  /** Every look goes through here, so the health on the status bar is that of the last one. */
  #refresher(connection: Connection, ledger: Ledger): Refresh {
    return async (options) => {
      try {
        const connected = await connection.open();
        const listing = await fullLook({ connected, ledger, clock: systemClock })(options);
        this.#seen.emit({ health: { kind: "ok" }, connected, listing });
        return listing;
      } catch (error) {
        this.#seen.emit({ health: healthOf(error) });
        throw error;
      }
    };
  }

  /** What follows from each look: sessions that are over, logs to follow, the guardian, expiring demos. */
  #react(services: Services): void {
    const { ledger, meter, clock, costs } = services;
    const holder = services.newId();
    const bookkeeper = new Bookkeeper({
      ...services,
      holder,
      pid: process.pid,
      onBillDenied: (message) => costs.line(`ℹ️ ${message}`),
    });
    const follower = new LogFollower({
      ...services,
      holder,
      pid: process.pid,
      onCall: (call) => {
        if (!isOwnCall(ledger, call)) costs.lines(loggedLines(call));
      },
    });
    const guard = new Guard({
      services,
      ...this.#places,
      ledgerFile: join(this.#places.storageFolder, ledgerName),
      windowId: holder,
      cli: () => this.#findCli(),
    });
    for (const part of [bookkeeper, follower, guard, new Reminders(services)])
      this.#store.add(part);
    this.#store.add(
      this.#seen.on(({ health, connected, listing }) => {
        meter.setHealth(health);
        if (connected === undefined || listing === undefined) return;
        this.#later("The sessions", () => {
          endGoneSessions(ledger, listing, clock.nowMs());
          follower.update(connected, listing);
          return Promise.resolve();
        });
        this.#later("The guardian", () => guard.watch(listing));
        this.#later("The end of a demo", () => endDemos(services, connected, listing, holder));
      }),
    );
  }

  /** Work that nobody waits for. */
  #later(what: string, work: () => Promise<void>): void {
    Promise.resolve()
      .then(work)
      .catch((error: unknown) => this.log.error(`${what}: an unexpected error.`, error));
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
    const setting = this.#settings.current.get("cliPath");
    this.#cli ??= findModalCommand(setting, workspaceFolders()).then((cli) => {
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
