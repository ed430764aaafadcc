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

const states: Readonly<Record<HourState, string>> = {
  both: "",
  unseen: "**never seen**",
  "not-an-app": "not an app",
  unbilled: "not on the bill",
  "rate-unknown": "its rate is not known",
};

/** Billed beside metered, per app and per hour, as Markdown. */
export function billPage(
  what: Reconciliation,
  asked: { readonly scope: string; readonly nowMs: number; readonly days: number },
): readonly string[] {
  const scope = escapeMarkdown(asked.scope);
  if (what.billedThroughMs === null) {
    return [
      `Nothing that Modal billed for ${scope} in the last ${asked.days} days is known yet, so its costs are metered (≈).`,
      "",
      "Modal's report comes some hours late, and only on plans that let it be read. Modal Meter asks for it once an hour.",
    ];
  }
  const through = billedThroughText(what.billedThroughMs, asked.nowMs);
  return [
    `${scope}, the last ${asked.days} days, ${through}. Later hours are not finished, and not compared.`,
    "",
    ...table(
      ["", figure("amount")],
      [
        ["Billed, where containers were seen", sum(what.billed)],
        ["Metered in the same hours", metered(what.metered, what.drift)],
        ["Billed, but never seen (no window was open, or the laptop slept)", sum(what.unseen)],
        ["Metered, but not on the bill", sum(what.unbilled)],
        ...(what.other === 0 ? [] : [["Billed for what is no app", sum(what.other)]]),
      ],
    ),
    "## By app",
    "",
    ...table(
      ["app", ...["billed", "metered", "drift", "of it never seen"].map(figure)],
      what.apps.map(appRow),
    ),
    "## Hour by hour",
    "",
    ...table(
      ["hour (UTC)", "app", ...["billed", "metered", "drift"].map(figure), ""],
      what.hours.slice(-mostRows).toReversed().map(hourRow),
    ),
    ...(what.hours.length > mostRows
      ? [`The newest ${mostRows} of ${what.hours.length} rows. The ledger's export has all.`, ""]
      : []),
    "**Drift** is metered ÷ billed - 1, over the hours in which both are known. An hour that was billed and never seen counts as billed wherever Modal Meter shows a cost.",
  ];
}

function figure(title: string) {
  return { figures: title };
}

function sum(amount: MicroUsd): string {
  return amount === 0 ? "nothing" : formatAmount(amount);
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
    states[state],
  ];
}

function beside(own: ReconciledHour["metered"] | null, drift: number | null): readonly string[] {
  if (own === null) return ["", ""];
  const amount = own.isFloor
    ? `at least ${formatAmount(own.microUsd)}`
    : formatMetered(own.microUsd);
  return [amount, drift === null ? "" : formatDrift(drift)];
}

function hourText(startMs: number): string {
  const at = (atMs: number): string => new Date(atMs).toISOString().slice(11, 16);
  return `${new Date(startMs).toISOString().slice(0, 10)} ${at(startMs)}–${at(startMs + hourMs)}`;
}
