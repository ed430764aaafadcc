import { t } from "../../base/text.ts";
import { burnPerHour } from "../../cost/rates/costMetrics.ts";
import { parseGpu } from "../../cost/rates/gpu.ts";
import type { Rates } from "../../cost/rates/rates.ts";
import { keepWarmCost } from "../../cost/spending/estimate.ts";
import { projectMonth } from "../../cost/spending/budget.ts";
import { periodOf } from "../../cost/spending/calendar.ts";
import { costPer, costPerApp, type ReportQuestion } from "../../cost/spending/report.ts";
import { spentBetween } from "../../session/meter/spending.ts";
import { catalogue } from "../../endpoints/catalogue/catalogue.ts";
import type { Endpoint } from "../../endpoints/catalogue/endpoint.ts";
import { readEndpointSettings } from "../../endpoints/catalogue/endpointSetting.ts";
import { command } from "../command.ts";
import type { AppServices } from "./appServices.ts";
import { monthDays, type Deployed, type KeptWarm } from "../pages/spendingAudit.ts";
import type { ModalMonth } from "../pages/modalMonth.ts";
import { asFailure } from "../../session/concurrent.ts";
import { recallEnvironments, spendLimits } from "../../session/workspace/elsewhere.ts";
import { spendingPage, type SpendingFacts } from "../pages/spendingPage.ts";
import type { Project } from "../project/project.ts";
import { gpuUsdPerHour, projectGpu } from "../start/modePicker.ts";

/** What the page of spending works with. */
type SpendingServices = Pick<
  AppServices,
  | "budgets"
  | "clock"
  | "connection"
  | "ledger"
  | "log"
  | "meter"
  | "pages"
  | "project"
  | "settings"
  | "spending"
>;

const dayMs = 86_400_000;
const recentDays = 7;
const shownDays = 14;
const askedApps = 3;

/** Shows what was spent per day, app, endpoint, model and user, beside the budgets. */
export const showSpending = command("showSpending", async (services: SpendingServices) => {
  const { connection, clock, meter, ledger, project, pages, budgets, spending } = services;
  const { scopeKey, scope: here } = await connection.open();
  const { workspace } = here;
  const nowMs = clock.nowMs();
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const monthMs = periodOf("month", nowMs, timeZone).fromMs;
  const shownMs = Math.min(monthMs, nowMs - shownDays * dayMs);
  const days = spending.days(workspace, shownMs);
  // The same days as in the table, from a reading of the same range: the sums are of one kind.
  const fromMs = days.at(-recentDays)?.day.fromMs ?? nowMs - recentDays * dayMs;
  const reading = meter.costsSince(scopeKey, days[0]?.day.fromMs ?? fromMs);
  const question: ReportQuestion = { ...reading, fromMs, toMs: reading.nowMs };
  const sessions = ledger.sessions({ scope: scopeKey, fromMs, toMs: nowMs });
  const names = {
    userOfSession: new Map(
      sessions.map(({ sessionId, username }) => [sessionId, username ?? "you"]),
    ),
    modelOfEndpoint: new Map(
      endpointsToName(services).flatMap(({ name, model }) =>
        model === null ? [] : [[name, model]],
      ),
    ),
  };
  const first = days.find(({ spent }) => spent.microUsd > 0);
  const apps = costPerApp(question);
  await pages.show(
    t("Spending and Budget"),
    spendingPage({
      scope: here,
      standings: budgets.standings(workspace),
      modalMonth: await modalMonth(services, reading.nowMs),
      parts: spending.parts(workspace, shownMs, recentDays),
      projection: projectMonth(
        (from, to) => spentBetween(days, from, Math.min(to, nowMs), nowMs),
        first?.day.fromMs ?? nowMs,
        nowMs,
        timeZone,
      ),
      days: days.slice(-shownDays),
      calls: ledger.summary({ scope: scopeKey, fromMs: shownMs, toMs: nowMs, timeZone }),
      monthFrom: periodOf("day", monthMs, timeZone).key,
      recentDays,
      apps,
      byEndpoint: costPer("endpoint", question),
      byModel: costPer("model", question, names),
      byUser: costPer("user", question, names),
      sessions,
      deployed: await deployments(services, apps),
      keptWarm: apps.flatMap(({ appName }) => keptWarm(appName, project, meter.rates())),
      neverStopped: neverStopped(services),
    }),
  );
});

/** Asked at a click: Modal may refuse its summary to this login, and a CLI before 1.5.3 has none. */
async function modalMonth(
  { connection, ledger }: Pick<AppServices, "connection" | "ledger">,
  nowMs: number,
): Promise<ModalMonth> {
  const { control, scope } = await connection.open();
  const limits = spendLimits(recallEnvironments(ledger, scope.workspace));
  try {
    return { summary: await control.billingSummary(), limits, nowMs };
  } catch (error) {
    return { summary: asFailure(error).message, limits, nowMs };
  }
}

/** The endpoints that can be read: a wrong one has no model, and does no harm to the page. */
function endpointsToName({ settings }: Pick<AppServices, "settings">): readonly Endpoint[] {
  return catalogue(readEndpointSettings(settings.current.sound("endpoints") ?? []).endpoints);
}

/** What an app that keeps containers warm pays for that, by its file. */
function keptWarm(appName: string, project: Project, rates: Rates): readonly KeptWarm[] {
  const facts = project.factsInFile(appName);
  if (facts === undefined || facts.warmContainers === 0) return [];
  const { cpuCores = null, memoryGib = null, warmContainers: containers } = facts;
  const gpu = typeof facts.gpu === "string" ? parseGpu(facts.gpu) : facts.gpu;
  const burn = burnPerHour(
    {
      appName,
      gpu: gpu ?? null,
      gpuSource: gpu === undefined ? "unknown" : "deploy-file",
      cpuCores,
      memoryGib,
    },
    rates,
  );
  const month = burn.known ? keepWarmCost(containers, monthDays, burn.microUsd / 1e6) : null;
  return [{ appName, containers, month }];
}

function neverStopped(
  services: Pick<AppServices, "meter" | "project">,
): SpendingFacts["neverStopped"] {
  const gpu = projectGpu(services);
  const usdPerHour = gpuUsdPerHour(services.meter.rates(), gpu);
  if (gpu === undefined || usdPerHour === undefined) return undefined;
  return { gpu, month: keepWarmCost(1, monthDays, usdPerHour) };
}

/** The newest deployments of the dearest apps; an app whose history cannot be had is left out. */
async function deployments(
  { connection, log }: Pick<AppServices, "connection" | "log">,
  apps: readonly { readonly appId: string; readonly appName: string }[],
): Promise<readonly Deployed[]> {
  const { control } = await connection.open();
  const lists = await Promise.all(
    apps.slice(0, askedApps).map(async ({ appId, appName }): Promise<readonly Deployed[]> => {
      try {
        const list = await control.deployments(appId);
        return list.flatMap(({ deployedAtMs, deployedBy }) =>
          deployedAtMs === null ? [] : [{ appName, atMs: deployedAtMs, by: deployedBy }],
        );
      } catch (error) {
        log.debug(`No history of ${appName}: ${String(error)}`);
        return [];
      }
    }),
  );
  return lists.flat().toSorted((a, b) => b.atMs - a.atMs);
}
