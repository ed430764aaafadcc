import * as vscode from "vscode";
import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { burnRate } from "../../cost/rates/burnRate.ts";
import { usd } from "../../cost/money.ts";
import type { ContainerObservation } from "../../cost/span.ts";
import type { Listing } from "../../session/ledgerPort.ts";
import { liveApps } from "../../session/liveApp.ts";
import { ownerOf } from "../../session/owner.ts";
import { burnNow, withoutOthers } from "../../session/meter/runningApps.ts";
import { crashLoopIn, crashWindowMs, type CrashLoop } from "../../session/remind/crashLoop.ts";
import { slowStartIn, type SlowStart } from "../../session/remind/slowStart.ts";
import { modalOffsetMs } from "../../session/watch/modalTime.ts";
import { usualStartMs } from "../../session/logs/appNotes.ts";
import { ifReadable } from "../../session/ifReadable.ts";
import { appsToRemindOf } from "../../session/remind/appsToRemindOf.ts";
import { overnightOf } from "../../session/remind/overnight.ts";
import {
  claimDelayMs,
  nextReminder,
  type Reminder,
  type ReminderAction,
  type ReminderInput,
} from "../../session/remind/reminderPolicy.ts";
import { parseWorkdayEnd } from "../../session/settings/workdayEnd.ts";
import { readSnoozes, snooze } from "../../session/remind/snoozes.ts";
import { mute } from "../settings/mute.ts";
import { showFailure } from "../failures.ts";
import { runCommand } from "../command.ts";
import { openDashboard } from "../links.ts";
import type { Services } from "../services.ts";
import { sayWarning } from "../say.ts";
import { thisSession } from "../thisSession.ts";

const checkEveryMs = 15_000;
const dayMs = 86_400_000;
/** A reminder that nobody answered lies in the notification centre, and holds back others only so long. */
const unansweredMs = 600_000;
/** When any window of this machine last saw its person active; in the ledger, for all windows. */
const activeKey = "reminders:activeAtMs";
const shownKey = "reminders:shownAtMs";

/** Shows what the reminder policy decides: one toast, in one window, with buttons that act. */
export class Reminders implements Disposable {
  readonly #services: Services;
  readonly #store = new DisposableStore();
  #timer: Disposable | undefined;
  #open: { readonly sinceMs: number } | undefined;

  constructor(services: Services) {
    this.#services = services;
    this.#noteActivity();
    this.#store.add(vscode.window.onDidChangeWindowState(() => this.#noteActivity()));
    this.#wait();
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#store.dispose();
  }

