import { t } from "../../base/text.ts";
import type { CallRecord } from "../../cost/call.ts";
import { formatReported } from "../../cost/format.ts";
import { gpuLabel } from "../../cost/rates/gpu.ts";
import { findingTexts } from "../../cost/reported/findingText.ts";
import { callCosts } from "../../cost/spending/callCost.ts";
import { diagnoseCall, type CallDiagnosis } from "../../cost/spending/diagnosis.ts";
import type { ContainerSpan } from "../../cost/span.ts";
import { table } from "../markdown.ts";
import { escapeMarkdown } from "../shown.ts";
import type { AppServices } from "./appServices.ts";

const lastCalls = 5;
const icons: Readonly<Record<CallDiagnosis["verdict"], string>> = {
  agrees: "✅",
  explained: "ℹ️",
  wrong: "⚠️",
  unknown: "❔",
};

/** Why the last calls of this editor cost what they say, or more: a page's part. Empty: none was made. */
export function callDiagnoses({
  ledger,
  meter,
  connection,
}: Pick<AppServices, "connection" | "ledger" | "meter">): readonly string[] {
  const scope = connection.last?.scopeKey;
  if (scope === undefined) return [];
  const calls = ledger
    .calls({ scope, source: "editor", limit: 2 * lastCalls })
    .filter(({ endedAtMs }) => endedAtMs !== null)
    .slice(0, lastCalls);
  if (calls.length === 0) return [];
  const fromMs = Math.min(...calls.map(({ startedAtMs }) => startedAtMs));
  const reading = meter.costsSince(scope, fromMs);
  const spans = reading.priced.map(({ span }) => span);
  const costs = callCosts(reading);
  const rows = calls.map((call) => {
    const found = findingTexts(call, gpuOf(call, spans), reading.rates);
    const metered = costs.get(call.callId)?.metered ?? null;
    const { verdict, reasons } = diagnoseCall(call, found, spans, metered);
    return [icons[verdict], nameOf(call), reportedOf(call), wordsOf(verdict, reasons)];
  });
  return [
    `## ${t("Your last calls")}`,
    "",
    ...table(["", t("Call"), { figures: t("Reported") }, t("Found")], rows),
  ];
}

function wordsOf(verdict: CallDiagnosis["verdict"], reasons: readonly string[]): string {
  if (reasons.length > 0) return escapeMarkdown(reasons.join(" "));
  return verdict === "agrees"
    ? t("It is time × rate; nothing else is known to have been added.")
    : t("It does not say what it cost.");
}

function nameOf({ endpoint, startedAtMs }: CallRecord): string {
  return escapeMarkdown(`${endpoint ?? "call"}, ${new Date(startedAtMs).toLocaleString()}`);
}

function reportedOf({ reportedMicroUsd }: CallRecord): string {
  return reportedMicroUsd === null ? t("unknown") : formatReported(reportedMicroUsd);
}

/** The GPU that the app's containers had, where Modal told it. */
function gpuOf(call: CallRecord, spans: readonly ContainerSpan[]): string | null {
  const span = spans.find(
    ({ appId, gpuSource }) => appId === call.appId && gpuSource === "container",
  );
  return span === undefined ? null : gpuLabel(span.gpu);
}
