import * as vscode from "vscode";
import * as z from "zod/mini";
import { budgetLeftText } from "../../cost/spending/budget.ts";
import { addCosts, knownCost, unknownCost, type Cost } from "../../cost/cost.ts";
import { estimateCall, type CallEstimate } from "../../cost/spending/callEstimate.ts";
import { idleBufferCost } from "../../cost/spending/estimate.ts";
import { formatAmount, formatCountdown } from "../../cost/format.ts";
import { parseGpu } from "../../cost/rates/gpu.ts";
import { usd } from "../../cost/money.ts";
import { gpuRate } from "../../cost/rates/rates.ts";
import type { BudgetWatch } from "../../session/meter/budgetWatch.ts";
import { promptField, type Endpoint } from "../../endpoints/catalogue/endpoint.ts";
import { confirm, pickOne } from "../ask.ts";
import { askAll, askShort, emptyInput, parseCallInput, type CallInput } from "../calls/input.ts";
import { inputKey, type Calls } from "../calls/calls.ts";
import type { Command } from "../command.ts";
import type { Services } from "../services.ts";
import { sayInfo } from "../say.ts";

/** Services of the commands that call endpoints. */
export interface CallServices extends Services {
  readonly calls: Calls;
  readonly budgets: BudgetWatch;
}

function invoking(id: string, name: string): Command<CallServices> {
  return {
    id: `modalMeter.${id}`,
    run: (services, resource) => invoke(services, services.calls.endpoint(name), "short", resource),
  };
}

export const invokeCommands: readonly Command<CallServices>[] = [
  invoking("invokeFlux", "flux"),
  invoking("invokeFluxDev", "flux-dev"),
  invoking("invokeFluxInstantId", "flux-instantid"),
  invoking("invokeFluxLora", "flux-lora"),
  invoking("invokeWan2", "wan2"),
  invoking("invokeWorkflow", "workflow"),
  {
    id: "modalMeter.invokeEndpoint",
    run: async (services) => {
      const endpoint = await pickEndpoint(services);
      if (endpoint !== undefined) await invoke(services, endpoint, "all");
    },
  },
  {
    id: "modalMeter.invokeWithSelection",
    run: async (services) => {
      const editor = vscode.window.activeTextEditor;
      const text = editor?.document.getText(editor.selection).trim() ?? "";
      if (text === "") {
        await sayInfo(vscode.l10n.t("Select the text of a prompt in an editor first."));
        return;
      }
      const endpoint = await pickEndpoint(services, (one) => promptField(one) !== undefined);
      if (endpoint !== undefined) await invokeWith(services, endpoint, text);
    },
  },
  {
    id: "modalMeter.repeatLastCall",
    run: async (services) => {
      const name = z.safeParse(z.string(), parsed(services.ledger.recall("lastEndpoint")));
      if (!name.success) {
        await sayInfo(vscode.l10n.t("No call has been made yet."));
        return;
      }
      const endpoint = services.calls.endpoint(name.data);
      await send(services, endpoint, lastInput(services, endpoint));
    },
  },
];

async function pickEndpoint(
  services: CallServices,
  fits: (endpoint: Endpoint) => boolean = () => true,
): Promise<Endpoint | undefined> {
  return pickOne(
    vscode.l10n.t("Invoke an Endpoint"),
    vscode.l10n.t("Which one?"),
    services.calls
      .endpoints()
      .filter(fits)
      .map((endpoint) => ({
        label: endpoint.title,
        description: endpoint.route,
        detail: estimateText(estimateOf(services, endpoint, null).estimate),
        value: endpoint,
      })),
  );
}

async function invoke(
  services: CallServices,
  endpoint: Endpoint,
  how: "short" | "all",
  resource?: unknown,
): Promise<void> {
  let last = lastInput(services, endpoint);
  if (resource instanceof vscode.Uri) {
    const field = endpoint.fields.find(({ kind }) => kind === "jsonFile");
    if (field !== undefined)
      last = { ...last, files: { ...last.files, [field.name]: resource.fsPath } };
  }
  const input = await (how === "short" ? askShort(endpoint, last) : askAll(endpoint, last));
  if (input !== undefined) await send(services, endpoint, input);
}

async function invokeWith(
  services: CallServices,
  endpoint: Endpoint,
  prompt: string,
): Promise<void> {
  const field = promptField(endpoint);
  const last = lastInput(services, endpoint);
  const values = field === undefined ? last.values : { ...last.values, [field.name]: prompt };
  const missing = await askShort(
    { ...endpoint, fields: endpoint.fields.filter((one) => one !== field) },
    { ...last, values },
  );
  if (missing !== undefined) await send(services, endpoint, missing);
}

