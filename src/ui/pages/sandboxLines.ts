import { t } from "../../base/text.ts";
import { formatParts } from "../../cost/apportion.ts";
import { knownPart, type KnownPart } from "../../cost/cost.ts";
import { approximately, formatClock } from "../../cost/format.ts";
import { metricsWithin, type PricedSpan } from "../../cost/metered/pricedSpan.ts";
import { sumUsd } from "../../cost/money.ts";
import { addends } from "../../cost/rates/costMetrics.ts";
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
  const inRange = priced.filter(({ interval }) => interval.countedToMs > fromMs);
  const isSandbox = ({ span }: PricedSpan): boolean => span.terms?.isSandbox === true;
  const found = inRange
    .filter(isSandbox)
    .map((one) => ({ one, cost: costSince(one, fromMs, nowMs) }))
    .toSorted((a, b) => b.cost.microUsd - a.cost.microUsd);
  if (found.length === 0) return [];
  const others = inRange
    .filter((one) => !isSandbox(one))
    .map((one) => costSince(one, fromMs, nowMs).microUsd);
  // Rounded with all else that is in the sum above: together they are that sum.
  const texts = formatParts([...found.map(({ cost }) => cost.microUsd), sumUsd(others)]).parts;
  const rows = found
    .slice(0, most)
    .map(({ one: { span, interval }, cost }, index) => [
      escapeMarkdown(names.get(span.containerId) ?? span.containerId),
      escapeMarkdown(span.appName),
      askedFor(span),
      formatClock(interval.startMs - offsetMs),
      costText(cost, texts[index] ?? ""),
    ]);
  return [
    `## ${t("Sandboxes")}`,
    "",
    ...table([t("sandbox"), t("app"), t("asks for"), t("since"), { figures: t("metered") }], rows),
    ...(found.length > most ? [t("and {0} more", found.length - most), ""] : []),
  ];
}

function costSince(one: PricedSpan, fromMs: number, nowMs: number): KnownPart {
  return knownPart(addends(metricsWithin(one, fromMs, nowMs)));
}

function costText({ microUsd, isFloor }: KnownPart, text: string): string {
  if (!isFloor) return approximately(text);
  return microUsd === 0 ? t("unknown") : t("at least {0}", text);
}

/** "T4, 8 cores, 32 GiB", as far as it is known. */
function askedFor({ gpu, gpuSource, terms }: ContainerSpan): string {
  return [
    gpu === null && gpuSource === "unknown" ? t("GPU unknown") : gpuLabel(gpu),
    ...(terms?.cores === null || terms === undefined ? [] : [t("{0} cores", terms.cores)]),
    ...(terms?.gib === null || terms === undefined ? [] : [t("{0} GiB", terms.gib)]),
  ].join(", ");
}
