import { plural, t } from "../../base/text.ts";
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
      t("Where the Cost Comes From"),
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
      ? t("Everything in {0} in the last 24 hours (no session is open here)", scope)
      : t(
          "{0} session in {1}, running for {2}",
          session.mode,
          scope,
          formatCountdown(nowMs - fromMs),
        );
  const through = billedThroughMs(billed);
  return [
    `${what}.`,
    "",
    ...table(
      [t("tier"), { figures: t("amount") }, t("how it is known")],
      [
        [t("reported"), reportedText(cost), tierDefinition("reported")],
        [t("metered"), meteredText(cost), tierDefinition("metered")],
        [t("billed"), billedText(cost), tierDefinition("billed")],
      ],
    ),
    through === null
      ? t("Nothing billed is known yet.")
      : t("The bill is known: {0}.", billedThroughText(through, nowMs)),
    "",
    ...meteredLines(cost),
    ...spanLines(services, spans, fromMs, nowMs),
  ];
}

function reportedText({ reported }: TieredCost): string {
  const { calls, silentCalls } = reported;
  const counted = [
    plural(calls, { one: "{0} call", other: "{0} calls" }),
    ...(silentCalls === 0 ? [] : [t("{0} reported no cost", silentCalls)]),
  ];
  return `${formatAmount(reported.microUsd)} (${counted.join(", ")})`;
}

function meteredText({ metered }: TieredCost): string {
  return metered === null ? t("nothing observed") : part(metered.known);
}

function billedText({ billed }: TieredCost): string {
  return billed === null ? t("not yet") : formatAmount(billed.microUsd);
}

function part({ microUsd, isFloor }: KnownPart): string {
  return isFloor ? t("at least {0}", formatAmount(microUsd)) : formatMetered(microUsd);
}

function meteredLines({ metered }: TieredCost): readonly string[] {
  if (metered === null) return [];
  const { execution, coldStart, idle } = metered.byActivity;
  const { gpu, cpu, memory } = metered.metrics;
  const whys = metered.known.whys.map((why) => `- ${escapeMarkdown(why)}`);
  return [
    `## ${t("What the containers were doing")}`,
    "",
    ...table(
      ["", { figures: t("metered") }],
      [
        [t("working on requests"), part(execution)],
        [t("starting (cold start)"), part(coldStart)],
        [t("idle"), part(idle)],
      ],
    ),
    `## ${t("What it was paid for")}`,
    "",
    ...table(
      ["", { figures: t("metered") }],
      [
        ["GPU", formatCost(gpu)],
        ["CPU", formatCost(cpu)],
        [t("memory"), formatCost(memory)],
      ],
    ),
    t(
      "{0} of containers in all. Ends that were not observed may make it wrong by {1}.",
      formatDuration(metered.containerSeconds * 1000),
      formatAmount(metered.error),
    ),
    "",
    ...(whys.length === 0 ? [] : [t("Not known:"), "", ...whys, ""]),
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
      `- ${plural(list.length, { one: "{0} container: {1}", other: "{0} containers: {1}" }, sourceText(source))}`,
  );
  const bare = own.filter(({ cpuCores, memoryGib }) => cpuCores === null || memoryGib === null);
  const rates = meter.rates();
  const { cpu, memory } = rates;
  const gpus = new Map(own.flatMap(({ gpu }) => (gpu === null ? [] : [[gpuLabel(gpu), gpu]])));
  return [
    `## ${t("Rates")}`,
    "",
    priceAgeText(priceAge(rates), nowMs),
    "",
    ...[...gpus.values()].map((gpu) => `- ${escapeMarkdown(describeGpuRate(rates, gpu))}`),
    `- ${t(
      "CPU {0} per core and hour, memory {1} per GiB and hour ({2})",
      `$${cpu.usdPerHour.toFixed(4)}`,
      `$${memory.usdPerHour.toFixed(4)}`,
      cpu.origin,
    )}`,
    "",
    ...(bare.length === 0
      ? []
      : [
          plural(
            bare.length,
            {
              one: "{0} container of {1}: no app file in the open folders says how much CPU and memory it has, so Modal's minimum is counted (0.125 cores, 128 MiB). It costs more if it asks for more.",
              other:
                "{0} containers of {1}: no app file in the open folders says how much CPU and memory they have, so Modal's minimum is counted (0.125 cores, 128 MiB). They cost more if they ask for more.",
            },
            appNames(bare),
          ),
          "",
        ]),
    ...(lines.length === 0 ? [] : [t("How the GPU of each container is known:"), "", ...lines, ""]),
  ];
}

function appNames(spans: readonly ContainerSpan[]): string {
  return [...new Set(spans.map(({ appName }) => escapeMarkdown(appName)))].join(", ");
}

function sourceText(source: ContainerSpan["gpuSource"]): string {
  switch (source) {
    case "container":
      return t("Modal says so for this container");
    case "app":
      return t("as the app's containers before");
    case "deploy-file":
      return t("as the app file says");
    case "setting":
      return t("as your settings say");
    default:
      return t("not known: its cost is not known either. Name it in modalMeter.deployTargets.");
  }
}
