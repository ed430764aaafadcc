import { plural, t } from "../../base/text.ts";
import { formatAmount, formatDrift, formatMetered } from "../../cost/format.ts";
import { hourMs } from "../../cost/billed/billedRow.ts";
import type { MicroUsd } from "../../cost/money.ts";
import {
  billedThroughText,
  type HourState,
  type ReconciledApp,
  type ReconciledHour,
  type Reconciliation,
} from "../../cost/billed/reconcile.ts";
import { escapeMarkdown, table } from "../markdown.ts";

/** More rows than a person reads; the export has them all. */
const mostRows = 400;

function stateText(state: HourState): string {
  switch (state) {
    case "both":
      return "";
    case "unseen":
      return `**${t("never seen")}**`;
    case "not-an-app":
      return t("not an app");
    case "unbilled":
      return t("not on the bill");
    default:
      return t("its rate is not known");
  }
}

/** Billed beside metered, per app and per hour, as Markdown. */
export function billPage(
  what: Reconciliation,
  asked: { readonly scope: string; readonly nowMs: number; readonly days: number },
): readonly string[] {
  const scope = escapeMarkdown(asked.scope);
  if (what.billedThroughMs === null) return nothingBilled(scope, asked.days);
  const through = billedThroughText(what.billedThroughMs, asked.nowMs);
  return [
    plural(
      asked.days,
      {
        one: "{1}, the last {0} day, {2}. Later hours are not finished, and not compared.",
        other: "{1}, the last {0} days, {2}. Later hours are not finished, and not compared.",
      },
      scope,
      through,
    ),
    "",
    ...table(
      ["", figure(t("amount"))],
      [
        [t("Billed, where containers were seen"), sum(what.billed)],
        [t("Metered in the same hours"), metered(what.metered, what.drift)],
        [t("Billed, but never seen (no window was open, or the laptop slept)"), sum(what.unseen)],
        [t("Metered, but not on the bill"), sum(what.unbilled)],
        ...(what.other === 0 ? [] : [[t("Billed for what is not an app"), sum(what.other)]]),
      ],
    ),
    `## ${t("By app")}`,
    "",
    ...table(
      [t("app"), ...[t("billed"), t("metered"), t("drift"), t("of it never seen")].map(figure)],
      what.apps.map(appRow),
    ),
    `## ${t("Hour by hour")}`,
    "",
    ...table(
      [t("hour (UTC)"), t("app"), ...[t("billed"), t("metered"), t("drift")].map(figure), ""],
      what.hours.slice(-mostRows).toReversed().map(hourRow),
    ),
    ...leftOut(what.hours.length),
    t(
      "**Drift** is metered ÷ billed - 1, over the hours in which both are known. An hour that was billed and never seen counts as billed wherever Modal Meter shows a cost.",
    ),
  ];
}

/** What the page says before anything of the bill is known. */
function nothingBilled(scope: string, days: number): readonly string[] {
  return [
    plural(
      days,
      {
        one: "Nothing that Modal billed for {1} in the last {0} day is known yet, so its costs are metered (≈).",
        other:
          "Nothing that Modal billed for {1} in the last {0} days is known yet, so its costs are metered (≈).",
      },
      scope,
    ),
    "",
    t(
      "Modal's report comes some hours late, and only on plans that let it be read. Modal Meter asks for it once an hour.",
    ),
  ];
}

/** Said where the table does not have all rows. */
function leftOut(rows: number): readonly string[] {
  if (rows <= mostRows) return [];
  return [t("The newest {0} of {1} rows. The ledger's export has all.", mostRows, rows), ""];
}

function figure(title: string) {
  return { figures: title };
}

function sum(amount: MicroUsd): string {
  return amount === 0 ? t("nothing") : formatAmount(amount);
}

function metered(amount: MicroUsd, drift: number | null): string {
  return drift === null ? sum(amount) : `${formatMetered(amount)} (${formatDrift(drift)})`;
}

function appRow({ appName, billed, metered: own, drift, unseen }: ReconciledApp): string[] {
  const wasMetered = own.microUsd > 0 || own.isFloor;
  return [
    escapeMarkdown(appName),
    sum(billed),
    ...beside(wasMetered ? own : null, drift),
    unseen === 0 ? "" : sum(unseen),
  ];
}

function hourRow(hour: ReconciledHour): string[] {
  const { appName, billed, metered: own, drift, state } = hour;
  return [
    hourText(hour.hourStartMs),
    escapeMarkdown(appName),
    sum(billed),
    ...beside(state === "unseen" || state === "not-an-app" ? null : own, drift),
    stateText(state),
  ];
}

function beside(own: ReconciledHour["metered"] | null, drift: number | null): readonly string[] {
  if (own === null) return ["", ""];
  const amount = own.isFloor
    ? t("at least {0}", formatAmount(own.microUsd))
    : formatMetered(own.microUsd);
  return [amount, drift === null ? "" : formatDrift(drift)];
}

function hourText(startMs: number): string {
  const at = (atMs: number): string => new Date(atMs).toISOString().slice(11, 16);
  return `${new Date(startMs).toISOString().slice(0, 10)} ${at(startMs)}–${at(startMs + hourMs)}`;
}
