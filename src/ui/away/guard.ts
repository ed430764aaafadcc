import { join } from "node:path";
import * as vscode from "vscode";
import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { delay } from "../../base/clock.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { distrust, type FromSettings, type GuardTarget } from "../../guardian/guardTarget.ts";
import { pidAlive } from "../../guardian/pidAlive.ts";
import { startGuardian, type GuardianStart } from "../../guardian/startGuardian.ts";
import { watches } from "../../guardian/windowPresence.ts";
import { hourOf } from "../../cost/billed/billedRow.ts";
import { withoutApps, type CostReading } from "../../session/meter/costReader.ts";
import { likelyName } from "../../session/deployer.ts";
import { appAuthors, askAppsOfOthers } from "../../session/appAuthors.ts";
import {
  awayLines,
  awayRange,
  awayReport,
  type AwayReport,
} from "../../session/remind/awayReport.ts";
import type { CliCommand } from "../../modal/cli/command.ts";
import { leftToRead } from "../../session/logs/leftToRead.ts";
import { unknownTimes } from "../../session/meter/unknownTimes.ts";
import { unseenHours, UnseenBills } from "../../session/meter/unseenBill.ts";
import type { Listing, WindowRecord } from "../../session/ledgerPort.ts";
import { liveApps, type LiveApp } from "../../session/liveApp.ts";
import { isByLogin, startedHere } from "../../session/owner.ts";
import { environmentIn, workspaceIn } from "../../session/scope.ts";
import {
  elsewhereSince,
  recallEnvironments,
  type SeenSince,
} from "../../session/workspace/elsewhere.ts";
import type { Services } from "../services.ts";
import { closeStops, tellUnreported } from "./leftBehind.ts";
import { sayInfo, sayWarning } from "../say.ts";
import { runCommand } from "../command.ts";

export interface GuardParts {
  readonly services: Services;
  readonly distFolder: string;
  readonly storageFolder: string;
  readonly ledgerFile: string;
  readonly windowId: string;
  /** The other windows, as they were before this one wrote its first heartbeat. */
  readonly windowsBefore: readonly WindowRecord[];
  readonly cli: () => Promise<CliCommand | null>;
  /** Resolves when Modal has been asked for its bill once. */
  readonly billAsked: Promise<unknown>;
}

const lastReportKey = "away:lastReport";
/** How long the report after an absence waits for the bill, which knows more than the meter. */
const billWaitMs = 10_000;
/** And how long for the logs, each of which costs the CLI a second or more. */
const logWaitSeconds = 30;
/** And for whose it is that runs in the other environments, which the second look tells. */
const elsewhereWaitSeconds = 30;

/** This window's part in not forgetting: the guardian's start, and the report after an absence. */
export class Guard implements Disposable {
  readonly #parts: GuardParts;
  readonly #store = new DisposableStore();
  readonly #ending = new AbortController();
  readonly #openedAtMs: number;
  readonly #unseenBills: UnseenBills;
  /** Who deployed an app that no session started, as Modal told once. */
  readonly #deployedBy = new Map<string, string | null>();
  #reported: Promise<void> | undefined;
  /** The guardian that this window started last. */
  #guardian: GuardianStart["last"];
  #failed = false;

