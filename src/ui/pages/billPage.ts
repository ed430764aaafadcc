import { plural, t } from "../../base/text.ts";
import { formatParts } from "../../cost/apportion.ts";
import { formatAmount, formatDrift, formatMetered } from "../../cost/format.ts";
import { hourMs, type BilledRow } from "../../cost/billed/billedRow.ts";
import type { RestOfBill } from "../../cost/billed/restOfBill.ts";
import type { MicroUsd } from "../../cost/money.ts";
import {
  billedThroughText,
  type HourState,
  type ReconciledApp,
  type ReconciledHour,
  type Reconciliation,
} from "../../cost/billed/reconcile.ts";
import { table } from "../markdown.ts";
import { escapeMarkdown } from "../shown.ts";

/** More rows than a person reads; the export has them all. */
const mostRows = 400;

function stateText(state: HourState): string {
  switch (state) {
    case "both":
      return "";
    case "unseen":
      return `**${t("never seen")}**`;
    case "not-an-app":
      return t("storage, egress, other");
    case "unbilled":
      return t("not on the bill");
    default:
      return t("its rate is not known");
  }
}

/** What the page of the bill says besides the comparison. */
export interface BillFacts {
  readonly scope: string;
  readonly nowMs: number;
  readonly days: number;
  /** Elsewhere in the workspace. */
  readonly rest: RestOfBill;
  /** What the hours that are not final have so far. */
  readonly soFar: MicroUsd;
  /** Rows that Modal has changed after they were final. */
  readonly changed: readonly BilledRow[];
}

/** Billed beside metered, per app and per hour, as Markdown. */
export function billPage(what: Reconciliation, asked: BillFacts): readonly string[] {
  const scope = escapeMarkdown(asked.scope);
  if (what.billedThroughMs === null)
    return [...nothingBilled(scope, asked.days), "", ...soFarLines(asked), ...restLines(asked)];
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
    ...soFarLines(asked),
    ...table(["", figure(t("amount"))], inSum(what)),
    ...restLines(asked),
    ...changedLines(asked),
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
      hourRows(what.hours),
    ),
    ...leftOut(what.hours.length),
    t(
      "**Drift** is metered ÷ billed - 1, over the hours in which both are known. An hour that was billed and never seen counts as billed wherever Modal Meter shows a cost.",
    ),
  ];
}

/** What is billed adds up, as it is shown, to what is shown of all of it. */
function inSum(what: Reconciliation): readonly string[][] {
  const amounts = [what.billed, what.unseen, what.other];
  const { whole, parts } = formatParts(amounts);
  const [seen = "", unseen = "", other = ""] = parts.map((part, index) =>
    amounts[index] === 0 ? t("nothing") : part,
  );
  const isSum = amounts.filter((amount) => amount !== 0).length > 1;
  return [
    [t("Billed, where containers were seen"), seen],
    [t("Metered in the same hours"), metered(what.metered, what.drift)],
    [t("Billed, but never seen (no window was open, or the laptop slept)"), unseen],
    [t("Metered, but not on the bill"), sum(what.unbilled)],
    ...(what.other === 0 ? [] : [[t("Billed for storage, egress, other"), other]]),
    ...(isSum ? [[t("Billed together"), whole]] : []),
  ];
}

/** What the bill says already of hours that may still grow. */
function soFarLines({ soFar }: BillFacts): readonly string[] {
  if (soFar === 0) return [];
  return [
    t(
      "For hours that are not final, the bill has at least {0} so far. A row is final when a report two hours after its hour, and one at least an hour later, say the same.",
      formatAmount(soFar),
    ),
    "",
  ];
}

/** What the workspace was billed elsewhere: it counts in its budgets. */
function restLines({ rest }: BillFacts): readonly string[] {
  const rows = [
    ...rest.environments.map(({ name, billed }) => [escapeMarkdown(name), sum(billed)]),
    ...(rest.other === 0 ? [] : [[t("storage, egress, other"), sum(rest.other)]]),
  ];
  if (rows.length === 0) return [];
  return [
    `## ${t("Elsewhere in the workspace")}`,
    "",
    ...table([t("environment"), figure(t("billed"))], rows),
  ];
}

function changedLines({ changed }: BillFacts): readonly string[] {
  if (changed.length === 0) return [];
  return [
    `## ${t("Changed by Modal")}`,
    "",
    t("These hours were final, and a later report said something else. The new amount counts."),
    "",
    ...table(
      [t("hour (UTC)"), t("app"), ...[t("before"), t("now")].map(figure)],
      changed.map(({ intervalStartMs, description, wasMicroUsd, cost }) => [
        hourText(intervalStartMs),
        escapeMarkdown(description),
        wasMicroUsd === null ? "" : sum(wasMicroUsd),
        sum(cost),
      ]),
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

function appRow({ appName, billed, metered, drift, unseen }: ReconciledApp): string[] {
  const wasMetered = metered.microUsd > 0 || metered.isFloor;
  return [
    escapeMarkdown(appName),
    sum(billed),
    ...beside(wasMetered ? metered : null, drift),
    unseen === 0 ? "" : sum(unseen),
  ];
}

/** The newest first. What is shown of an app's hours adds up to what is shown of the app. */
function hourRows(hours: readonly ReconciledHour[]): readonly string[][] {
  const texts = new Map<ReconciledHour, string>();
  for (const appHours of Map.groupBy(hours, ({ appId }) => appId).values()) {
    const { parts } = formatParts(appHours.map(({ billed }) => billed));
    for (const [index, hour] of appHours.entries()) texts.set(hour, parts[index] ?? "");
  }
  return hours
    .slice(-mostRows)
    .toReversed()
    .map((hour) => hourRow(hour, hour.billed === 0 ? sum(hour.billed) : (texts.get(hour) ?? "")));
}

function hourRow(hour: ReconciledHour, billedText: string): string[] {
  const { appName, metered, drift, state } = hour;
  return [
    hourText(hour.hourStartMs),
    escapeMarkdown(appName),
    billedText,
    ...beside(state === "unseen" || state === "not-an-app" ? null : metered, drift),
    stateText(state),
  ];
}

function beside(
  metered: ReconciledHour["metered"] | null,
  drift: number | null,
): readonly string[] {
  if (metered === null) return ["", ""];
  const amount = metered.isFloor
    ? t("at least {0}", formatAmount(metered.microUsd))
    : formatMetered(metered.microUsd);
  return [amount, drift === null ? "" : formatDrift(drift)];
}

function hourText(startMs: number): string {
  const at = (atMs: number): string => new Date(atMs).toISOString().slice(11, 16);
  return `${new Date(startMs).toISOString().slice(0, 10)} ${at(startMs)}–${at(startMs + hourMs)}`;
}
