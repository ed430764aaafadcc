import { plural, sentences, t } from "../../base/text.ts";
import {
  formatCost,
  formatCountdown,
  formatDuration,
  formatMetered,
  formatPerHour,
} from "../../cost/format.ts";
import type { Cost } from "../../cost/cost.ts";
import type { MicroUsd } from "../../cost/money.ts";
import type { CrashLoop } from "./crashLoop.ts";
import type { SlowStart } from "./slowStart.ts";
import { demoState } from "../mode/demoExpiry.ts";
import { localTime, type LocalTime } from "./localTime.ts";
import { elsewhereText, mayBeMine, type RunsElsewhere } from "../runsElsewhere.ts";
import type { SessionRecord } from "../session.ts";
import type { WorkdayEnd } from "../settings/workdayEnd.ts";

/** What a reminder is about. A kind can be muted (setting `mutedReminders`) and snoozed. */
export type ReminderKind =
  | "demo-ending"
  | "crash-loop"
  | "slow-start"
  | "overnight"
  | "workday-end"
  | "idle"
  | "burn-rate";

export type ReminderAction =
  | "stop-all"
  | "release"
  | "extend-demo"
  | "back-to-dev"
  | "logs"
  | "stop-app"
  | "stop-elsewhere"
  | "snooze"
  | "mute";

/** One notice for one window to show, once: claim the key first (Ledger.claimOnce). */
export interface Reminder {
  readonly kind: ReminderKind;
  readonly key: string;
  readonly message: string;
  /** The app that it is about, for what acts on one. */
  readonly appId?: string;
  /** The only other environment that it is about. */
  readonly environment?: string;
  /** In the order in which they are offered; four at most, more are not readable in a toast. */
  readonly actions: readonly ReminderAction[];
}

/** Something that ran in the night before, and still does. */
export interface Overnight {
  /** Milliseconds that at least one container ran. 0: an app was only left deployed. */
  readonly ranMs: number;
  readonly cost: Cost;
}

export interface ReminderSettings {
  /** 0: off. */
  readonly idleReminderMinutes: number;
  readonly workdayEnd: WorkdayEnd | null;
  /** Burn rate that is worth a notice; null: none set. */
  readonly hourLimit: MicroUsd | null;
  readonly muted: readonly string[];
}

/** All that the policy looks at. */
export interface ReminderInput {
  readonly nowMs: number;
  /** IANA name. */
  readonly timeZone: string;
  readonly scope: string;
  /** The person's own apps that are live. */
  readonly appNames: readonly string[];
  /** What runs in other environments of the workspace, as it was seen last. */
  readonly elsewhere: readonly RunsElsewhere[];
  /** GPU containers that run now, and since when the oldest of them has. null: none runs. */
  readonly gpuContainers: number;
  readonly gpuWarmSinceMs: number | null;
  /** Calls that are known to run now: then nothing is idle. */
  readonly callsRunning: number;
  /** What these GPU containers cost; null: a rate is unknown. */
  readonly burnMicroUsdPerHour: MicroUsd | null;
  /** What everything costs that counts as this person's, as the status bar has it. */
  readonly allBurn: BurnNow;
  readonly session: SessionRecord | null;
  /** An app whose containers keep failing; null: none. */
  readonly crashLoop: CrashLoop | null;
  /** An app whose start takes far longer than usual; null: none. */
  readonly slowStart: SlowStart | null;
  /** The last time that a person was active in any window. */
  readonly lastActiveAtMs: number;
  /** Asked in the morning only: it reads a whole night. */
  readonly overnight: () => Overnight | null;
  readonly settings: ReminderSettings;
  /** Until when each kind is snoozed. */
  readonly snoozedUntilMs: ReadonlyMap<string, number>;
  /** When the last reminder of any kind was shown; null: never. */
  readonly lastShownAtMs: number | null;
  /** Whether a key was shown before, by any window. */
  readonly wasShown: (key: string) => boolean;
}

/** What burns now. */
export interface BurnNow {
  /** The sum of the rates that are known. */
  readonly microUsdPerHour: MicroUsd;
  /** Another rate is unknown. */
  readonly isFloor: boolean;
  /** Names of what burns and is someone else's: beside the sum, never in it. */
  readonly others: readonly string[];
}

/** Between two reminders, whatever they are about; only the end of a demo does not wait. */
const pauseMs = 120_000;
/** What ran elsewhere is said to run for so long after it was seen. */
const elsewhereForMs = 600_000;
/** The morning, in minutes after midnight. */
const morning = { from: 4 * 60, to: 12 * 60 };