async function send(services: CallServices, endpoint: Endpoint, input: CallInput): Promise<void> {
  // First of all, so that a call that can not be made yet is not typed twice.
  services.ledger.remember(inputKey(endpoint.name), JSON.stringify(input));
  services.ledger.remember("lastEndpoint", JSON.stringify(endpoint.name));
  const prepared = await services.calls.plan(endpoint);
  if (!(await mayCost(services, endpoint, prepared.app?.appId ?? null))) return;
  await services.calls.run(prepared, input);
}

function lastInput(services: Services, endpoint: Endpoint): CallInput {
  return parseCallInput(services.ledger.recall(inputKey(endpoint.name))) ?? emptyInput;
}

/** Asks only when the likely cost is above the user's limit. */
async function mayCost(
  services: CallServices,
  endpoint: Endpoint,
  appId: string | null,
): Promise<boolean> {
  const { estimate, idleTail } = estimateOf(services, endpoint, appId);
  const likely = addCosts([likelyCost(estimate), idleTail]);
  if (!likely.known || likely.microUsd <= usd(services.settings.current.get("askAboveUsd")))
    return true;
  return confirm(
    vscode.l10n.t(
      "{0} will cost about {1}. Call it?",
      endpoint.title,
      formatAmount(likely.microUsd),
    ),
    [
      estimateText(estimate),
      idleTail.known
        ? `${formatAmount(idleTail.microUsd)} of it is the idle tail after the call.`
        : "",
      leftText(services),
    ]
      .filter((line) => line !== "")
      .join("\n"),
    vscode.l10n.t("Call"),
  );
}

/** What the budgets leave, as it was some minutes ago. */
function leftText({ budgets, connection }: CallServices): string {
  const scope = connection.last?.scopeKey;
  const left = scope === undefined ? undefined : budgetLeftText(budgets.recentStandings(scope));
  return left === undefined ? "" : `${left}.`;
}

function likelyCost(estimate: CallEstimate): Cost {
  switch (estimate.basis) {
    case "history":
      return estimate.p90;
    case "typical":
      return estimate.high;
    default:
      return unknownCost("Nothing is known of this endpoint yet.");
  }
}

function estimateOf(
  services: CallServices,
  endpoint: Endpoint,
  appId: string | null,
): { readonly estimate: CallEstimate; readonly idleTail: Cost } {
  const { ledger, meter, clock } = services;
  const state = meter.state();
  const nowMs = clock.nowMs();
  const calls = ledger.calls({ endpoint: endpoint.name, limit: 500 });
  const app =
    state.apps.find((one) => one.appId === appId) ?? state.apps.find(({ running }) => running > 0);
  const gpuType = calls.at(-1)?.gpuType ?? app?.gpu ?? services.project.firstGpu() ?? null;
  const gpu = gpuType === null ? undefined : parseGpu(gpuType);
  const rate = gpu === undefined ? undefined : gpuRate(meter.rates(), gpu.type);
  const scaledownSeconds =
    ledger.sessions({ fromMs: nowMs - 86_400_000, toMs: nowMs }).at(-1)?.scaledownSeconds ?? 60;
  const temperature = app === undefined ? null : app.running > 0 ? "warm" : "cold";
  return {
    estimate: estimateCall({
      endpoint: endpoint.name,
      gpuType: gpu?.type ?? null,
      rates: meter.rates(),
      calls,
      spans: ledger.spans({ fromMs: nowMs - 30 * 86_400_000, toMs: nowMs }),
      temperature,
    }),
    idleTail:
      rate === undefined || gpu === undefined
        ? unknownCost("The GPU is not known.")
        : knownCost(idleBufferCost(scaledownSeconds, rate.usdPerHour * gpu.count)),
  };
}

function estimateText(estimate: CallEstimate): string {
  const cost = (one: Cost): string => (one.known ? formatAmount(one.microUsd) : "cost unknown");
  switch (estimate.basis) {
    case "history":
      return `${seconds(estimate.p50Seconds)} (90 %: ${seconds(estimate.p90Seconds)}) · ${cost(estimate.p50)} to ${cost(estimate.p90)} · from your last ${estimate.sample} calls, ${estimate.temperature}`;
    case "typical":
      return `typically ${estimate.seconds.low} to ${estimate.seconds.high} s · ${cost(estimate.low)} to ${cost(estimate.high)}`;
    default:
      return "time and cost vary";
  }
}

function seconds(value: number): string {
  return value < 60 ? `${value.toFixed(1)} s` : formatCountdown(value * 1000);
}

function parsed(json: string | undefined): unknown {
  return json === undefined ? undefined : JSON.parse(json);
}
