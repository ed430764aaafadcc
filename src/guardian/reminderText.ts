import type { StopReceipt } from "../session/receipt.ts";
import { plainLine } from "./notifier/notifier.ts";
import type { Reminder, ReminderAction } from "./notifier/notifier.ts";

export interface ReminderApp {
  readonly name: string;
  readonly containerCount: number;
}

export interface ReminderFacts {
  readonly apps: readonly ReminderApp[];
  /** Where they run, when windows of other workspaces or environments are open; null: none is. */
  readonly scope: string | null;
  /** "≈ $3.90 per hour", or null where a rate is unknown. */
  readonly burn: string | null;
  /** Why Modal could not be asked; null: the apps were seen running just now. */
  readonly unchecked: string | null;
  /** The second stage: its local time, "18:45", and the apps that it stops; null: none. */
  readonly stop: { readonly at: string; readonly names: readonly string[] } | null;
  readonly canRelease: boolean;
}

const stopAction: ReminderAction = { id: "stop", label: "Stop all" };
const releaseAction: ReminderAction = { id: "release", label: "Release GPUs" };
const keepAction: ReminderAction = { id: "keep", label: "Keep running" };

/** The reminder after the last window of a workspace and environment is gone. */
export function closeReminder(facts: ReminderFacts): Reminder {
  const { apps, scope, burn, unchecked, stop, canRelease } = facts;
  const one = apps.length === 1;
  const sentences = [
    `${appList(apps)}. No VS Code window ${scope === null ? "" : `of ${plainLine(scope)} `}is open.`,
    burn === null ? "" : `Cost: ${burn}.`,
    unchecked === null ? "" : `As last seen: Modal could not be asked now (${unchecked})`,
    stop === null
      ? ""
      : `Without an answer, ${whoIsStopped(stop.names, apps.length)} at ${stop.at}.`,
  ];
  return {
    title: one ? "A Modal app still runs" : `${apps.length} Modal apps still run`,
    body: sentences.filter((text) => text !== "").join(" "),
    actions: canRelease ? [stopAction, releaseAction, keepAction] : [stopAction, keepAction],
  };
}

/** What a stop came to, in the words of its receipts. Never better than what was verified. */
export function outcomeNotice(receipts: readonly StopReceipt[]): Reminder {
  const stopped = receipts.flatMap((receipt) => receipt.stopped);
  const left = receipts.flatMap((receipt) => receipt.left);
  const excluded = receipts.flatMap((receipt) => receipt.excluded);
  const unverified = receipts.some(({ verified }) => verified === "unverified");
  const notice = (title: string, ...sentences: readonly string[]): Reminder => ({
    title,
    body: sentences.filter((text) => text !== "").join(" "),
    actions: [],
  });
  if (left.length > 0)
    return notice(
      unverified ? "The stop is not verified" : `${count(left.length)} not stopped`,
      left.map(({ name, reason }) => `${name}: ${plainLine(reason)}.`).join(" "),
      stopped.length > 0 ? `Stopped: ${names(stopped)}.` : "",
      'Open VS Code and choose "Modal Meter: Stop All Apps".',
    );
  if (unverified)
    return notice(
      "The stop is not verified",
      'No fresh listing could be had. Open VS Code and choose "Modal Meter: Stop All Apps".',
    );
  return notice(
    stopped.length === 0 ? "Nothing was left to stop" : `Stopped ${count(stopped.length)}`,
    stopped.length === 0 ? "" : `${names(stopped)}.`,
    excluded.length === 0
      ? "All clear: no Modal app runs."
      : `Left running: ${names(excluded)} (${[...new Set(excluded.map(({ reason }) => reason))].join(", ")}).`,
  );
}

/** After several attempts: what the person has to do now. */
export function failedNotice(what: "stop" | "release"): Reminder {
  const command = what === "stop" ? "Stop All Apps" : "Release GPUs";
  return {
    title: what === "stop" ? "Modal apps could not be stopped" : "GPUs could not be released",
    body: `They may still cost money, and are tried again. To be sure, open VS Code and choose "Modal Meter: ${command}".`,
    actions: [],
  };
}

function appList(apps: readonly ReminderApp[]): string {
  return apps
    .map(({ name, containerCount }) => {
      const size =
        containerCount === 0
          ? ""
          : ` (${containerCount} ${containerCount === 1 ? "container" : "containers"})`;
      return `${plainLine(name, 60)}${size}`;
    })
    .join(", ");
}

function whoIsStopped(names: readonly string[], shown: number): string {
  if (names.length === shown) return shown === 1 ? "it is stopped" : "they are stopped";
  const list = names.map((name) => plainLine(name, 60)).join(", ");
  return `${list} ${names.length === 1 ? "is" : "are"} stopped`;
}

function names(apps: readonly { readonly name: string }[]): string {
  return apps.map(({ name }) => plainLine(name, 60)).join(", ");
}

function count(apps: number): string {
  return apps === 1 ? "1 app" : `${apps} apps`;
}
