import { addedParts, billedParts, noParts, usdOfParts, type Parts } from "../billed/billedParts.ts";
import { hourMs, isFinal, type BilledRow } from "../billed/billedRow.ts";
import type { CallRecord } from "../call.ts";
import { executionsIn, type Execution } from "../metered/attribution.ts";
import { mayOverlap, type PricedSpan } from "../metered/pricedSpan.ts";
import { gpuLabel } from "../rates/gpu.ts";
import { noPrice } from "../rates/costMetrics.ts";
import { amountsOf } from "../rates/priceTerms.ts";
import { unknownTerms } from "../terms.ts";

/** From which moment of its start a container is billed: when it was asked for, when it began to boot, when it was ready. */
export type Begin = "asked" | "boot" | "ready";

export const begins: readonly Begin[] = ["boot", "asked", "ready"];

/** What containers of one app that ask for the same may have been billed for in an hour. In USD at the price of what they ask for. */
export interface KindHour {
  readonly wait: Parts;
  readonly load: Parts;
  readonly run: Parts;
  /** Container hours after the start, and the core hours and GiB hours that they are priced with. */
  readonly hours: number;
  readonly coreHours: number;
  readonly gibHours: number;
  /** Container hours with a call in them. */
  readonly busyHours: number;
  /** What a second costs of each container that became ready in the hour, together. */
  readonly startPerSecond: Parts;
}

/** An hour of an app, as Modal billed it and as it was seen. */
export interface BilledHour {
  readonly appName: string;
  readonly billedUsd: number;
  /** What it was paid for; null: the bill does not tell. */
  readonly billedParts: Parts | null;
  /** What of its cost hangs on ends that are known within bounds only. */
  readonly doubtUsd: number;
  readonly kinds: ReadonlyMap<string, KindHour>;
}

export interface HoursQuestion {
  /** Priced without what the bill has taught. */
  readonly priced: readonly PricedSpan[];
  readonly calls: readonly CallRecord[];
  readonly billed: readonly BilledRow[];
  /** Instants of complete looks, in order. */
  readonly lookedAtMs: readonly number[];
  readonly nowMs: number;
}

/** What stands for the price of a GPU that is not known: of this much the bill teaches the multiple. */
export const standInUsdPerHour = 1;

/** An hour in which nobody looked for so long is seen in parts only. */
export const longestGapMs = 15 * 60_000;
/** But for so much of it. */
const edgeMs = 60_000;
/** So much of an hour's cost may hang on ends that nobody saw: the CLI tells of none, and looks are apart. */
const mostDoubt = 0.3;

/**
 * How the price of a container is made: what it asks for and on which terms, as far as that is known,
 * whether its use is, and whose prices are counted. What the bill teaches of one that is priced in
 * another way would count what was told, or set, since a second time.
 */
export function kindOf({ span, prices }: Pick<PricedSpan, "span" | "prices">): string {
  const { gpu, gpuSource, cpuCores, memoryGib, terms = unknownTerms } = span;
  const [{ rate }] = prices;
  const { region, nonPreemptible, isSandbox, diskGib, coresInUse, gibInUse } = terms;
  const parts = [
    gpu === null ? (gpuSource === "unknown" ? "?" : "") : gpuLabel(gpu),
    terms.cores ?? cpuCores,
    terms.gib ?? memoryGib,
    diskGib,
    region,
    nonPreemptible,
    isSandbox,
    coresInUse === null,
    gibInUse === null,
    rate.basis,
  ];
  return parts.map((part) => part ?? "?").join(" ");
}

/** Where in a kind's name it says whether its use is known. */
const useAt = 7;

/** The kind of containers that differ in nothing but that their use is known; undefined: it is. */
export function kindOfKnownUse(kind: string): string | undefined {
  const parts = kind.split(" ");
  const asKnown = parts
    .with(useAt, "false")
    .with(useAt + 1, "false")
    .join(" ");
  return asKnown === kind ? undefined : asKnown;
}

/** What the containers of a kind ask for, as far as it is told; "" for no GPU. */
export function askedOf(kind: string): {
  readonly gpu: string;
  readonly cores: number | null;
  readonly gib: number | null;
  readonly isRegionTold: boolean;
  /** false: nobody knows the price of its GPU, and it is counted at `standInUsdPerHour`. */
  readonly isPriced: boolean;
} {
  const [gpu = "", cores = "?", gib = "?", , region = "?", ...others] = kind.split(" ");
  const isPriced = gpu === "" || others.at(-1)?.startsWith(noPrice) !== true;
  const amount = (text: string): number | null => (text === "?" ? null : Number(text));
  return { gpu, cores: amount(cores), gib: amount(gib), isRegionTold: region !== "?", isPriced };
}

/** The hours that prove something: their row is final, the app was watched throughout, and each end is known. */
export function billedHours(question: HoursQuestion): readonly BilledHour[] {
  const { priced, billed, calls, nowMs } = question;
  const spansOf = Map.groupBy(priced, ({ span }) => span.appId);
  const executions = executionsIn(priced, calls, nowMs);
  const gaps = gapsBetween(question.lookedAtMs);
  const rows = Map.groupBy(
    billed.filter((row) => row.cost > 0),
    ({ objectId, intervalStartMs }) => `${objectId} ${intervalStartMs}`,
  );
  return [...rows.values()].flatMap((rowsOfHour) => {
    const [first] = rowsOfHour;
    if (first === undefined || !rowsOfHour.every(isFinal)) return [];
    const { objectId, intervalStartMs: fromMs } = first;
    const toMs = fromMs + hourMs;
    const spans = (spansOf.get(objectId) ?? []).filter((one) => mayOverlap(one, fromMs, toMs));
    const [one] = spans;
    if (
      one === undefined ||
      gaps.some(([since, until]) => Math.min(until, toMs) - Math.max(since, fromMs) > edgeMs)
    )
      return [];
    const seen = spans.map((each) => seenIn(each, executions.get(each) ?? [], fromMs, toMs));
    const sum = (of: (part: SeenIn) => number): number => seen.reduce((all, x) => all + of(x), 0);
    const doubtUsd = sum((part) => part.doubtUsd);
    const ranUsd = sum(({ load, run }) => usdOfParts(load) + usdOfParts(run));
    if (doubtUsd > mostDoubt * ranUsd) return [];
    const kinds = new Map<string, KindHour>();
    for (const part of seen) kinds.set(part.kind, added(kinds.get(part.kind), part));
    const billedUsd = rowsOfHour.reduce((all, row) => all + row.cost, 0) / 1e6;
    return [
      { appName: one.span.appName, billedUsd, billedParts: partsOf(rowsOfHour), doubtUsd, kinds },
    ];
  });
}

