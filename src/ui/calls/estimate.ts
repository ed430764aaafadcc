import { plural, t } from "../../base/text.ts";
import { knownCost, unknownCost, type Cost } from "../../cost/cost.ts";
import { formatAmount, formatCountdown } from "../../cost/format.ts";
import { usd } from "../../cost/money.ts";
import { appWindow } from "../../session/appWindow.ts";
import { gpuLabel, parseGpu } from "../../cost/rates/gpu.ts";
import { gpuRate } from "../../cost/rates/rates.ts";
import { budgetLeftText } from "../../cost/spending/budget.ts";
import { estimateCall, likelyCost, type CallEstimate } from "../../cost/spending/callEstimate.ts";
import { idleBufferCost } from "../../cost/spending/estimate.ts";
import type { Endpoint } from "../../endpoints/catalogue/endpoint.ts";
import { onlyGpuAsked } from "../../lens/read/facts.ts";
import { ifReadable } from "../../session/ifReadable.ts";
import type { BudgetWatch } from "../../session/meter/budgetWatch.ts";
import { confirm } from "../ask.ts";
import type { Services } from "../services.ts";
import type { Prepared } from "./plan.ts";

/** What the functions here work with. */
type EstimateServices = Pick<
  Services,
  "clock" | "connection" | "ledger" | "meter" | "project" | "settings"
> & { readonly budgets: BudgetWatch };

/** What a call will probably take and cost, and what its container costs after it. */
export interface Expected {
  readonly estimate: CallEstimate;
  readonly idleTail: Cost;
}

/** Asks only when the likely cost is above the user's limit (setting `askAboveUsd`). False: turned away. */
export async function mayCost(
  services: EstimateServices,
  endpoint: Endpoint,
  prepared: Pick<Prepared, "app" | "session">,
): Promise<boolean> {
  const { estimate, idleTail } = estimateOf(services, endpoint, prepared);
  const likely = likelyCost(estimate, idleTail);
  if (likely.microUsd <= usd(services.settings.current.get("askAboveUsd"))) return true;
  const amount = formatAmount(likely.microUsd);
  return confirm(
    likely.isFloor
      ? t("{0} will cost at least {1}. Call it?", endpoint.title, amount)
      : t("{0} will cost about {1}. Call it?", endpoint.title, amount),
    [
      estimateText(estimate),
      idleTail.known
        ? t("{0} of it is the idle tail after the call.", formatAmount(idleTail.microUsd))
        : "",
      leftText(services),
    ]
      .filter((line) => line !== "")
      .join("\n"),
    t("Call"),
  );
}

/** What the budgets leave, as it was some minutes ago. */
function leftText({
  budgets,
  connection,
}: Pick<EstimateServices, "budgets" | "connection">): string {
  const workspace = connection.last?.scope.workspace;
  const left =
    workspace === undefined ? undefined : budgetLeftText(budgets.recentStandings(workspace));
  return left === undefined ? "" : `${left}.`;
}

/** @param where the call would go; nothing: not known yet, so what runs or ran last stands for it. */
export function estimateOf(
  services: EstimateServices,
  endpoint: Endpoint,
  where: Pick<Prepared, "app" | "session"> = { app: null, session: undefined },
): Expected {
  const { ledger, meter, clock, connection } = services;
  const state = meter.state();
  const nowMs = clock.nowMs();
  const calls = ifReadable(() => ledger.calls({ endpoint: endpoint.name, limit: 500 })) ?? [];
  const its = state.apps.find(({ appId }) => appId === where.app?.appId);
  const app = its ?? state.apps.find(({ running }) => running > 0);
  const scope = connection.last?.scopeKey;
  const [lastSession] =
    scope === undefined ? [] : (ifReadable(() => ledger.sessions({ scope })) ?? []);
  const session = where.session ?? lastSession;
  const [onlyApp, ...otherApps] = session?.apps ?? [];
  const appName = where.app?.appName ?? (otherApps.length > 0 ? undefined : onlyApp?.appName);
  // Modal's word for the app itself has the number of GPUs, which no header tells.
  const gpu = firstGpu([
    its?.gpu,
    ...calls.map(({ gpuType }) => gpuType),
    // Before any container of it was seen: the setting, else the file.
    ...(appName === undefined ? [] : gpusTold(services.project, appName)),
    app?.gpu,
    services.project.onlyGpu(),
  ]);
  const rate = gpu === undefined ? undefined : gpuRate(meter.rates(), gpu.type);
  const scaledownSeconds = session === undefined ? 60 : appWindow(session, where.app?.appId ?? "");
  const temperature = app === undefined ? null : app.running > 0 ? "warm" : "cold";
  return {
    estimate: estimateCall({
      endpoint: endpoint.name,
      typical: endpoint.typicalSeconds,
      gpu: gpu === undefined ? null : gpuLabel(gpu),
      rates: meter.rates(),
      calls,
      spans: ifReadable(() => ledger.spans({ fromMs: nowMs - 30 * 86_400_000, toMs: nowMs })) ?? [],
      temperature,
    }),
    idleTail:
      rate === undefined || gpu === undefined
        ? unknownCost(t("The GPU is not known."))
        : scaledownSeconds === null
          ? unknownCost(t("The scaledown window is not known."))
          : knownCost(idleBufferCost(scaledownSeconds, rate.usdPerHour * gpu.count)),
  };
}

function gpusTold(project: EstimateServices["project"], appName: string) {
  return [project.gpuSetting(appName), onlyGpuAsked(project.factsInFile(appName)?.all ?? [])];
}

/** The first of the texts, best evidence first, that names a GPU. */
function firstGpu(texts: readonly (string | null | undefined)[]) {
  for (const text of texts) {
    const gpu =
      text === null || text === undefined || text === "unknown" ? undefined : parseGpu(text);
    if (gpu !== undefined) return gpu;
  }
  return undefined;
}

/** One line for a picker or a question. */
export function estimateText(estimate: CallEstimate): string {
  const cost = (one: Cost): string => (one.known ? formatAmount(one.microUsd) : t("cost unknown"));
  switch (estimate.basis) {
    case "history":
      return [
        t("{0} (90 %: {1})", seconds(estimate.p50Seconds), seconds(estimate.p90Seconds)),
        t("{0} to {1}", cost(estimate.p50), cost(estimate.p90)),
        sampleText(estimate.sample, estimate.temperature),
      ].join(" · ");
    case "typical":
      return [
        t("typically {0} to {1} s", estimate.seconds.low, estimate.seconds.high),
        t("{0} to {1}", cost(estimate.low), cost(estimate.high)),
      ].join(" · ");
    default:
      return t("time and cost vary");
  }
}

function sampleText(calls: number, temperature: "cold" | "warm" | "any"): string {
  switch (temperature) {
    case "cold":
      return plural(calls, {
        one: "from your last {0} call with a cold start",
        other: "from your last {0} calls with a cold start",
      });
    case "warm":
      return plural(calls, {
        one: "from your last {0} warm call",
        other: "from your last {0} warm calls",
      });
    default:
      return plural(calls, {
        one: "from your last {0} call",
        other: "from your last {0} calls",
      });
  }
}

function seconds(value: number): string {
  return value < 60 ? `${value.toFixed(1)} s` : formatCountdown(value * 1000);
}
