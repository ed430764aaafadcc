import { clockText } from "../clockText.ts";
import { plural, t } from "../../base/text.ts";
import { formatAmount, formatCountdown, formatDrift, formatPerHour } from "../../cost/format.ts";
import { countedFindings, isAboutHeaders } from "../../cost/reported/findingText.ts";
import { billedThroughText } from "../../cost/billed/reconcile.ts";
import { describeGpuRate } from "../../cost/rates/rates.ts";
import { command } from "../command.ts";
import { table } from "../markdown.ts";
import { escapeMarkdown } from "../shown.ts";
import { inNotification } from "../progress.ts";
import type { AppServices } from "./appServices.ts";
import { burnOfApps } from "../../session/meter/runningApps.ts";
import { billDays, billOf } from "./bill.ts";
import { callDiagnoses } from "./callDiagnosis.ts";
import { environmentsText } from "./environments.ts";
import { soundLedgerText } from "./ledgerText.ts";

/** What the functions here work with. */
type DiagnosisServices = Pick<
  AppServices,
  | "access"
  | "pages"
  | "project"
  | "clock"
  | "connection"
  | "ledger"
  | "meter"
  | "settings"
  | "upkeep"
>;

/** One question, its answer, and what to do when the answer is bad. */
interface Finding {
  readonly question: string;
  readonly answer: string;
  readonly isGood: boolean;
}

export const runDiagnosis = command("runDiagnosis", async (services: DiagnosisServices) => {
  const findings = await inNotification(t("Running diagnosis…"), () => diagnose(services), {
    cancellable: false,
  });
  await services.pages.show(t("Diagnosis"), [
    ...table(
      ["", t("What"), t("Found")],
      findings.map(({ question, answer, isGood }) => [
        isGood ? "✅" : "⚠️",
        escapeMarkdown(question),
        escapeMarkdown(answer),
      ]),
    ),
    ...callDiagnoses(services),
  ]);
});

async function diagnose(services: DiagnosisServices): Promise<readonly Finding[]> {
  const { settings, access, connection, meter } = services;
  const findings: Finding[] = [];
  const ask = async (question: string, look: () => Promise<string> | string): Promise<void> => {
    try {
      findings.push({ question, answer: await look(), isGood: true });
    } catch (error) {
      const answer = error instanceof Error ? error.message : String(error);
      findings.push({ question, answer, isGood: false });
    }
  };
  for (const { setting, message, effect } of settings.problems) {
    const answer = `${message}. ${effect}`;
    findings.push({ question: t("Setting {0}", setting), answer, isGood: false });
  }
  await ask(t("The modal command"), async () => {
    access.reset();
    const cli = await access.findCli();
    if (cli === null)
      throw new Error(t("Not found. Install it, or set modalMeter.cliPath. Deploying needs it."));
    return `${cli.command} ${cli.prefixArgs.join(" ")} ${cli.version ?? ""} (${cli.origin})`;
  });
  await ask(t("Workspace and environment"), async () => {
    const { scopeKey, username, control } = await connection.open();
    const adapter = (control.answeredBy?.("listContainers") ?? control.adapter).toUpperCase();
    return username === null
      ? t("{0}, asked through the {1}", scopeKey, adapter)
      : t("{0} as {1}, asked through the {2}", scopeKey, username, adapter);
  });
  await ask(t("Environments"), async () => {
    const { control } = await connection.open();
    return environmentsText(await control.listEnvironments());
  });
  await ask(t("App files"), () => services.project.filesText());
  await ask(t("What runs"), async () => {
    await meter.refreshNow();
    return runningText(meter);
  });
  await ask(
    t("The clock"),
    () =>
      clockText(meter.state().clockOffsetMs) ?? t("agrees with Modal's as far as anything shows"),
  );
  await ask(t("Rates"), () => ratesText(services));
  await ask(t("The bill"), () => billText(services));
  await ask(t("Cost headers of your last calls"), () => auditText(services));
  await ask(t("The ledger"), () => ledgerText(services));
  return findings;
}

function runningText(meter: DiagnosisServices["meter"]): string {
  const { apps } = meter.state();
  if (apps.length === 0) return t("nothing");
  const burn = burnOfApps(apps);
  const names = apps.map(({ name, gpu, running }) => `${name} (${running} × ${gpu})`).join(", ");
  return `${names}; ${burn === null ? t("not every rate is known") : `≈ ${formatPerHour(burn)}`}`;
}

function ratesText({ clock, connection, ledger, meter }: DiagnosisServices): string {
  const latest = ledger.latestRates(connection.last?.scopeKey ?? "");
  const sample = describeGpuRate(meter.rates(), { type: "L40S", count: 1 });
  return latest === undefined
    ? t("from the table in the source: {0}", sample)
    : t("from Modal, {0} ago: {1}", formatCountdown(clock.nowMs() - latest.fetchedAtMs), sample);
}

async function ledgerText({ upkeep }: DiagnosisServices): Promise<string> {
  const problems = await upkeep.checkIntegrity();
  if (problems.length > 0) throw new Error(problems.join("; "));
  return soundLedgerText(upkeep.rowCounts());
}

/** Billed beside metered over the last week, in a line. */
function billText(services: Pick<AppServices, "clock" | "connection" | "meter">): string {
  const result = billOf(services, billDays);
  const { billedThroughMs, billed } = result;
  if (billedThroughMs === null) return t("nothing billed is known yet: costs are metered (≈)");
  const through = billedThroughText(billedThroughMs, services.clock.nowMs());
  return [
    `${through}: ${formatAmount(billed)}`,
    ...(result.drift === null ? [] : [t("metered is off by {0}", formatDrift(result.drift))]),
    ...(result.unseen === 0 ? [] : [t("{0} more was never seen", formatAmount(result.unseen))]),
  ].join("; ");
}

/** What the header audit found, most frequent first. Rejects where a header says what cannot be. */
function auditText({ ledger }: Pick<AppServices, "ledger">): string {
  const calls = ledger.calls({ limit: 50 }).filter(({ source }) => source === "editor");
  if (calls.length === 0) return t("no calls yet");
  const codes = calls.flatMap(({ audit }) => audit);
  if (codes.length === 0)
    return plural(calls.length, {
      one: "{0} call, its headers agree with time × rate",
      other: "{0} calls, all headers agree with time × rate",
    });
  const found = plural(
    calls.length,
    {
      one: "{0} call: {1}. It is explained below.",
      other: "{0} calls: {1}. The last ones are explained below.",
    },
    countedFindings(codes),
  );
  if (codes.some(isAboutHeaders)) throw new Error(found);
  return found;
}
