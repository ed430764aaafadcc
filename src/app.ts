import { randomUUID } from "node:crypto";
import { join } from "node:path";
import * as vscode from "vscode";
import { t } from "./base/text.ts";
import { followLooks, inBackground } from "./app/looks.ts";
import { buildMoney, type Money } from "./app/money.ts";
import type { ThisWindow } from "./app/thisWindow.ts";
import { buildWatching, firstLook, type Watching } from "./app/watching.ts";
import { DisposableStore } from "./base/disposable.ts";
import { systemClock } from "./base/systemClock.ts";
import type { Texts } from "./base/text.ts";
import { watchProfiles } from "./modal/credentialSource.ts";
import type { RateHistory } from "./cost/rates/rates.ts";
import { httpProbe } from "./endpoints/call/httpProbe.ts";
import { ownFolder } from "./endpoints/result/ownFolder.ts";
import { ResultCosts } from "./endpoints/result/resultCosts.ts";
import type { Ledger } from "./session/ledgerPort.ts";
import type { Resumed } from "./session/start/sessionLifecycle.ts";
import { healthOf } from "./session/watch/health.ts";
import { recordedRates } from "./session/meter/recordedRates.ts";
import { budgetSettings, showBudgetAlert } from "./ui/away/budgetAlerts.ts";
import { endDemos } from "./ui/away/demos.ts";
import { Guard } from "./ui/away/guard.ts";
import { beginHeartbeat } from "./ui/away/heartbeat.ts";
import { tellPrices } from "./ui/away/priceNews.ts";
import { Reminders } from "./ui/away/reminders.ts";
import { Calls } from "./ui/calls/calls.ts";
import { loggedLines } from "./ui/calls/records.ts";
import { CostsChannel } from "./ui/costsChannel.ts";
import { openHomeLedger, type HomeLedger } from "./ui/homeLedger.ts";
import { LogChannel } from "./ui/logChannel.ts";
import { connectionSettings, ModalAccess } from "./ui/modalAccess.ts";
import { Pages } from "./ui/pages/pages.ts";
import { AppFiles } from "./ui/project/appFiles.ts";
import { Project } from "./ui/project/project.ts";
import { workspaceFolders } from "./ui/project/workspaceFolders.ts";
import { ProxyTokens } from "./ui/proxyTokens.ts";
import { ResultsView } from "./ui/resultsView.ts";
import type { AppServices } from "./ui/commands/appServices.ts";
import type { Services } from "./ui/services.ts";
import { tellGoneSettings } from "./ui/settings/gone.ts";
import { offerSettingFixes } from "./ui/settings/fixes.ts";
import { SettingsSource } from "./ui/settings/source.ts";
import { Serves } from "./ui/start/serves.ts";
import { Starts } from "./ui/start/starts.ts";
import { WatchedEnvironment } from "./ui/watched.ts";
import { AppsView } from "./ui/status/appsView.ts";
import { StatusBar } from "./ui/status/statusBar.ts";

const ledgerName = "ledger.db";

