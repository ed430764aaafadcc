import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { DisposableStore, type Disposable } from "./base/disposable.ts";
import { systemClock } from "./base/systemClock.ts";
import type { CallRecord } from "./cost/call.ts";
import { rateHistory, type RateHistory } from "./cost/rates/rates.ts";
import { httpProbe } from "./endpoints/call/httpProbe.ts";
import { Bookkeeper } from "./session/watch/bookkeeper.ts";
import { BudgetWatch } from "./session/meter/budgetWatch.ts";
import { Connection } from "./session/watch/connection.ts";
import { appHints, type AppHint } from "./session/watch/appHints.ts";
import { healthOf } from "./session/watch/health.ts";
import type { Ledger, LedgerUpkeep, Listing } from "./session/ledgerPort.ts";
import { LogFollower } from "./session/logs/logFollower.ts";
import { LookBack } from "./session/logs/lookBack.ts";
import { Meter } from "./session/meter/meter.ts";
import { Poller } from "./session/watch/poller.ts";
import { endGoneSessions, resumeSession } from "./session/start/sessionLifecycle.ts";
import { Spending } from "./session/meter/spending.ts";
import { AppsView } from "./ui/status/appsView.ts";
import { loggedLines } from "./ui/calls/records.ts";
import { Calls } from "./ui/calls/calls.ts";
import { budgetsIn, showBudgetAlert } from "./ui/away/budgetAlerts.ts";
import { CostsChannel } from "./ui/costsChannel.ts";
import { endDemos } from "./ui/away/demos.ts";
import { Guard } from "./ui/away/guard.ts";
import { careForLedger, openHomeLedger } from "./ui/homeLedger.ts";
import { LogChannel } from "./ui/logChannel.ts";
import { findApps, ModalAccess } from "./ui/modalAccess.ts";
import { Pages } from "./ui/pages/pages.ts";
import { Project, workspaceFolders } from "./ui/project.ts";
import { ProxyTokens } from "./ui/proxyTokens.ts";
import { Reminders } from "./ui/away/reminders.ts";
import { ResultsView } from "./ui/resultsView.ts";
import { Serves } from "./ui/start/serves.ts";
import type { Services } from "./ui/services.ts";
import { SettingsSource } from "./ui/settingsSource.ts";
import { Starts } from "./ui/start/starts.ts";
import { StatusBar } from "./ui/status/statusBar.ts";

/** All services of the commands. */
export interface AppServices extends Services {
  readonly calls: Calls;
  readonly upkeep: LedgerUpkeep;
  readonly results: ResultsView;
  readonly budgets: BudgetWatch;
  readonly spending: Spending;
  readonly access: ModalAccess;
}

const ledgerName = "ledger.db";

/** Composition root: builds the parts and connects them, by constructor arguments. */
export class App implements Disposable {
  readonly log: LogChannel;
  readonly #store = new DisposableStore();
  readonly #costs: CostsChannel;
  readonly #pages: Pages;
  readonly #settings: SettingsSource;
  readonly #statusBar: StatusBar;
  readonly #apps: AppsView;
  readonly #results: ResultsView;
  readonly #secrets: vscode.SecretStorage;
  readonly #distFolder: string;
  /** One folder for all windows of this machine. */
  readonly #storageFolder: string;
  readonly #services: Promise<AppServices>;

