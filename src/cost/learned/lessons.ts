import { addedParts, noParts, usdOfParts, type Parts } from "../billed/billedParts.ts";
import { median, percentile } from "../percentile.ts";
import { begins, askedOf, type Begin, type BilledHour, type KindHour } from "./billedHour.ts";
import {
  areSplit,
  baseParts,
  bestOf,
  kindsIn,
  negligible,
  simplestOf,
  type Explanation,
  type LearnedFrom,
  type Resource,
} from "./explanation.ts";

/** What containers of an app that ask for the same cost, as its bill tells. */
export interface KindLesson {
  /** Billed ÷ the price of what it asks for, all the time. */
  readonly factor: number;
  /** What it costs more while calls run in it, USD per hour. */
  readonly busyUsdPerHour: number;
  /** The same by resource, where the bill tells it. */
  readonly split?: SplitLesson | undefined;
  /** What the hours in which they ran leave unexplained, as a share of what they cost in them; absent: no more than of the app. */
  readonly spread?: number | undefined;
  /** The cores and GiB that they were priced with on average: asked for, or known to be in use above that. */
  readonly held?: { readonly cores: number; readonly gib: number } | undefined;
}

/** What containers cost by resource. */
export interface SplitLesson {
  readonly factor: Parts;
  /** USD per hour; of a GPU it is 0. */
  readonly busyUsdPerHour: Parts;
  /** The cores and the GiB that were billed on average: asked for, or in use above that. */
  readonly cores: number;
  readonly gib: number;
}

/** So many seconds before it is ready, or after it began to load as far as that is known. */
export interface LearnedStart {
  readonly from: LearnedFrom;
  readonly seconds: number;
}

/** What the bill has taught of an app. */
export interface AppLesson {
  readonly appName: string;
  /** On how many billed hours it rests, and how many of them it does not explain. */
  readonly hours: number;
  readonly oddHours: number;
  /** When its containers begin to cost, where its hours tell more than `Lessons.begin`; null: they do not. */
  readonly start: LearnedStart | null;
  /** How many seconds before a container was ready were billed on average; absent: no start was. */
  readonly bootSeconds?: number | undefined;
  /** By what containers ask for (`kindOf`), of those that were billed: of others it says nothing. */
  readonly kinds: ReadonlyMap<string, KindLesson>;
  /** What is left unexplained, as a share. */
  readonly spread: number;
  /** How far off an end that nobody saw was taken, as a share of the bounds that it was known within. */
  readonly endShare: number;
}

/** What a workspace's bill has taught. */
export interface Lessons {
  /** From when containers are billed. null: the hours do not tell. */
  readonly begin: Begin | null;
  /** Those that the hours do not rule out. */
  readonly possible: readonly Begin[];
  readonly apps: readonly AppLesson[];
}

export const nothingLearned: Lessons = { begin: null, possible: begins, apps: [] };

/** Fewer hours of an app prove nothing. */
const leastHours = 3;
/** An app's hours that are explained no better contradict one another. */
const mostSpread = 0.1;
/** Where nobody knows the price of a GPU, a rough one is worth more than none. */
const mostUnpricedSpread = 0.3;
/** What costs hardly more than what is left unexplained beside it, or was there in fewer hours than that, was not seen apart from the rest. */
const mostKindSpread = 0.3;
/** How ends between two looks lie is told by so many hours at least, and never surer than this share. */
const leastHoursOfEnds = 6;
const leastEndShare = 0.1;

/**
 * Learns from billed hours what explains them: from when containers cost, which is one answer for the
 * whole workspace; and of each app what its containers cost besides what they ask for, or how long
 * each start is billed where nobody tells. The simplest explanation that is good enough wins.
 */
export function learn(hours: readonly BilledHour[]): Lessons {
  const { explained, consistent, missed } = explanations(hours);
  const [first] = begins.toSorted((a, b) => missed(a) - missed(b));
  if (first === undefined || consistent.length === 0) return nothingLearned;
  const all = consistent.reduce((sum, { hoursOfApp }) => sum + billed(hoursOfApp), 0);
  const limit = missed(first) * 1.5 + all * negligible;
  const possible = begins.filter((begin) => missed(begin) <= limit);
  // Of those that explain it alike, the one that is most likely before any bill.
  const begin = possible[0] ?? first;
  const apps = explained.flatMap(({ hoursOfApp, by, byStart }) => {
    const usual = by.get(begin);
    const better = usual === undefined ? byStart : simplestOf(usual, byStart);
    const isPriced = kindsIn(hoursOfApp).every((kind) => askedOf(kind).isPriced);
    return better.spread <= (isPriced ? mostSpread : mostUnpricedSpread)
      ? [lessonOf(hoursOfApp, better)]
      : [];
  });
  return { begin, possible, apps };
}

