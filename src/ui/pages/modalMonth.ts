import { t } from "../../base/text.ts";
import { limitOutlooks, limitText, type SpendLimit } from "../../cost/spending/modalMonth.ts";
import { formatAmount } from "../../cost/format.ts";
import { microUsd, zeroUsd } from "../../cost/money.ts";
import type { BillingSummary, SummaryLine } from "../../session/modalControl.ts";
import { table } from "../markdown.ts";
import { escapeMarkdown } from "../shown.ts";

/** The month in Modal's own figures. */
export interface ModalMonth {
  /** A text says why it could not be had. */
  readonly summary: BillingSummary | string;
  readonly limits: readonly SpendLimit[];
  /** By Modal's clock. */
  readonly nowMs: number;
}

/** The section of the page. Figures are Modal's, to the cent, and none of them is metered. */
export function modalMonthLines({ summary, limits, nowMs }: ModalMonth): readonly string[] {
  return [
    `## ${t("This month, as Modal sees it")}`,
    "",
    ...(typeof summary === "string"
      ? [t("Modal's summary could not be read: {0}", escapeMarkdown(summary)), ""]
      : [...summaryTable(summary), ...creditLines(summary)]),
    ...limitLines(limits, nowMs),
  ];
}

function summaryTable(summary: BillingSummary): readonly string[] {
  const { meteredCost, billedCost, metered, adjustments } = summary;
  const cells = ({ name, cost }: SummaryLine, indent: string): readonly string[] => [
    `${indent}${escapeMarkdown(nameOf(name))}`,
    signed(cost),
  ];
  return table(
    ["", { figures: t("this month") }],
    [
      [t("metered by Modal"), formatAmount(meteredCost)],
      ...metered.map((line) => cells(line, "– ")),
      ...adjustments.map((line) => cells(line, "")),
      [`**${t("to pay")}**`, `**${formatAmount(billedCost)}**`],
    ],
  );
}

/** The summary tells the credit that was used, never how much there was. */
function creditLines({ meteredCost, billedCost }: BillingSummary): readonly string[] {
  if (meteredCost <= zeroUsd) return [];
  return billedCost <= zeroUsd
    ? [t("Credits have paid all of it so far. Modal does not say how much credit is left."), ""]
    : [t("The credits of this month are used up: what comes now is paid."), ""];
}

function limitLines(limits: readonly SpendLimit[], nowMs: number): readonly string[] {
  if (limits.length === 0) return [t("Modal does not report the limits of environments."), ""];
  return [
    ...limitOutlooks(limits, nowMs).map((one) => `- ${escapeMarkdown(limitText(one, nowMs))}`),
    "",
  ];
}

/** "credits_applied" as the command spells it, "Credits Applied" as Modal does. */
function nameOf(name: string): string {
  return name.replaceAll("_", " ");
}

function signed(cost: SummaryLine["cost"]): string {
  return cost < zeroUsd ? `−${formatAmount(microUsd(0 - cost))}` : formatAmount(cost);
}