interface SeenIn extends KindHour {
  readonly kind: string;
  /** What hangs on an end that is known within bounds only. */
  readonly doubtUsd: number;
}

function seenIn(
  priced: PricedSpan,
  executions: readonly Execution[],
  hourFromMs: number,
  hourToMs: number,
): SeenIn {
  const { span, interval } = priced;
  const inHour = (fromMs: number, toMs: number): readonly [number, number] => [
    Math.max(fromMs, hourFromMs),
    Math.min(toMs, hourToMs),
  ];
  const parts = (fromMs: number, toMs: number): Parts =>
    partsBetween(priced, ...inHour(fromMs, toMs));
  const { askedMs, bootMs, readyMs } = startsOf(priced);
  const endMs = interval.countedToMs;
  const [ranFromMs, ranToMs] = inHour(readyMs, endMs);
  const hours = Math.max(0, ranToMs - ranFromMs) / hourMs;
  const { cores, gib } = amountsOf(span, span.terms ?? unknownTerms);
  const isReadyHere = span.startedAtMs !== null && readyMs >= hourFromMs && readyMs < hourToMs;
  return {
    kind: kindOf(priced),
    wait: parts(askedMs, Math.min(bootMs, endMs)),
    load: parts(bootMs, Math.min(readyMs, endMs)),
    run: parts(readyMs, endMs),
    hours,
    coreHours: hours * cores.likely,
    gibHours: hours * gib.likely,
    busyHours: busyMs(executions, hourFromMs, hourToMs) / hourMs,
    startPerSecond: isReadyHere ? partsBetween(priced, readyMs, readyMs + 1000) : noParts,
    doubtUsd: usdOfParts(parts(interval.earliestEndMs, interval.latestEndMs)),
  };
}

/** What the rows of one hour were paid for; null: one of them does not tell. */
function partsOf(rows: readonly BilledRow[]): Parts | null {
  let sum = noParts;
  for (const row of rows) {
    const parts = billedParts(row);
    if (parts === null) return null;
    sum = addedParts(sum, parts);
  }
  return sum;
}

/** When it was asked for, began to boot and was ready, as far as it is told; else as early as the next. */
export function startsOf({
  span,
  interval,
}: Pick<PricedSpan, "span" | "interval">): Record<"askedMs" | "bootMs" | "readyMs", number> {
  const readyMs = Math.max(interval.startMs, span.startedAtMs ?? interval.latestStartMs);
  const bootMs = interval.startMs;
  return { askedMs: Math.min(span.enqueuedAtMs ?? bootMs, bootMs), bootMs, readyMs };
}

/** At the price of each moment. */
function partsBetween({ prices }: PricedSpan, fromMs: number, toMs: number): Parts {
  let parts = noParts;
  for (const [index, { fromMs: sinceMs, rate }] of prices.entries()) {
    const untilMs = prices[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    const ms = Math.min(toMs, untilMs) - Math.max(fromMs, index === 0 ? fromMs : sinceMs);
    if (ms <= 0) continue;
    const gpu = rate.gpu.known ? rate.gpu.usdPerHour : standInUsdPerHour;
    parts = addedParts(parts, {
      gpu: (gpu * ms) / hourMs,
      cpu: (rate.cpu * ms) / hourMs,
      memory: (rate.memory * ms) / hourMs,
    });
  }
  return parts;
}

/** The time in which at least one call runs. */
export function busyMs(executions: readonly Execution[], fromMs: number, toMs: number): number {
  let [sum, countedToMs] = [0, fromMs];
  for (const one of executions) {
    const until = Math.min(one.toMs, toMs);
    sum += Math.max(0, until - Math.max(one.fromMs, countedToMs));
    countedToMs = Math.max(countedToMs, until);
  }
  return sum;
}

/** When nobody looked for long, before the first look and after the last one. */
function gapsBetween(lookedAtMs: readonly number[]): readonly (readonly [number, number])[] {
  const bounds = [Number.NEGATIVE_INFINITY, ...lookedAtMs, Number.POSITIVE_INFINITY];
  return bounds.flatMap((toMs, at) => {
    const fromMs = bounds[at - 1] ?? toMs;
    return toMs - fromMs > longestGapMs ? [[fromMs, toMs] as const] : [];
  });
}

function added(before: KindHour | undefined, more: KindHour): KindHour {
  if (before === undefined) return more;
  return {
    wait: addedParts(before.wait, more.wait),
    load: addedParts(before.load, more.load),
    run: addedParts(before.run, more.run),
    hours: before.hours + more.hours,
    coreHours: before.coreHours + more.coreHours,
    gibHours: before.gibHours + more.gibHours,
    busyHours: before.busyHours + more.busyHours,
    startPerSecond: addedParts(before.startPerSecond, more.startPerSecond),
  };
}