/** What the hours of apps that contradict themselves nowhere are missed by, as a share of what was billed, for each begin. */
export function missedShares(hours: readonly BilledHour[]): ReadonlyMap<Begin, number> {
  const { consistent, missed } = explanations(hours);
  const all = consistent.reduce((sum, { hoursOfApp }) => sum + billed(hoursOfApp), 0);
  return all === 0 ? new Map() : new Map(begins.map((begin) => [begin, missed(begin) / all]));
}

function explanations(hours: readonly BilledHour[]) {
  const byApp = [...Map.groupBy(hours, ({ appName }) => appName).values()]
    .map(evidenceOf)
    .filter((hoursOfApp) => hoursOfApp.length >= leastHours);
  const explained = byApp.map((hoursOfApp) => ({
    hoursOfApp,
    by: new Map(begins.map((begin) => [begin, bestOf(hoursOfApp, begin, null)] as const)),
    // The first follows loads that become longer or shorter.
    byStart: simplestOf(
      bestOf(hoursOfApp, "boot", "after-boot"),
      bestOf(hoursOfApp, "ready", "before-ready"),
    ),
  }));
  const consistent = explained.filter(({ by }) =>
    [...by.values()].some(({ spread }) => spread <= mostSpread),
  );
  const missed = (begin: Begin): number =>
    consistent.reduce(
      (sum, { hoursOfApp, by }) => sum + (by.get(begin)?.score ?? 1) * billed(hoursOfApp),
      0,
    );
  return { explained, consistent, missed };
}

function billed(hoursOfApp: readonly BilledHour[]): number {
  return hoursOfApp.reduce((sum, { billedUsd }) => sum + billedUsd, 0);
}

/** Hours that tell what they were paid for tell more: of these alone, where they are half of all. */
function evidenceOf(hoursOfApp: readonly BilledHour[]): readonly BilledHour[] {
  const split = hoursOfApp.filter(({ billedParts }) => billedParts !== null);
  return split.length >= leastHours && split.length * 2 >= hoursOfApp.length ? split : hoursOfApp;
}

function lessonOf(hoursOfApp: readonly BilledHour[], explanation: Explanation): AppLesson {
  const { start, startSeconds, spread, oddHours, missedUsd } = explanation;
  const seen = kindsIn(hoursOfApp).map((kind) => kindLesson(hoursOfApp, explanation, kind));
  const kinds = new Map(
    seen.flatMap(({ kind, lesson, hours }) =>
      hours >= leastHours && (lesson.spread ?? 0) <= mostKindSpread
        ? [[kind, lesson] as const]
        : [],
    ),
  );
  // A second of a start costs what the app's containers cost, by the factor of each.
  const factors = seen.map(({ lesson }) => lesson.factor);
  const factor = factors.length === 0 ? 1 : median(factors);
  const learned =
    start !== null && factor > 0 ? { from: start, seconds: startSeconds / factor } : null;
  return {
    appName: hoursOfApp[0]?.appName ?? "",
    hours: hoursOfApp.length,
    oddHours,
    start: learned,
    bootSeconds: bootSecondsOf(hoursOfApp, explanation, learned),
    kinds,
    spread,
    endShare: endShareOf(hoursOfApp, missedUsd),
  };
}

interface SeenKind {
  readonly kind: string;
  readonly lesson: KindLesson;
  /** In how many billed hours it ran. */
  readonly hours: number;
}

function kindLesson(
  hoursOfApp: readonly BilledHour[],
  explanation: Explanation,
  kind: string,
): SeenKind {
  const { begin, factorOf, busyOf } = explanation;
  const hours = hoursOfApp.flatMap(({ kinds }) => kinds.get(kind) ?? []);
  const base = partsOfAll(hours, (hour) => baseParts(hour, begin));
  const lesson = areSplit(hoursOfApp)
    ? splitLesson(hours, base, explanation, kind)
    : { factor: factorOf(kind, "all"), busyUsdPerHour: busyOf(kind, "all") };
  const ran = hoursOfApp.flatMap((hour, at) => {
    const part = hour.kinds.get(kind);
    if (part === undefined) return [];
    const asked = usdOfParts(baseParts(part, begin));
    const usd = asked * lesson.factor + part.busyHours * lesson.busyUsdPerHour;
    return [{ usd, missedUsd: explanation.missedUsd[at] ?? 0, billedUsd: hour.billedUsd }];
  });
  const spread = ratioOfUsual(ran);
  return { kind, hours: hours.length, lesson: { ...lesson, spread, ...heldIn(hours) } };
}