/** The notice that is due, the most pressing one first; undefined: none. At most one at a time. */
export function nextReminder(input: ReminderInput): Reminder | undefined {
  const { nowMs, settings, snoozedUntilMs, lastShownAtMs, wasShown } = input;
  const local = localTime(nowMs, input.timeZone);
  const due = [
    demoEnding(input),
    crashLoop(input, local),
    slowStart(input),
    overnight(input, local),
    workdayEnd(input, local),
    idle(input),
    burnReminder(input, local),
  ];
  for (const reminder of due) {
    if (reminder === undefined || settings.muted.includes(reminder.kind)) continue;
    const paused = lastShownAtMs !== null && nowMs - lastShownAtMs < pauseMs;
    if (paused && reminder.kind !== "demo-ending") continue;
    const snoozedUntil = snoozedUntilMs.get(reminder.kind);
    if (snoozedUntil !== undefined && nowMs < snoozedUntil) continue;
    // After a snooze the same thing may be said once more.
    const key = snoozedUntil === undefined ? reminder.key : `${reminder.key}:${snoozedUntil}`;
    if (wasShown(key)) continue;
    return { ...reminder, key };
  }
  return undefined;
}

function demoEnding({ session, nowMs }: ReminderInput): Reminder | undefined {
  if (session === null) return undefined;
  const state = demoState(session, nowMs);
  if (state.kind !== "notice") return undefined;
  return {
    kind: "demo-ending",
    key: state.key,
    message: t(
      "The {0} session ends in {1}. Then it returns to dev and idle GPUs are released. Stop it after the demo!",
      session.mode,
      formatCountdown(state.leftMs),
    ),
    actions: ["extend-demo", "back-to-dev", "stop-all", "mute"],
  };
}

/** Once per app and hour: what is wrong in the code is not mended by a second notice. */
function crashLoop(
  { crashLoop: loop, scope }: ReminderInput,
  local: LocalTime,
): Reminder | undefined {
  if (loop === null) return undefined;
  return {
    kind: "crash-loop",
    key: `crash-loop:${scope}:${loop.appId}:${hourOf(local)}`,
    appId: loop.appId,
    message: t(
      "{0} restarts every {1}: {2} for nothing. Its log says why.",
      loop.appName,
      formatCountdown(loop.everyMs),
      burnText(loop.microUsdPerHour),
    ),
    actions: ["logs", "stop-app", "mute"],
  };
}

/** Once per app and hour of a start, so never twice of one start. What waits for a machine is not billed, so the cost is what it may be. */
function slowStart({ slowStart: slow, scope }: ReminderInput) {
  if (slow === null) return undefined;
  return {
    kind: "slow-start",
    key: `slow-start:${scope}:${slow.appId}:${Math.floor(slow.sinceMs / 3_600_000)}`,
    appId: slow.appId,
    message: t(
      "{0} has been starting for {1}; usually {2}: {3} so far.",
      slow.appName,
      formatCountdown(slow.forMs),
      formatCountdown(slow.usualMs),
      slow.microUsd === null ? t("an unknown amount") : formatMetered(slow.microUsd),
    ),
    actions: ["logs", "stop-app", "mute"],
  } satisfies Reminder;
}

function hourOf({ day, minuteOfDay }: LocalTime): string {
  return `${day}:${Math.floor(minuteOfDay / 60)}`;
}

function overnight(input: ReminderInput, local: LocalTime): Reminder | undefined {
  const { appNames, scope } = input;
  const isMorning = local.minuteOfDay >= morning.from && local.minuteOfDay < morning.to;
  const overnight = isMorning && appNames.length > 0 ? input.overnight() : null;
  if (overnight === null) return undefined;
  const text =
    overnight.ranMs > 0
      ? t(
          "{0} ran overnight: {1} of container time, {2}. It still runs.",
          appNames.join(", "),
          formatDuration(overnight.ranMs),
          formatCost(overnight.cost),
        )
      : t(
          "{0} was left deployed overnight. No container ran, so it cost nothing.",
          appNames.join(", "),
        );
  return {
    kind: "overnight",
    key: `overnight:${scope}:${local.day}`,
    message: sentences(text, elsewhereSentence(input)),
    actions: overnight.ranMs > 0 ? ["stop-all", "release", "mute"] : ["stop-all", "mute"],
  };
}

function workdayEnd(input: ReminderInput, local: LocalTime): Reminder | undefined {
  const { appNames, scope, gpuContainers } = input;
  const end = input.settings.workdayEnd;
  if (end === null) return undefined;
  if (!end.days.includes(local.weekday) || local.minuteOfDay < end.minuteOfDay) return undefined;
  const key = `workday-end:${scope}:${local.day}`;
  if (appNames.length === 0) return workdayEndElsewhere(input, key);
  return {
    kind: "workday-end",
    key,
    message: sentences(workdayEndText(input), elsewhereSentence(input)),
    actions:
      gpuContainers > 0
        ? ["stop-all", "release", "snooze", "mute"]
        : ["stop-all", "snooze", "mute"],
  };
}