/** Composition root: builds the parts and connects them, by constructor arguments. */
export class App {
  readonly log: LogChannel;
  readonly #store = new DisposableStore();
  readonly #costs: CostsChannel;
  readonly #pages: Pages;
  readonly #settings: SettingsSource;
  readonly #watched = new WatchedEnvironment(() => ({
    profile: this.#settings.current.get("profile"),
    environment: this.#settings.current.get("environment"),
  }));
  readonly #statusBar: StatusBar;
  readonly #apps: AppsView;
  readonly #results: ResultsView;
  readonly #secrets: vscode.SecretStorage;
  readonly #distFolder: string;
  /** One folder for all windows of this machine. */
  readonly #storageFolder: string;
  readonly #services: Promise<AppServices>;
  readonly #texts: Texts | undefined;
  #ledgerClosed: () => Promise<void> = () => Promise.resolve();

  constructor(context: vscode.ExtensionContext, texts: Texts | undefined) {
    this.#texts = texts;
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

  /** The services, once the ledger is open or known not to be. */
  services(): Promise<AppServices> {
    return this.#services;
  }

  /**
   * What ends with the window and needs a moment: `modal serve` says goodbye to Modal, and what the
   * last parts wrote reaches the ledger. Never rejects.
   */
  async close(): Promise<void> {
    const services = await this.#services.catch(() => undefined);
    const goodbyes = services?.serves.endAll();
    // The parts write their last; then the ledger writes what is left of it.
    this.#store.dispose();
    await Promise.allSettled([goodbyes, this.#ledgerClosed()]);
  }

  async #start(): Promise<AppServices> {
    const ledger = await this.#openLedger();
    const window: ThisWindow = {
      ledger,
      clock: systemClock,
      log: this.log,
      windowId: randomUUID(),
      pid: process.pid,
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    };
    const access = this.#store.add(
      new ModalAccess({
        settings: this.#settings,
        watched: this.#watched,
        log: this.log,
        distFolder: this.#distFolder,
        onCredentialsChanged: () => reconnect(),
        onCliFound: () => reconnect(),
      }),
    );
    const project = new Project(this.#settings, ledger, this.#store.add(new AppFiles()));
    const watching = buildWatching(this.#store, {
      ...window,
      random: Math.random,
      control: () => access.control(),
      project,
      rates: (scopeKey) => this.#rates(ledger, scopeKey),
      settingProblems: () => this.#settings.problems,
    });
    const reconnect = (): void => {
      access.reset();
      watching.connection.reset();
      watching.meter.show();
      watching.poller.reconnect();
    };
    const offerFixes = (): void =>
      inBackground(this.log, "The settings", () =>
        offerSettingFixes({ ...window, settings: this.#settings }),
      );
    this.#store.add(this.#settings.onChange(offerFixes));
    offerFixes();
    const services = this.#servicesOf(window, watching, access, project);
    this.#listen(watching, project, reconnect);
    inBackground(this.log, "The settings", () => tellGoneSettings(services));
    const money = this.#guard(window, watching, services, access);
    const calls = this.#store.add(new Calls(services, this.#storageFolder));
    this.#store.add(calls.onResult(() => this.#results.look()));
    // What runs is known without any file.
    inBackground(this.log, "The app files", async () => {
      await firstLook(watching.poller);
      await project.look();
      watching.meter.show();
    });
    watching.poller.start();
    calls.resumeLeftCalls();
    return { ...services, ...money, calls, upkeep: ledger, results: this.#results, access };
  }

  #logProblems(): void {
    for (const { setting, message, effect } of this.#settings.problems)
      this.log.warn(`${setting}: ${message}. ${effect}`);
  }

  async #openLedger(): Promise<HomeLedger["ledger"]> {
    // Where it cannot be made, the ledger says so, and nothing else needs it.
    await ownFolder(this.#storageFolder).catch(() => undefined);
    const { ledger, closed } = await openHomeLedger(this.#store, {
      file: join(this.#storageFolder, ledgerName),
      program: join(this.#distFolder, "writer.cjs"),
      clock: systemClock,
      log: this.log,
      texts: this.#texts,
    });
    this.#ledgerClosed = closed;
    return ledger;
  }

  #servicesOf(
    { ledger, clock }: ThisWindow,
    { connection, meter, owners }: Watching,
    access: ModalAccess,
    project: Project,
  ): Services {
    const tokens = new ProxyTokens(this.#secrets);
    return {
      clock,
      log: this.log,
      costs: this.#costs,
      pages: this.#pages,
      settings: this.#settings,
      watched: this.#watched,
      ledger,
      connection,
      meter,
      owners,
      project,
      tokens,
      probe: httpProbe({ clock, proxyToken: (origin) => tokens.get(origin) }),
      serves: this.#store.add(new Serves(this.log)),
      starts: new Starts(),
      deployer: () => access.deployer(async () => (await connection.open()).scope.environment),
      newId: () => randomUUID(),
    };
  }

  /** What the editor's own events mean for the parts that watch. */
  #listen({ meter, poller }: Watching, project: Project, reconnect: () => void): void {
    this.#apps.follow(meter);
    for (const part of [
      meter.onChange((state) => this.#statusBar.show(state)),
      this.#settings.onChange((changed) => {
        this.#logProblems();
        if (changed.some((name) => connectionSettings.has(name))) reconnect();
        else {
          meter.show();
          poller.lookAtOnce();
        }
      }),
      this.#watched.onChange(reconnect),
      watchProfiles(process.env, reconnect),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        reconnect();
        inBackground(this.log, "The app files", () => project.look().then(() => meter.show()));
      }),
      vscode.window.onDidChangeWindowState(({ focused }) => poller.setFocused(focused)),
      vscode.window.onDidChangeActiveTextEditor(() => meter.show()),
    ]) {
      this.#store.add(part);
    }
  }

  /** Sums, budgets and the bill; reminders and the guardian; and what follows from each look. */
  #guard(window: ThisWindow, watching: Watching, services: Services, access: ModalAccess): Money {
    const { costs } = services;
    const money = buildMoney(this.#store, {
      ...window,
      ...watching,
      ...budgetSettings(() => this.#settings.current),
      onExceeded: (alert) =>
        inBackground(this.log, "The budget", () => showBudgetAlert(services, alert)),
      onBill: (scope, fromMs) => {
        inBackground(this.log, "The bill", () => guard.tellBilled(scope, fromMs));
        inBackground(this.log, "The costs of results", () =>
          results.update(scope, { isBilled: true }),
        );
      },
      onPrices: (changes) =>
        inBackground(this.log, "The prices", () => tellPrices(services, changes)),
      onBillDenied: (message) => costs.line(`ℹ️ ${message}`),
    });
    const results = new ResultCosts({
      ...window,
      holder: window.windowId,
      read: (scope, fromMs) => watching.meter.costsSince(scope, fromMs),
    });
    const windowsBefore = window.ledger.windows();
    beginHeartbeat(this.#store, window, watching.poller);
    const guard = this.#store.add(
      new Guard({
        services,
        distFolder: this.#distFolder,
        storageFolder: this.#storageFolder,
        ledgerFile: join(this.#storageFolder, ledgerName),
        windowId: window.windowId,
        windowsBefore,
        cli: () => access.findCli(),
        billAsked: money.bookkeeper.firstRound,
      }),
    );
    this.#store.add(new Reminders(services));
    followLooks(this.#store, {
      ...window,
      ...watching,
      folders: workspaceFolders,
      onCall: (call) => costs.line(...loggedLines(call)),
      onResumed: (resumed) => costs.line(...resumedLines(resumed)),
      // not shown: names for the log
      followers: [
        { name: "The guardian", update: (_connected, listing) => guard.watch(listing) },
        {
          name: "The costs of results",
          update: (_connected, { scope }) => results.update(scope),
        },
        {
          name: "The end of a demo",
          update: (connected, listing) => endDemos(services, connected, listing, window.windowId),
        },
      ],
    });
    return money;
  }

  #rates(ledger: Ledger, scopeKey: string | undefined): RateHistory {
    return recordedRates(
      ledger,
      scopeKey,
      this.#settings.current.sound("rates") ?? {},
      systemClock.nowMs(),
    );
  }
}

/** What the channel says of a session that a reload, a crash or a closed window left open. */
function resumedLines(resumed: Resumed): readonly string[] {
  if (resumed.kind === "none" || resumed.kind === "starting") return [];
  const { mode, apps } = resumed.session;
  const names = apps.map(({ appName }) => appName).join(", ");
  return [
    resumed.kind === "resumed"
      ? t("▶️ The {0} session goes on: {1}.", mode, names)
      : t("⏹️ The {0} session is over. No longer running: {1}.", mode, names),
  ];
}
