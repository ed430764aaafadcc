import { t } from "../../base/text.ts";
import { failureOf } from "../../base/failure.ts";
import { formatAmount, formatCountdown, formatDrift, formatPerHour } from "../../cost/format.ts";
import { billedThroughText } from "../../cost/billed/reconcile.ts";
import { describeGpuRate } from "../../cost/rates/rates.ts";
import { command } from "../command.ts";
import { escapeMarkdown, table } from "../markdown.ts";
import { inNotification } from "../progress.ts";
import type { AppServices } from "./appServices.ts";
import { burnOfApps } from "../../session/meter/runningApps.ts";
import { billDays, billOf } from "./bill.ts";
import { callDiagnoses } from "./callDiagnosis.ts";
import { environmentsText } from "./environments.ts";

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
  const findings = await inNotification(
    t("Modal Meter looks at itself"),
    () => diagnose(services),
    { cancellable: false },
  );
  await services.pages.show("Diagnosis", [
    ...table(
      ["", "What", "Found"],
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
  const { settings, access, connection, meter, upkeep, ledger, clock } = services;
  const findings: Finding[] = [];
  const ask = async (question: string, look: () => Promise<string> | string): Promise<void> => {
    try {
      findings.push({ question, answer: await look(), isGood: true });
    } catch (error) {
      const answer = failureOf(error)?.message ?? String(error);
      findings.push({ question, answer, isGood: false });
    }
  };
  for (const { setting, message, effect } of settings.problems) {
    const answer = `${message}. ${effect}`;
    findings.push({ question: `Setting ${setting}`, answer, isGood: false });
  }
  await ask("The modal command", async () => {
    access.reset();
    const cli = await access.findCli();
    if (cli === null)
      throw new Error("Not found. Install it, or set modalMeter.cliPath. Deploying needs it.");
    return `${cli.command} ${cli.prefixArgs.join(" ")} ${cli.version ?? ""} (${cli.origin})`;
  });
  await ask("Workspace and environment", async () => {
    const { scopeKey, username, control } = await connection.open();
    return `${scopeKey}${username === null ? "" : ` as ${username}`}, asked through the ${(control.answeredBy?.("listContainers") ?? control.adapter).toUpperCase()}`;
  });
  await ask("Environments", async () => {
    const { control } = await connection.open();
    return environmentsText(await control.listEnvironments());
  });
  await ask("App files", () => services.project.filesText());
  await ask("What runs", async () => {
    await meter.refreshNow();
    const { apps } = meter.state();
    const burn = burnOfApps(apps);
    if (apps.length === 0) return "nothing";
    const names = apps.map(({ name, gpu, running }) => `${name} (${running} × ${gpu})`).join(", ");
    return `${names}; ${burn === null ? "not every rate is known" : `≈ ${formatPerHour(burn)}`}`;
  });
  await ask("Rates", () => {
    const scope = connection.last?.scopeKey ?? "";
    const told = ledger.latestRates(scope);
    const sample = describeGpuRate(meter.rates(), { type: "L40S", count: 1 });
    return told === undefined
      ? `from the table in the source: ${sample}`
      : `from Modal, ${formatCountdown(clock.nowMs() - told.fetchedAtMs)} ago: ${sample}`;
  });
  await ask("The bill", () => billText(services));
  await ask("Cost headers of your last calls", () => auditText(services));
  await ask("The ledger", async () => {
    const problems = await upkeep.checkIntegrity();
    if (problems.length > 0) throw new Error(problems.join("; "));
    const rows = [...upkeep.rowCounts()].filter(([, count]) => count > 0);
    return `sound; ${rows.map(([table, count]) => `${count} ${table}`).join(", ")}`;
  });
  return findings;
}

/** Billed beside metered over the last week, in a line. */
function billText(services: Pick<AppServices, "clock" | "connection" | "meter">): string {
  const result = billOf(services, billDays);
  const { billedThroughMs, billed } = result;
  if (billedThroughMs === null) return "nothing billed is known yet: costs are metered (≈)";
  const drift = result.drift === null ? "" : `, metered is off by ${formatDrift(result.drift)}`;
  const unseen = result.unseen === 0 ? "" : `; ${formatAmount(result.unseen)} more was never seen`;
  const through = billedThroughText(billedThroughMs, services.clock.nowMs());
  return `${through}: ${formatAmount(billed)}${drift}${unseen}`;
}

/** What the header audit found, most frequent first. */
function auditText({ ledger }: Pick<AppServices, "ledger">): string {
  const calls = ledger.calls({ limit: 50 }).filter(({ source }) => source === "editor");
  if (calls.length === 0) return "no call yet";
  const counts = new Map<string, number>();
  for (const code of calls.flatMap(({ audit }) => audit))
    counts.set(code, (counts.get(code) ?? 0) + 1);
  if (counts.size === 0) return `${calls.length} calls, all headers agree with time × rate`;
  const found = [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .map(([code, count]) => `${code}: ${count}`);
  throw new Error(`${calls.length} calls: ${found.join(", ")}. The last ones are explained below.`);
}