  constructor(context: vscode.ExtensionContext) {
    this.#distFolder = vscode.Uri.joinPath(context.extensionUri, "dist").fsPath;
    this.#storageFolder = context.globalStorageUri.fsPath;
    this.#secrets = context.secrets;
    this.log = this.#store.add(new LogChannel());
    this.#costs = this.#store.add(new CostsChannel());
    this.#pages = this.#store.add(new Pages());
    this.#settings = this.#store.add(new SettingsSource());
    this.#statusBar = this.#store.add(new StatusBar());
    this.#apps = this.#store.add(new AppsView());
    this.#results = this.#store.add(new ResultsView(this.#settings, workspaceFolders));
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

  /** What ends with the window and needs a moment: `modal serve` says goodbye to Modal. Never rejects. */
  async close(): Promise<void> {
    const services = await this.#services.catch(() => undefined);
    await services?.serves.endAll();
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #start(): Promise<AppServices> {
    await mkdir(this.#storageFolder, { recursive: true });
    const ledger = this.#store.add(
      await openHomeLedger(join(this.#storageFolder, ledgerName), this.log),
    );
    const windowId = randomUUID();
    const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const access = new ModalAccess({
      settings: this.#settings,
      log: this.log,
      distFolder: this.#distFolder,
      onCredentialsChanged: () => reconnect(),
    });
    const connection = new Connection(() => access.control(), this.log);
    const project = new Project(this.#settings, ledger, findApps);
    const appHint = appHints({
      ledger,
      inFile: (appName) => project.factsInFile(appName),
      inSettings: (appName) => project.gpuSetting(appName),
      nowMs: () => systemClock.nowMs(),
    });
    const poller = this.#store.add(
      new Poller({
        open: () => connection.open(),
        ledger,
        clock: systemClock,
        log: this.log,
        appHint,
        holder: windowId,
        pid: process.pid,
        random: Math.random,
      }),
    );
    const meter = this.#store.add(
      new Meter({
        ledger,
        clock: systemClock,
        poller,
        scope: () => connection.last?.scope ?? null,
        folder: () => project.currentFolder(),
        rates: () => this.#rates(connection, ledger),
        known: { appHint, lifeInFile: (appName) => project.factsInFile(appName) },
        timeZone,
      }),
    );
    const reconnect = (): void => {
      access.reset();
      connection.reset();
      for (const { setting, message } of this.#settings.current.problems) {
        this.log.warn(`${setting}: ${message}`);
      }
      poller.reconnect();
    };
    const tokens = new ProxyTokens(this.#secrets);
    const services: Services = {
      clock: systemClock,
      log: this.log,
      costs: this.#costs,
      pages: this.#pages,
      settings: this.#settings,
      ledger,
      connection,
      meter,
      project,
      tokens,
      probe: httpProbe({ clock: systemClock, proxyToken: (origin) => tokens.get(origin) }),
      serves: this.#store.add(new Serves(this.log)),
      starts: new Starts(),
      deployer: () => access.deployer(async () => (await connection.open()).scope.environment),
      newId: () => randomUUID(),
    };
    for (const part of [
      meter.onChange((state) => this.#statusBar.show(state)),
      this.#settings.onChange(reconnect),
      vscode.workspace.onDidGrantWorkspaceTrust(reconnect),
      vscode.window.onDidChangeWindowState(({ focused }) => poller.setFocused(focused)),
      vscode.window.onDidChangeActiveTextEditor(() => meter.show()),
    ]) {
      this.#store.add(part);
    }
    this.#apps.follow(meter);
    const spending = new Spending({
      ledger,
      clock: systemClock,
      read: (scope, fromMs, toMs) => meter.costsBetween(scope, fromMs, toMs),
      timeZone,
    });
    const budgets = this.#store.add(
      new BudgetWatch({
        spending,
        ledger,
        clock: systemClock,
        log: this.log,
        timeZone,
        scope: () => connection.last?.scopeKey ?? null,
        budgets: () => budgetsIn(this.#settings.current.get("budget")),
        onExceeded: (alert) => this.#later("The budget", () => showBudgetAlert(services, alert)),
      }),
    );
    const calls = this.#store.add(new Calls(services, this.#storageFolder));
    this.#store.add(calls.onResult(() => this.#results.look()));
    this.#react(services, poller, access, windowId, appHint);
    this.#store.add(careForLedger(ledger, this.log));
    await project.look();
    poller.start();
    calls.resumeLeftCalls();
    return {
      ...services,
      calls,
      upkeep: ledger,
      results: this.#results,
      budgets,
      spending,
      access,
    };
  }

  /** What follows from each look: health, sessions that are over, logs to follow, the guardian, demos that end. */
  #react(
    services: Services,
    poller: Poller,
    access: ModalAccess,
    windowId: string,
    appHint: AppHint,
  ): void {
    const { ledger, meter, clock, costs } = services;
    const own = {
      ...services,
      holder: windowId,
      pid: process.pid,
      rates: () => meter.rates(),
      onCall: (call: CallRecord) => costs.lines(loggedLines(call)),
    };
    const resumed = { done: false };
    const bookkeeper = new Bookkeeper({
      ...own,
      onBill: (scope) => this.#later("The bill", () => guard.tellBilled(scope)),
      onBillDenied: (message) => costs.line(`ℹ️ ${message}`),
    });
    const follower = new LogFollower(own);
    const lookBack = new LookBack({ ...own, appHint });
    const guard = new Guard({
      services,
      distFolder: this.#distFolder,
      storageFolder: this.#storageFolder,
      ledgerFile: join(this.#storageFolder, ledgerName),
      windowId,
      cli: () => access.findCli(),
      billAsked: bookkeeper.firstRound,
    });
    for (const part of [
      bookkeeper,
      follower,
      lookBack,
      guard,
      new Reminders(services),
      poller.onFailed((failure) => meter.setHealth(healthOf(failure))),
      poller.onSeen(({ connected, listing }) => {
        meter.setHealth({ kind: "ok" });
        this.#later("The sessions", () => {
          if (!resumed.done) {
            resumed.done = true;
            this.#resume(services, listing);
          }
          endGoneSessions(ledger, listing, clock.nowMs());
          follower.update(connected, listing);
          return Promise.resolve();
        });
        this.#later("The time without a look", () => lookBack.update(connected, listing));
        this.#later("The guardian", () => guard.watch(listing));
        this.#later("The end of a demo", () => endDemos(services, connected, listing, windowId));
      }),
    ]) {
      this.#store.add(part);
    }
  }

  /** Takes up the sessions that a reload, a crash or a closed window left open in these folders. */
  #resume({ ledger, clock, costs }: Services, listing: Listing): void {
    for (const folder of workspaceFolders()) {
      const result = resumeSession(ledger, listing, folder, clock.nowMs());
      if (result.kind === "none" || result.kind === "starting") continue;
      const { mode, apps } = result.session;
      const names = apps.map(({ appName }) => appName).join(", ");
      costs.line(
        result.kind === "resumed"
          ? `▶️ The ${mode} session goes on: ${names}.`
          : `⏹️ The ${mode} session is over: ${names} no longer run(s).`,
      );
    }
  }

  /** Work that nobody waits for. */
  #later(what: string, work: () => Promise<void>): void {
    Promise.resolve()
      .then(work)
      .catch((error: unknown) => this.log.error(`${what}: an unexpected error.`, error));
  }

  #rates(connection: Connection, ledger: Ledger): RateHistory {
    const settings = this.#settings.current;
    const scope = connection.last?.scopeKey;
    const told = scope === undefined ? [] : ledger.rateHistory(scope);
    const { region = 1, nonPreemptible = false } = settings.get("rateMultipliers");
    return rateHistory(
      told.map(({ rates, sinceMs, fetchedAtMs }) => ({ ...rates, sinceMs, fetchedAtMs })),
      { overrides: settings.get("rates"), regionMultiplier: region, nonPreemptible },
    );
  }
}
