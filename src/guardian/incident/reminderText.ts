import { plural, sentences, t } from "../../base/text.ts";
import type { IncidentRecord } from "./record.ts";
import { countText } from "../../session/liveApp.ts";
import type { StopReceipt } from "../../session/receipt.ts";
import { runningElsewhere, unlistedIn } from "../../session/stop/receiptText.ts";
import { plainLine } from "../notifier/notifier.ts";
import type { Notice, NoticeAction } from "../notifier/notifier.ts";

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

const stopAction = (): NoticeAction => ({ id: "stop", label: t("Stop All") });
const releaseAction = (): NoticeAction => ({ id: "release", label: t("Release GPUs") });
const keepAction = (): NoticeAction => ({ id: "keep", label: t("Keep Running") });

/** The reminder after the last window of a workspace and environment is gone. */
export function closeReminder(facts: ReminderFacts): Notice {
  const { apps, scope, burn, unchecked, stop, canRelease } = facts;
  const said = [
    scope === null
      ? t("{0}. No VS Code window is open.", appList(apps))
      : t("{0}. No VS Code window of {1} is open.", appList(apps), plainLine(scope)),
    burn === null ? "" : t("Cost: {0}.", burn),
    unchecked === null ? "" : t("As last seen: Modal could not be asked now ({0})", unchecked),
    stop === null ? "" : withoutAnswer(stop, apps.length),
  ];
  return {
    title: plural(apps.length, {
      one: "{0} Modal app still runs",
      other: "{0} Modal apps still run",
    }),
    body: sentences(...said),
    actions: canRelease
      ? [stopAction(), releaseAction(), keepAction()]
      : [stopAction(), keepAction()],
  };
}

/** What a stop came to, in the words of its receipts. Never better than what was verified. */
export function outcomeNotice(receipts: readonly StopReceipt[]): Notice {
  const stopped = receipts.flatMap((receipt) => receipt.stopped);
  const left = receipts.flatMap((receipt) => receipt.left);
  const excluded = receipts.flatMap((receipt) => receipt.excluded);
  const unverified = receipts.some(({ verified }) => verified === "unverified");
  const notice = (title: string, ...said: readonly string[]): Notice => ({
    title,
    body: sentences(...said),
    actions: [],
  });
  if (left.length > 0)
    return notice(
      unverified ? t("The stop is not verified") : t("{0} not stopped", countText(left)),
      left.map(({ name, reason }) => `${name}: ${plainLine(reason)}.`).join(" "),
      stopped.length > 0 ? t("Stopped: {0}.", names(stopped)) : "",
      stopAgain(),
    );
  if (unverified)
    return notice(
      t("The stop is not verified"),
      t("Modal could not be asked what still runs."),
      stopAgain(),
    );
  return notice(
    stopped.length === 0 ? t("Nothing was left to stop") : t("Stopped {0}", countText(stopped)),
    stopped.length === 0 ? "" : `${names(stopped)}.`,
    excluded.length === 0
      ? restText(receipts)
      : t(
          "Left running: {0} ({1}).",
          names(excluded),
          [...new Set(excluded.map(({ reason }) => reason))].join(", "),
        ),
  );
}

/** What runs besides, where nothing is left here: "all clear" is of every environment, or is not said. */
function restText(receipts: readonly StopReceipt[]): string {
  const all = (textOf: (receipt: StopReceipt) => string): string =>
    receipts
      .map(textOf)
      .filter((text) => text !== "")
      .map((text) => plainLine(text))
      .join(", ");
  const running = all(runningElsewhere);
  const unlisted = all(unlistedIn);
  if (running !== "")
    return sentences(
      t("Elsewhere: {0}.", running),
      unlisted === "" ? "" : t("Not listed: {0}.", unlisted),
    );
  return unlisted === ""
    ? t("All clear: no Modal app runs.")
    : t("Modal lists nothing that still runs; not listed: {0}.", unlisted);
}

/** After several attempts: what the person has to do now. */
export function failedNotice(what: "stop" | "release"): Notice {
  return {
    title: what === "stop" ? t("Modal apps could not be stopped") : t("GPUs could not be released"),
    body: [
      t("They may still cost money. Modal Meter keeps trying."),
      what === "stop"
        ? stopAgain()
        : t('Open VS Code and choose "Modal Meter: {0}".', t("Release GPUs")),
    ].join(" "),
    actions: [],
  };
}

/** What a window says of an incident that no guardian came to the end of. */
export function unreportedText({
  reminder,
  act,
  news,
}: Pick<IncidentRecord, "reminder" | "act" | "news">): string {
  const newsText = news === null ? "" : `${news.title}: ${news.body}`;
  if (act?.state !== "begun")
    return newsText === "" ? `${reminder.title}: ${reminder.body}` : newsText;
  const what = act.what === "stop" ? t("Stop All") : t("Release GPUs");
  const cutOff =
    act.by === "reminder"
      ? t('"{0}" was pressed in the reminder, and was interrupted before it was verified.', what)
      : t(
          '"{0}" was started after the last window closed, and was interrupted before it was verified.',
          what,
        );
  return sentences(newsText, cutOff);
}

function stopAgain(): string {
  return t('Open VS Code and choose "Modal Meter: {0}".', t("Stop All Apps"));
}

function appList(apps: readonly ReminderApp[]): string {
  return apps
    .map(({ name, containerCount }) =>
      containerCount === 0
        ? plainLine(name, 60)
        : plural(
            containerCount,
            { one: "{1} ({0} container)", other: "{1} ({0} containers)" },
            plainLine(name, 60),
          ),
    )
    .join(", ");
}

function withoutAnswer(stop: NonNullable<ReminderFacts["stop"]>, shown: number): string {
  const { at } = stop;
  if (stop.names.length === shown)
    return shown === 1
      ? t("Without an answer, it is stopped at {0}.", at)
      : t("Without an answer, they are stopped at {0}.", at);
  return t(
    "Without an answer, these are stopped at {0}: {1}.",
    at,
    stop.names.map((name) => plainLine(name, 60)).join(", "),
  );
}

function names(apps: readonly { readonly name: string }[]): string {
  return apps.map(({ name }) => plainLine(name, 60)).join(", ");
}
