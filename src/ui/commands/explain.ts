import { plural } from "../../base/text.ts";
import { billedThroughMs, hourMs } from "../../cost/billed/billedRow.ts";
import {
  formatAmount,
  formatCost,
  formatCountdown,
  formatDuration,
  formatMetered,
} from "../../cost/format.ts";
import type { KnownPart } from "../../cost/cost.ts";
import { billedThroughText } from "../../cost/billed/reconcile.ts";
import { gpuLabel } from "../../cost/rates/gpu.ts";
import { priceAge, priceAgeText } from "../../cost/rates/priceAge.ts";
import { describeGpuRate } from "../../cost/rates/rates.ts";
import type { TieredCost } from "../../cost/spending/sessionCost.ts";
import type { ContainerSpan } from "../../cost/span.ts";
import { tierDefinition } from "../../cost/tiers.ts";
import { costIn } from "../../session/meter/costReader.ts";
import type { SessionRecord } from "../../session/session.ts";
import { command } from "../command.ts";
import { escapeMarkdown, table } from "../markdown.ts";
import type { AppServices } from "./appServices.ts";
import { thisSession } from "../thisSession.ts";

/** Shows where each figure of the session comes from, tier by tier. */
export const explainCost = command(
  "explainCost",
  async (
    services: Pick<AppServices, "clock" | "connection" | "ledger" | "meter" | "pages" | "project">,
  ) => {
    const { scopeKey } = await services.connection.open();
    await services.pages.show(
      "Where the Cost Comes From",
      explanation(services, scopeKey, thisSession(services)),
    );
  },
);

function explanation(
  services: Pick<AppServices, "clock" | "meter">,
  scope: string,
  session: SessionRecord | undefined,
): readonly string[] {
  const fromMs = session?.startedAtMs ?? services.clock.nowMs() - 24 * hourMs;
  const reading = services.meter.costsSince(scope, fromMs);
  const { nowMs, priced, billed } = reading;
  const spans = priced.map(({ span }) => span);
  const appIds = session === undefined ? null : new Set(session.apps.map(({ appId }) => appId));
  const cost = costIn(reading, appIds, fromMs);
  const what =
    session === undefined
      ? `Everything in ${scope} in the last 24 hours (no session is open here)`
      : `${session.mode} session in ${scope}, running for ${formatCountdown(nowMs - fromMs)}`;
  const through = billedThroughMs(billed, nowMs);
  return [
    `${what}.`,
    "",
    ...table(
      ["tier", { figures: "amount" }, "how it is known"],
      [
        ["reported", reportedText(cost), tierDefinition("reported")],
        ["metered", meteredText(cost), tierDefinition("metered")],
        ["billed", billedText(cost), tierDefinition("billed")],
      ],
    ),
    through === null
      ? "Nothing billed is known yet."
      : `The bill is known: ${billedThroughText(through, nowMs)}.`,
    "",
    ...meteredLines(cost),
    ...spanLines(services, spans, fromMs, nowMs),
  ];
}

function reportedText({ reported }: TieredCost): string {
  const calls = plural(reported.calls, { one: "{0} call", other: "{0} calls" });
  const silent = plural(reported.silentCalls, {
    one: "{0} call said nothing",
    other: "{0} calls said nothing",
  });
  const told = reported.silentCalls === 0 ? calls : `${calls}, ${silent}`;
  return `${formatAmount(reported.microUsd)} (${told})`;
}

function meteredText({ metered }: TieredCost): string {
  return metered === null ? "nothing observed" : part(metered.known);
}

function billedText({ billed }: TieredCost): string {
  return billed === null ? "not yet" : formatAmount(billed.microUsd);
}

function part({ microUsd, isFloor }: KnownPart): string {
  return isFloor ? `at least ${formatAmount(microUsd)}` : formatMetered(microUsd);
}

function meteredLines({ metered }: TieredCost): readonly string[] {
  if (metered === null) return [];
  const { execution, coldStart, idle } = metered.byActivity;
  const { gpu, cpu, memory } = metered.metrics;
  const whys = metered.known.whys.map((why) => `- ${escapeMarkdown(why)}`);
  return [
    "## What the containers were doing",
    "",
    ...table(
      ["", { figures: "metered" }],
      [
        ["working on requests", part(execution)],
        ["starting (cold start)", part(coldStart)],
        ["idle", part(idle)],
      ],
    ),
    "## What it was paid for",
    "",
    ...table(
      ["", { figures: "metered" }],
      [
        ["GPU", formatCost(gpu)],
        ["CPU", formatCost(cpu)],
        ["memory", formatCost(memory)],
      ],
    ),
    `${formatDuration(metered.containerSeconds * 1000)} of containers in all; ends that nobody saw may make it wrong by ${formatAmount(metered.error)}.`,
    "",
    ...(whys.length === 0 ? [] : ["Not known:", "", ...whys, ""]),
  ];
}

function spanLines(
  { meter }: Pick<AppServices, "meter">,
  spans: readonly ContainerSpan[],
  fromMs: number,
  nowMs: number,
): readonly string[] {
  const own = spans.filter(({ lastSeenAtMs }) => lastSeenAtMs >= fromMs);
  const sources = Map.groupBy(own, ({ gpuSource }) => gpuSource);
  const lines = [...sources].map(
    ([source, list]) =>
      `- ${plural(list.length, { one: "{0} container", other: "{0} containers" })}: ${gpuSources[source] ?? source}`,
  );
  const bare = own.filter(({ cpuCores, memoryGib }) => cpuCores === null || memoryGib === null);
  const rates = meter.rates();
  const { cpu, memory } = rates;
  const gpus = new Map(own.flatMap(({ gpu }) => (gpu === null ? [] : [[gpuLabel(gpu), gpu]])));
  return [
    "## Rates",
    "",
    priceAgeText(priceAge(rates), nowMs),
    "",
    ...[...gpus.values()].map((gpu) => `- ${escapeMarkdown(describeGpuRate(rates, gpu))}`),
    `- CPU $${cpu.usdPerHour.toFixed(4)} per core and hour, memory $${memory.usdPerHour.toFixed(4)} per GiB and hour (${cpu.origin})`,
    "",
    ...(bare.length === 0
      ? []
      : [
          plural(
            bare.length,
            {
              one: "{0} container of {1}: no app file in the open folders tells its CPU and memory, so Modal's minimum is counted (0.125 cores, 128 MiB). It costs more if it asks for more.",
              other:
                "{0} containers of {1}: no app file in the open folders tells their CPU and memory, so Modal's minimum is counted (0.125 cores, 128 MiB). They cost more if they ask for more.",
            },
            appNames(bare),
          ),
          "",
        ]),
    ...(lines.length === 0 ? [] : ["How the GPU of each container is known:", "", ...lines, ""]),
  ];
}

function appNames(spans: readonly ContainerSpan[]): string {
  return [...new Set(spans.map(({ appName }) => escapeMarkdown(appName)))].join(", ");
}

const gpuSources: Readonly<Record<string, string>> = {
  container: "Modal told it for this container",
  app: "as the app's containers before",
  "deploy-file": "as the app file says",
  setting: "as your settings say",
  unknown: "not known: its cost is not known either. Name it in modalMeter.deployTargets.",
};