function heldIn(hours: readonly KindHour[]): Pick<KindLesson, "held"> {
  const sum = (of: (hour: KindHour) => number): number =>
    hours.reduce((all, hour) => all + of(hour), 0);
  const ran = sum((hour) => hour.hours);
  if (ran === 0) return {};
  const [cores, gib] = [sum((hour) => hour.coreHours), sum((hour) => hour.gibHours)];
  return { held: { cores: cores / ran, gib: gib / ran } };
}

/** What is missed, as a share of what it costs: but for the tenth of the hours that are missed by most. */
function ratioOfUsual(
  hours: readonly {
    readonly usd: number;
    readonly missedUsd: number;
    readonly billedUsd: number;
  }[],
): number {
  const usual = hours
    .toSorted((a, b) => a.missedUsd / a.billedUsd - b.missedUsd / b.billedUsd)
    .slice(0, Math.ceil(hours.length * 0.9));
  const usd = usual.reduce((sum, one) => sum + one.usd, 0);
  return usd > 0
    ? usual.reduce((sum, one) => sum + one.missedUsd, 0) / usd
    : Number.POSITIVE_INFINITY;
}

function splitLesson(
  hours: readonly KindHour[],
  base: Parts,
  { factorOf, busyOf }: Explanation,
  kind: string,
): KindLesson {
  const by = (of: (kind: string, resource: Resource) => number): Parts => ({
    gpu: base.gpu === 0 ? 1 : of(kind, "gpu"),
    cpu: of(kind, "cpu"),
    memory: of(kind, "memory"),
  });
  const factor = by(factorOf);
  const busyUsdPerHour = { ...by(busyOf), gpu: 0 };
  const sum = (of: (hour: KindHour) => number): number =>
    hours.reduce((all, hour) => all + of(hour), 0);
  const [ran, busy] = [sum((hour) => hour.hours), sum((hour) => hour.busyHours)];
  const { isPriced, isRegionTold } = askedOf(kind);
  // What all of it costs more is no use: a region, of which Modal has not told.
  const isRegionLearned = isPriced && !isRegionTold;
  const dearer = isRegionLearned && base.gpu > 0 && factor.gpu > 0 ? factor.gpu : 1;
  const amount = (resource: "cpu" | "memory", asked: number): number => {
    const paid = base[resource] * factor[resource] + busyUsdPerHour[resource] * busy;
    return ran === 0 || base[resource] === 0
      ? 0
      : ((asked / ran) * paid) / (base[resource] * dearer);
  };
  const usd = usdOfParts(base);
  const { gpu, cpu, memory } = base;
  return {
    factor: usd === 0 ? 1 : (gpu * factor.gpu + cpu * factor.cpu + memory * factor.memory) / usd,
    busyUsdPerHour: usdOfParts(busyUsdPerHour),
    split: {
      factor,
      busyUsdPerHour,
      cores: amount(
        "cpu",
        sum((hour) => hour.coreHours),
      ),
      gib: amount(
        "memory",
        sum((hour) => hour.gibHours),
      ),
    },
  };
}

/** How many seconds before they were ready containers cost, on average of the starts that were billed. */
function bootSecondsOf(
  hoursOfApp: readonly BilledHour[],
  { begin }: Explanation,
  start: LearnedStart | null,
): number | undefined {
  const hours = hoursOfApp.flatMap(({ kinds }) => [...kinds.values()]);
  const second = usdOfParts(partsOfAll(hours, (hour) => hour.startPerSecond));
  if (second === 0) return undefined;
  if (start?.from === "before-ready") return start.seconds;
  if (start === null && begin === "ready") return 0;
  const loaded = (hour: KindHour): Parts =>
    start === null && begin === "asked" ? addedParts(hour.load, hour.wait) : hour.load;
  const usd = usdOfParts(partsOfAll(hours, loaded));
  return Math.max(0, usd / second - (start?.seconds ?? 0));
}

function partsOfAll(hours: readonly KindHour[], of: (hour: KindHour) => Parts): Parts {
  return hours.reduce((sum, hour) => addedParts(sum, of(hour)), noParts);
}

/** From the hours in which something hung on such ends: what all but a tenth of them were missed by, and half as much again. */
function endShareOf(hoursOfApp: readonly BilledHour[], missedUsd: readonly number[]): number {
  const shares = hoursOfApp.flatMap(({ doubtUsd, billedUsd }, at) =>
    doubtUsd > negligible * billedUsd ? [(missedUsd[at] ?? 0) / doubtUsd] : [],
  );
  if (shares.length < leastHoursOfEnds) return 1;
  const usual = percentile(
    shares.toSorted((a, b) => a - b),
    0.9,
  );
  return Math.min(1, Math.max(leastEndShare, usual * 1.5));
}