  constructor(parts: GuardParts) {
    this.#parts = parts;
    const { ledger, clock } = parts.services;
    this.#openedAtMs = clock.nowMs();
    this.#unseenBills = new UnseenBills(ledger);
    this.#distrust().catch((error: unknown) => {
      parts.services.log.error("The guardian's targets still have what a folder said.", error);
    });
  }

  /** Called for each listing: while own apps run, a guardian does. */
  async watch(listing: Listing): Promise<void> {
    const { services, distFolder, storageFolder, ledgerFile, windowId } = this.#parts;
    const { ledger, clock, log } = services;
    closeStops(services, windowId, listing);
    if (this.#reported === undefined) {
      this.#reported = this.#report(listing).then(
        (isReported) => tellUnreported(services, listing, isReported),
        (error: unknown) => {
          if (this.#store.isDisposed) return;
          log.error("The report after an absence failed.", error);
          tellUnreported(services, listing, false);
        },
      );
    }
    const sessions = ledger.sessions({ scope: listing.scope });
    const appIds = startedHere(sessions);
    const live = liveApps(listing);
    const isWanted = live.some(({ appId }) => appIds.has(appId)) || (await this.#someIsMine(live));
    if (!isWanted) return;
    try {
      const started = await startGuardian({
        bundleFiles: [join(distFolder, "guardian.cjs"), join(distFolder, "sdk.cjs")],
        storageFolder,
        ledgerFile,
        ledger,
        target: await this.#target(listing.scope, [...appIds]),
        nowMs: clock.nowMs(),
        folders: services.project.folders(),
        last: this.#guardian,
        uriScheme: vscode.env.uriScheme,
        ...guardianTexts(),
      });
      if (started.kind === "started") {
        log.info("The guardian was started.");
        this.#guardian = { pid: started.pid, startedAtMs: clock.nowMs() };
      }
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) log.error("The guardian could not be started.", error);
      this.#failed = true;
    }
  }

  /**
   * Tells what Modal billed and nobody saw, as far as the report after the absence has not.
   * @param billFromMs from when on the bill was read just now.
   */
  async tellBilled(scope: string, billFromMs: number): Promise<void> {
    const { meter, costs, clock } = this.#parts.services;
    await this.#reported;
    const fromMs = Math.min(billFromMs, this.#unseenBills.fromMs(clock.nowMs()));
    const all = meter.costsSince(scope, fromMs);
    const range = { fromMs, toMs: all.nowMs };
    // Asked about only when there is news at all.
    if (this.#unseenBills.news(scope, all, range).length === 0) return;
    const reading = await this.#ofMine(all);
    const hours = this.#unseenBills.news(scope, reading, range);
    const news = this.#unseenBills.take(scope, hours, reading.nowMs);
    if (news === undefined) return;
    costs.line(`🧾 ${news.text}`);
    const compare = t("Compare with the Bill");
    const pressed = await sayInfo(news.text, compare);
    if (pressed === compare) await runCommand("compareBill");
  }

  dispose(): void {
    this.#ending.abort();
    this.#store.dispose();
  }

  /**
   * Whether an app of the open folders that no session started, by `modal deploy` in a terminal, is this
   * person's by Modal's own word. Its name in a file says only which apps to ask about, each once.
   */
  async #someIsMine(live: readonly LiveApp[]): Promise<boolean> {
    const { connection, log, project } = this.#parts.services;
    const names = new Set((await project.knownTargets()).map(likelyName));
    const named = live.filter(({ name, state }) => state === "deployed" && names.has(name));
    if (named.length === 0) return false;
    const { control, username } = await connection.open();
    if (username === null) return false;
    const unknown = named.filter(({ appId }) => !this.#deployedBy.has(appId));
    for (const [appId, { deployedBy }] of await appAuthors(control, unknown, log))
      this.#deployedBy.set(appId, deployedBy);
    return named.some(({ appId }) => isByLogin(this.#deployedBy.get(appId) ?? null, username));
  }

  async #target(scope: string, startedHere: string[]): Promise<GuardTarget> {
    const { services } = this.#parts;
    const settings = services.settings.current;
    const { username } = await services.connection.open();
    return {
      scope,
      startedHere,
      trustedFolders: vscode.workspace.isTrusted ? [...services.project.folders()] : [],
      profile: settings.get("profile") || null,
      environment: services.watched.choice,
      username,
      ...(await this.#fromSettings()),
    };
  }

  /** What this window took from a folder while it was trusted ends with the trust, in the guardian too. */
  async #distrust(): Promise<void> {
    if (vscode.workspace.isTrusted) return;
    const { services, storageFolder } = this.#parts;
    const targets = join(storageFolder, "guardian", "targets");
    const folders = services.project.folders();
    distrust(targets, folders, await this.#fromSettings(), services.clock.nowMs());
  }

  async #fromSettings(): Promise<FromSettings> {
    const { services, cli } = this.#parts;
    const settings = services.settings.current;
    const { resting, productionNames } = settings.modes;
    // Without the modes nobody knows what is production: then nothing is done unasked.
    const mayAct = settings.sound("modes") !== undefined;
    const onClose = settings.sound("onClose") ?? "remind";
    const { variables: _variables, ...restingMode } = resting;
    return {
      control: settings.get("control"),
      cli: await cli().then((command) =>
        command === null ? null : { ...command, prefixArgs: [...command.prefixArgs] },
      ),
      onClose: mayAct || onClose === "off" ? onClose : "remind",
      stopAfterMinutes: mayAct ? (settings.sound("stopAfterMinutes") ?? 0) : 0,
      productionModes: [...productionNames],
      restingMode,
      rates: { ...settings.sound("rates") },
    };
  }

  /** What ran while no window was open, told once, at the first look of the first window. True: it was. */
  async #report(listing: Listing): Promise<boolean> {
    const { services, windowId, windowsBefore, billAsked } = this.#parts;
    const { ledger, clock } = services;
    const range = awayRange(
      windowsBefore.filter((window) => watches(window, listing.scope)),
      { windowId, openedAtMs: this.#openedAtMs },
      ({ closedAtMs, pid }) => closedAtMs !== null || !pidAlive(pid),
    );
    if (range === null) return false;
    const { promise: waited, resolve } = Promise.withResolvers<undefined>();
    const wait = this.#store.add(clock.after(billWaitMs, () => resolve(undefined)));
    await Promise.race([billAsked, waited]);
    wait.dispose();
    const { scope } = listing;
    // What the logs of the absence tell is being read at this moment.
    await this.#waited(logWaitSeconds, () => leftToRead(ledger, scope) === null);
    await this.#waited(elsewhereWaitSeconds, () => this.#elsewhere(scope).isAll);
    if (this.#store.isDisposed) return true;
    const { fromMs } = range;
    const reading = await this.#ofMine(services.meter.costsSince(scope, fromMs));
    const { nowMs, offsetMs } = reading;
    const receipts = ledger.receipts({ scope, fromMs, toMs: clock.nowMs() });
    const byModal = { fromMs: fromMs + offsetMs, toMs: range.toMs + offsetMs };
    const unseen = unseenHours(reading, { ...byModal, fromMs: hourOf(byModal.fromMs) });
    const gaps = unknownTimes(ledger, scope, range);
    const report = awayReport({
      ...reading,
      ...range,
      scope,
      receipts,
      listing,
      unseen,
      unknownTimes: gaps,
      elsewhere: this.#elsewhere(scope).running,
    });
    if (report === null || !ledger.claimOnce(report.key, clock.nowMs())) return false;
    // What this report tells of the bill is no news later.
    this.#unseenBills.take(scope, this.#unseenBills.news(scope, reading, byModal), nowMs);
    void this.#show(report);
    return true;
  }

  /** Waits until it is known, or so long. */
  async #waited(seconds: number, isKnown: () => boolean): Promise<void> {
    const { clock } = this.#parts.services;
    for (let left = seconds; left > 0 && !isKnown() && !this.#store.isDisposed; left -= 1)
      await delay(clock, 1000, this.#ending.signal);
  }

  /** What this window has seen of the other environments. */
  #elsewhere(scope: string): SeenSince {
    const { ledger } = this.#parts.services;
    const all = recallEnvironments(ledger, workspaceIn(scope));
    return elsewhereSince(all, environmentIn(scope), this.#openedAtMs);
  }

  /** Without what others deployed: a teammate's app that runs every night is no news every morning. */
  async #ofMine(reading: CostReading): Promise<CostReading> {
    const { connection, log } = this.#parts.services;
    const appIds = new Set([
      ...reading.priced.map(({ span }) => span.appId),
      ...reading.billed.map(({ objectId }) => objectId),
    ]);
    if (appIds.size === 0) return reading;
    const { control, username } = await connection.open();
    return withoutApps(reading, await askAppsOfOthers(control, appIds, username, log));
  }

  async #show(report: AwayReport): Promise<void> {
    const { costs, ledger } = this.#parts.services;
    const lines = awayLines(report);
    ledger.remember(lastReportKey, JSON.stringify(lines));
    costs.line(`🌙 ${lines[0] ?? ""}`, ...lines.slice(1).map((line) => `   ${line}`));
    const stop = t("Stop All");
    const details = t("Details");
    const actions = report.stillRunning ? [stop, details] : [details];
    const tell = report.stillRunning ? sayWarning : sayInfo;
    const pressed = await tell(lines[0] ?? "", ...actions);
    if (pressed === stop) await runCommand("stopAll");
    if (pressed === details) costs.show();
  }
}

/** The last away report, as lines; undefined: there was none. */
export function lastAwayReport({
  ledger,
}: Pick<Services, "ledger">): readonly string[] | undefined {
  return ledger.recall(lastReportKey, z.array(z.string()));
}

/** Where the guardian finds the texts of this window's language; nothing: it speaks English. */
function guardianTexts(): Pick<GuardianStart, "texts"> {
  const { uri } = vscode.l10n;
  return uri?.scheme === "file"
    ? { texts: { language: vscode.env.language, file: uri.fsPath } }
    : {};
}