  #wait(): void {
    this.#timer = this.#services.clock.after(checkEveryMs, () => {
      this.#check();
      if (!this.#store.isDisposed) this.#wait();
    });
  }

  #noteActivity(): void {
    const { focused, active } = vscode.window.state;
    if (!focused || !active) return;
    this.#services.ledger.remember(activeKey, String(this.#services.clock.nowMs()));
  }

  #check(): void {
    const { log, clock } = this.#services;
    this.#noteActivity();
    try {
      const reminder = this.#due();
      if (reminder === undefined || this.#mustWait(reminder)) return;
      // The window that the person looks at comes first; the others only when it did not.
      const claim = (): void => {
        if (this.#mustWait(reminder) || this.#due()?.key !== reminder.key) return;
        if (!this.#services.ledger.claimOnce(reminder.key, clock.nowMs())) return;
        this.#services.ledger.remember(shownKey, String(clock.nowMs()));
        const open = { sinceMs: clock.nowMs() };
        this.#open = open;
        void this.#show(reminder).finally(() => {
          if (this.#open === open) this.#open = undefined;
        });
      };
      const waitMs = claimDelayMs(vscode.window.state);
      if (waitMs === 0) claim();
      else this.#store.add(clock.after(waitMs, claim));
    } catch (error) {
      log.error("The reminders could not be checked.", error);
    }
  }

  /** One at a time; but the end of a demo does not wait for an answer to something else. */
  #mustWait({ kind }: Reminder): boolean {
    if (this.#open === undefined || kind === "demo-ending") return false;
    return this.#services.clock.nowMs() - this.#open.sinceMs < unansweredMs;
  }

  #due(): Reminder | undefined {
    const input = this.#input();
    return input === undefined ? undefined : nextReminder(input);
  }

  #input(): ReminderInput | undefined {
    const { ledger, connection, meter, owners, clock, settings } = this.#services;
    const connected = connection.last;
    const scope = connected?.scopeKey;
    const listing = scope === undefined ? undefined : ledger.latestListing(scope);
    if (connected === undefined || scope === undefined || listing === undefined) return undefined;
    const nowMs = clock.nowMs();
    const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const sessions = ledger.sessions({ scope });
    const whose = { scope: connected.scope, sessions, ...owners.authorshipOf(scope) };
    const mine = appsToRemindOf(liveApps(listing), (appId) => ownerOf(appId, whose));
    const mineIds = new Set(mine.map(({ appId }) => appId));
    const running = gpuContainers(listing, mineIds);
    const hourlyOf = meter.hourlyOf(scope);
    const burn = burnRate(running, meter.rates(), hourlyOf);
    const values = settings.current;
    // What is wrong in the settings turns off its own reminder, and no other.
    const { hourUsd = 0 } = values.sound("budget") ?? {};
    return {
      nowMs,
      timeZone,
      scope,
      appNames: mine.map(({ name }) => name),
      elsewhere: meter.state().elsewhere ?? [],
      gpuContainers: running.length,
      gpuWarmSinceMs: oldest(running.flatMap((one) => this.#sinceMs(scope, one))),
      callsRunning: ledger.calls({ scope, status: "running" }).length,
      burnMicroUsdPerHour: burn.known ? burn.microUsd : null,
      allBurn: burnNow(listing, meter.rates(), (appId) => ownerOf(appId, whose), hourlyOf),
      session: thisSession(this.#services) ?? null,
      crashLoop: mineIds.size === 0 ? null : (this.#crashLoop(scope, mineIds, nowMs) ?? null),
      slowStart: this.#slowStart(scope, listing, nowMs) ?? null,
      lastActiveAtMs: Math.max(
        ledger.recall(activeKey, z.number()) ?? 0,
        lastCallAtMs(this.#services, scope),
      ),
      overnight: () => {
        const reading = meter.costsSince(scope, nowMs - dayMs);
        return overnightOf(listing, mineIds, reading, nowMs, timeZone);
      },
      settings: {
        idleReminderMinutes: values.sound("idleReminderMinutes") ?? 0,
        workdayEnd: parseWorkdayEnd(values.sound("workdayEnd") ?? "") ?? null,
        hourLimit: hourUsd > 0 ? usd(hourUsd) : null,
        muted: values.sound("mutedReminders") ?? [],
      },
      snoozedUntilMs: readSnoozes(ledger),
      lastShownAtMs: ledger.recall(shownKey, z.number()) ?? null,
      wasShown: (key) => ledger.wasClaimed(key),
    };
  }

  /** Since when a container costs, by this machine's clock. The CLI does not tell when one that still loads was asked for. */
  #sinceMs(scope: string, container: ContainerObservation): readonly number[] {
    const { containerId, appId, startedAtMs, enqueuedAtMs } = container;
    const beganMs = startedAtMs ?? enqueuedAtMs;
    const { ledger, clock } = this.#services;
    const nowMs = clock.nowMs();
    if (beganMs !== null) return [beganMs - modalOffsetMs(ledger, scope, nowMs)];
    const spans = ledger.spans({ scope, appIds: [appId], fromMs: nowMs - dayMs, toMs: nowMs });
    return spans
      .filter((span) => span.containerId === containerId)
      .map(({ firstSeenAtMs }) => firstSeenAtMs);
  }

  #crashLoop(scope: string, mineIds: ReadonlySet<string>, nowMs: number): CrashLoop | undefined {
    const { meter, ledger } = this.#services;
    // Where the past cannot be read, the other reminders come all the same.
    const reading = ifReadable(() => meter.costsSince(scope, nowMs - crashWindowMs));
    const mySpans = reading?.priced.filter(({ span }) => mineIds.has(span.appId)) ?? [];
    return crashLoopIn(mySpans, ledger.sessions({ scope }), reading?.nowMs ?? nowMs);
  }

  /** Of what the views show as mine; an old listing does not tell that something still starts. */
  #slowStart(scope: string, { observedAtMs }: Listing, nowMs: number): SlowStart | undefined {
    const { meter, ledger } = this.#services;
    const { apps, staleAfterMs } = meter.state();
    if (nowMs - observedAtMs > staleAfterMs) return undefined;
    const usualMsOf = (appName: string, gpu: string | null) =>
      usualStartMs(ledger, scope, appName, gpu);
    return slowStartIn(withoutOthers(apps), usualMsOf, nowMs);
  }

  async #show(reminder: Reminder): Promise<void> {
    const { log } = this.#services;
    const labels = new Map(reminder.actions.map((action) => [label(action), action]));
    const pressed = await sayWarning(reminder.message, ...labels.keys());
    const action = pressed === undefined ? undefined : labels.get(pressed);
    if (action === undefined) return;
    try {
      await this.#act(action, reminder);
    } catch (error) {
      await showFailure(log, "reminder", error);
    }
  }

  async #act(action: ReminderAction, reminder: Reminder): Promise<void> {
    const { ledger, clock, settings, connection } = this.#services;
    switch (action) {
      case "stop-all":
        return runCommand("stopAll");
      case "release":
        return runCommand("releaseGpus");
      case "extend-demo":
        return runCommand("extendDemo");
      case "back-to-dev":
        return runCommand("backToDev");
      case "logs":
        return openDashboard(connection.last?.scope ?? null, reminder.appId);
      case "stop-app":
        return runCommand("stopApp", reminder.appId);
      case "stop-elsewhere":
        return runCommand("stopElsewhere", reminder.environment);
      case "snooze":
        snooze(ledger, reminder.kind, clock.nowMs());
        return undefined;
      case "mute":
        return mute(settings, reminder.kind);
      default:
        return undefined;
    }
  }
}

function label(action: ReminderAction): string {
  switch (action) {
    case "stop-all":
      return t("Stop All");
    case "release":
      return t("Release GPUs");
    case "extend-demo":
      return t("+30 Min");
    case "back-to-dev":
      return t("Back to Dev Now");
    case "logs":
      return t("Logs");
    case "stop-app":
      return t("Stop");
    case "stop-elsewhere":
      return t("Stop There…");
    case "snooze":
      return t("Snooze 30 Min");
    default:
      return t("Don't Remind Me");
  }
}

function gpuContainers(listing: Listing, mineIds: ReadonlySet<string>) {
  return listing.containers.filter(
    ({ appId, gpu, gpuSource }) => mineIds.has(appId) && (gpu !== null || gpuSource === "unknown"),
  );
}

function oldest(instants: readonly number[]): number | null {
  return instants.length === 0 ? null : Math.min(...instants);
}

function lastCallAtMs(
  { ledger, clock }: Pick<Services, "clock" | "ledger">,
  scope: string,
): number {
  const recent = ledger.calls({ scope, fromMs: clock.nowMs() - dayMs, toMs: clock.nowMs() });
  return recent.reduce((last, call) => Math.max(last, call.endedAtMs ?? call.startedAtMs), 0);
}
