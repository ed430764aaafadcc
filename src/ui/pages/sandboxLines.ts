import { t } from "../../base/text.ts";
import { addCosts } from "../../cost/cost.ts";
import { formatClock, formatMetered } from "../../cost/format.ts";
import { metricsWithin } from "../../cost/metered/pricedSpan.ts";
import { gpuLabel } from "../../cost/rates/gpu.ts";
import type { ContainerSpan } from "../../cost/span.ts";
import type { Listing } from "../../session/ledgerPort.ts";
import type { CostReading } from "../../session/meter/costReader.ts";
import { table } from "../markdown.ts";
import { escapeMarkdown } from "../shown.ts";

/** So many are shown, the dearest first. */
const most = 20;

/** Each sandbox since an instant of this machine's clock: what it asks for, and what it has cost by the meter. Empty: there was none. */
export function sandboxLines(
  { priced, nowMs, offsetMs }: CostReading,
  listing: Pick<Listing, "sandboxes"> | undefined,
  sinceMs: number,
): readonly string[] {
  const fromMs = sinceMs + offsetMs;
  const names = new Map(
    (listing?.sandboxes?.sandboxes ?? []).map((one) => [
      one.containerId,
      one.name === "" ? one.sandboxId : one.name,
    ]),
  );
  const found = priced
    .filter(({ span, interval }) => span.terms?.isSandbox === true && interval.countedToMs > fromMs)
    .map((one) => ({ one, cost: addCosts([metricsWithin(one, fromMs, nowMs).total]) }))
    .toSorted((a, b) => amount(b.cost) - amount(a.cost));
  if (found.length === 0) return [];
  const rows = found
    .slice(0, most)
    .map(({ one: { span, interval }, cost }) => [
      escapeMarkdown(names.get(span.containerId) ?? span.containerId),
      escapeMarkdown(span.appName),
      askedFor(span),
      formatClock(interval.startMs - offsetMs),
      cost.known ? formatMetered(cost.microUsd) : t("unknown"),
    ]);
  return [
    `## ${t("Sandboxes")}`,
    "",
    ...table([t("sandbox"), t("app"), t("asks for"), t("since"), { figures: t("metered") }], rows),
    ...(found.length > most ? [t("and {0} more", found.length - most), ""] : []),
  ];
}

function amount(cost: ReturnType<typeof addCosts>): number {
  return cost.known ? cost.microUsd : 0;
}

/** "T4, 8 cores, 32 GiB", as far as it is known. */
function askedFor({ gpu, gpuSource, terms }: ContainerSpan): string {
  return [
    gpu === null && gpuSource === "unknown" ? t("GPU unknown") : gpuLabel(gpu),
    ...(terms?.cores === null || terms === undefined ? [] : [t("{0} cores", terms.cores)]),
    ...(terms?.gib === null || terms === undefined ? [] : [t("{0} GiB", terms.gib)]),
  ].join(", ");
}