/** Nothing of mine runs here; what runs elsewhere is worth a reminder where it is known to be mine. */
function workdayEndElsewhere(input: ReminderInput, key: string): Reminder | undefined {
  const mine = elsewhereNow(input).filter(({ whose }) => whose?.mine === true);
  const [only, ...more] = mine;
  if (only === undefined) return undefined;
  return {
    kind: "workday-end",
    key,
    message: t("End of the workday, and elsewhere runs: {0}.", mine.map(elsewhereText).join(", ")),
    ...(more.length === 0 ? { environment: only.environment } : {}),
    actions: ["stop-elsewhere", "snooze", "mute"],
  };
}

/** What was seen so lately that it may be said to run. A look that comes later tells the rest. */
function elsewhereNow({ elsewhere, nowMs }: ReminderInput): readonly RunsElsewhere[] {
  return elsewhere.filter(({ seenAtMs }) => Math.abs(nowMs - seenAtMs) <= elsewhereForMs);
}

/** "Elsewhere: 2 GPUs in dev (yours)."; "": nothing that may be mine. */
function elsewhereSentence(input: ReminderInput): string {
  const texts = elsewhereNow(input).filter(mayBeMine).map(elsewhereText);
  return texts.length === 0 ? "" : t("Elsewhere: {0}.", texts.join(", "));
}

function workdayEndText(input: ReminderInput): string {
  const { appNames, gpuContainers } = input;
  return plural(
    appNames.length,
    {
      one: "End of the workday: {0} app still runs ({1}). {2}",
      other: "End of the workday: {0} apps still run ({1}). {2}",
    },
    appNames.join(", "),
    gpuContainers > 0
      ? plural(
          gpuContainers,
          {
            one: "{0} GPU container costs {1} now.",
            other: "{0} GPU containers cost {1} now.",
          },
          burnText(input.burnMicroUsdPerHour),
        )
      : t("No GPU is warm now; a request would start one."),
  );
}

function idle(input: ReminderInput): Reminder | undefined {
  const { settings, nowMs, lastActiveAtMs, gpuContainers, gpuWarmSinceMs, scope } = input;
  const { idleReminderMinutes } = settings;
  if (idleReminderMinutes <= 0 || gpuContainers === 0 || gpuWarmSinceMs === null) return undefined;
  if (input.callsRunning > 0) return undefined;
  const idleMs = nowMs - Math.max(lastActiveAtMs, gpuWarmSinceMs);
  if (idleMs < idleReminderMinutes * 60_000) return undefined;
  return {
    kind: "idle",
    // One warm episode, one reminder: all windows know its start from the ledger.
    key: `idle:${scope}:${gpuWarmSinceMs}`,
    message: plural(
      gpuContainers,
      {
        one: "Idle for {1} with {0} warm GPU container ({2}).",
        other: "Idle for {1} with {0} warm GPU containers ({2}).",
      },
      formatCountdown(idleMs),
      burnText(input.burnMicroUsdPerHour),
    ),
    actions: ["release", "stop-all", "snooze", "mute"],
  };
}

function burnReminder(input: ReminderInput, local: LocalTime): Reminder | undefined {
  const { allBurn, settings, scope } = input;
  const { hourLimit } = settings;
  const { microUsdPerHour: burn, isFloor, others } = allBurn;
  if (hourLimit === null || hourLimit <= 0 || burn < hourLimit) return undefined;
  const perHour = `${isFloor ? "≥" : "≈"} ${formatPerHour(burn)}`;
  const limit = t("Modal costs {0} now; your limit is {1}.", perHour, formatPerHour(hourLimit));
  return {
    kind: "burn-rate",
    key: `burn-rate:${scope}:${local.day}:${hourLimit}`,
    message: sentences(
      limit,
      others.length === 0 ? "" : t("Not counted, someone else's: {0}.", others.join(", ")),
      elsewhereSentence(input),
    ),
    actions: ["stop-all", "release", "snooze", "mute"],
  };
}

function burnText(burn: MicroUsd | null): string {
  return burn === null ? t("an unknown amount") : `≈ ${formatPerHour(burn)}`;
}

/**
 * How long a window waits before it claims a reminder's key, in milliseconds: the window that the
 * person looks at comes first, the others only when it did not.
 */
export function claimDelayMs(window: {
  readonly focused: boolean;
  readonly active: boolean;
}): number {
  if (window.focused) return 0;
  return window.active ? 2000 : 4000;
}
