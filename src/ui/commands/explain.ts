import { plural, t } from "../../base/text.ts";
import { billedThroughMs, hourMs } from "../../cost/billed/billedRow.ts";
import {
  approximately,
  formatAmount,
  formatBounds,
  formatRange,
  formatCountdown,
  formatDuration,
  formatMetered,
} from "../../cost/format.ts";
import { formatParts } from "../../cost/apportion.ts";
import { knownPart, type KnownPart } from "../../cost/cost.ts";
import { billedThroughText } from "../../cost/billed/reconcile.ts";
import { gpuLabel } from "../../cost/rates/gpu.ts";
import { priceAge, priceAgeText } from "../../cost/rates/priceAge.ts";
import { describeGpuRate } from "../../cost/rates/rates.ts";
import type { TieredCost } from "../../cost/spending/sessionCost.ts";
import type { ContainerSpan } from "../../cost/span.ts";
import { tierDefinition } from "../../cost/tiers.ts";
import { costIn } from "../../session/meter/costReader.ts";
import { sandboxLines } from "../pages/sandboxLines.ts";
import { recallLessons } from "../../session/meter/lessonBook.ts";
import { appIdsOf, type SessionRecord } from "../../session/session.ts";
import { command } from "../command.ts";
import { table } from "../markdown.ts";
import { escapeMarkdown } from "../shown.ts";
import { lessonLines } from "../pages/lessonLines.ts";
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
  services: Pick<AppServices, "clock" | "ledger" | "meter">,
  scope: string,
  session: SessionRecord | undefined,
): readonly string[] {
  const fromMs = session?.startedAtMs ?? services.clock.nowMs() - 24 * hourMs;
  const reading = services.meter.costsSince(scope, fromMs);
  const { nowMs, priced, billed } = reading;
  const spans = priced.map(({ span }) => span);
  const appIds = session === undefined ? null : appIdsOf([session]);
  const cost = costIn(reading, appIds, fromMs + reading.offsetMs);
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
    ...lessonLines(recallLessons(services.ledger, scope), new Set(spans.map((one) => one.appName))),
    ...sandboxLines(reading, services.ledger.latestListing(scope), fromMs),
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
  return metered === null
    ? t("nothing observed")
    : `${part(metered.known)}${formatRange(metered.known.microUsd, metered.bounds)}`;
}

function billedText({ billed }: TieredCost): string {
  return billed === null ? t("not yet") : formatAmount(billed.microUsd);
}

function part({ microUsd, isFloor }: KnownPart): string {
  return isFloor ? t("at least {0}", formatAmount(microUsd)) : formatMetered(microUsd);
}

/** Parts of one sum, so rounded that they add up to it as it is shown. */
function partRows(parts: readonly (readonly [name: string, part: KnownPart])[]): string[][] {
  const texts = formatParts(parts.map(([, { microUsd }]) => microUsd)).parts;
  return parts.map(([name, { microUsd, isFloor }], index) => {
    const text = texts[index] ?? "";
    if (!isFloor) return [name, approximately(text)];
    return [name, microUsd === 0 ? t("unknown") : t("at least {0}", text)];
  });
}

function meteredLines({ metered }: TieredCost): readonly string[] {
  if (metered === null) return [];
  const { execution, coldStart, idle } = metered.byActivity;
  const { gpu, cpu, memory } = metered.metrics;
  const whys = metered.known.whys.map((why) => `- ${escapeMarkdown(why)}`);
  const doubts = metered.doubts.map((doubt) => `- ${escapeMarkdown(doubt)}`);
  return [
    `## ${t("What the containers were doing")}`,
    "",
    ...table(
      ["", { figures: t("metered") }],
      partRows([
        [t("working on requests"), execution],
        [t("starting (cold start)"), coldStart],
        [t("idle"), idle],
      ]),
    ),
    `## ${t("What it was paid for")}`,
    "",
    ...table(
      ["", { figures: t("metered") }],
      partRows([
        ["GPU", knownPart([gpu])],
        ["CPU", knownPart([cpu])],
        [t("memory"), knownPart([memory])],
      ]),
    ),
    t(
      "{0} of containers in all. When they began and ended, and what they cost per hour, is known within bounds: {1}.",
      formatDuration(metered.containerSeconds * 1000),
      formatBounds(metered.bounds),
    ),
    "",
    ...(whys.length === 0 ? [] : [t("Not known:"), "", ...whys, ""]),
    ...(doubts.length === 0
      ? []
      : [
          t("Counted as if it were not there, and in the bounds as what it may cost:"),
          "",
          ...doubts,
          "",
        ]),
  ];
}

function spanLines(
  { meter }: Pick<AppServices, "meter">,
  spans: readonly ContainerSpan[],
  fromMs: number,
  nowMs: number,
): readonly string[] {
  const recent = spans.filter(({ lastSeenAtMs }) => lastSeenAtMs >= fromMs);
  const sources = Map.groupBy(recent, ({ gpuSource }) => gpuSource);
  const lines = [...sources].map(
    ([source, list]) =>
      `- ${plural(list.length, { one: "{0} container: {1}", other: "{0} containers: {1}" }, sourceText(source))}`,
  );
  const bare = recent.filter(
    ({ cpuCores, memoryGib, terms }) =>
      (terms?.cores ?? cpuCores) === null || (terms?.gib ?? memoryGib) === null,
  );
  const rates = meter.rates();
  const { cpu, memory } = rates;
  const gpus = new Map(recent.flatMap(({ gpu }) => (gpu === null ? [] : [[gpuLabel(gpu), gpu]])));
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
    ...(recent.some(({ terms }) => terms?.isSandbox === true)
      ? [
          `- ${t(
            "Sandboxes: CPU {0} per core and hour, memory {1} per GiB and hour ({2})",
            `$${rates.sandbox.cpu.usdPerHour.toFixed(4)}`,
            `$${rates.sandbox.memory.usdPerHour.toFixed(4)}`,
            rates.sandbox.cpu.origin,
          )}`,
        ]
      : []),
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
      return t("Modal says so for the app");
    case "deploy-file":
      return t("as the app file says");
    case "setting":
      return t("as your settings say");
    default:
      return t("not known: its cost is not known either. Name it in modalMeter.deployTargets.");
  }
}
