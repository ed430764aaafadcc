import { addedParts, resources, usdOfParts, type Parts } from "../billed/billedParts.ts";
import { askedOf, type Begin, type BilledHour, type KindHour } from "./billedHour.ts";
import { missedBy, robustFit, type Observation } from "./robustFit.ts";

/** What part of a load is billed: the seconds before it is ready, or all but the first of it. */
export type LearnedFrom = "before-ready" | "after-boot";

/** What may be fitted apart: resources, or all of it together where the bill does not split it. */
export type Resource = (typeof resources)[number] | "all";

/** One way to explain an app's hours. */
export interface Explanation {
  readonly begin: Begin;
  /** Of which a factor is fitted; none: what they ask for is what they cost. */
  readonly kinds: readonly string[];
  readonly hasBusy: boolean;
  readonly start: LearnedFrom | null;
  /** What was fitted of each kind and resource. */
  readonly factorOf: (kind: string, resource: Resource) => number;
  readonly busyOf: (kind: string, resource: Resource) => number;
  /** Seconds of a start, at the price of what it asks for; 0 where none are fitted. */
  readonly startSeconds: number;
  readonly spread: number;
  readonly oddHours: number;
  /** What each hour was missed by, in USD, in the order of the hours. */
  readonly missedUsd: readonly number[];
  /** The spread, raised for what was fitted: of many explanations one always fits few hours. */
  readonly score: number;
}

/** A simpler explanation stands while another one explains no more than this of the bill in addition. */
export const negligible = 0.0007;
/** An hour that is missed by more is odd. */
const oddBy = 0.1;

/** All kinds of an app together. */
const anyKind = "";

/** The second has to leave half of what the first does, at most: seconds are one answer for all starts. */
export function simplestOf(first: Explanation, second: Explanation): Explanation {
  return second.score < first.score * 0.5 - negligible ? second : first;
}

/** The simplest explanation of an app's hours that is good enough, for one answer to when containers begin to cost. */
export function bestOf(
  hoursOfApp: readonly BilledHour[],
  begin: Begin,
  start: LearnedFrom | null,
): Explanation {
  const kinds = kindsIn(hoursOfApp);
  const isPriced = kinds.every((kind) => askedOf(kind).isPriced);
  // What nobody knows the price of has one of its own, which has to be fitted.
  const together = isPriced || kinds.length === 1 ? [[anyKind]] : [];
  const apart = kinds.length > 1 ? [kinds] : [];
  const models = [
    ...(isPriced ? [{ kinds: [], hasBusy: false }] : []),
    ...[...together, ...apart].flatMap((of) =>
      [false, true].map((hasBusy) => ({ kinds: of, hasBusy })),
    ),
  ];
  const [first, ...others] = models.map((model) => fitted(hoursOfApp, { ...model, begin, start }));
  if (first === undefined) throw new RangeError("No kinds."); // not shown
  return others.reduce((best, next) => (next.score < best.score - negligible ? next : best), first);
}

export function kindsIn(hoursOfApp: readonly BilledHour[]): readonly string[] {
  return [...new Set(hoursOfApp.flatMap(({ kinds }) => [...kinds.keys()]))];
}

/** What an hour's containers cost at the price of what they ask for, from when they are billed. */
export function baseParts({ wait, load, run }: KindHour, begin: Begin): Parts {
  if (begin === "ready") return run;
  const loaded = addedParts(run, load);
  return begin === "asked" ? addedParts(loaded, wait) : loaded;
}

type Model = Pick<Explanation, "begin" | "kinds" | "hasBusy" | "start">;

/** Whether each of these hours tells what it was paid for. */
export function areSplit(hoursOfApp: readonly BilledHour[]): boolean {
  return hoursOfApp.every(({ billedParts }) => billedParts !== null);
}

/** One observation for each hour, or for each resource of it: which all have factors of their own, and one start. */
function fitted(hoursOfApp: readonly BilledHour[], model: Model): Explanation {
  const { kinds, hasBusy, start } = model;
  const apart: readonly Resource[] = areSplit(hoursOfApp) ? resources : ["all"];
  const busy = hasBusy ? apart.filter((resource) => resource !== "gpu") : [];
  const columns = [
    ...apart.flatMap((resource) => kinds.map((kind) => `${resource}:${kind}`)),
    ...busy.flatMap((resource) => kinds.map((kind) => `busy:${resource}:${kind}`)),
    ...(start === null ? [] : ["start"]),
  ];
  const factors = apart.length * kinds.length;
  const { coefficients, spread } = robustFit(
    hoursOfApp.flatMap((hour) => apart.map((resource) => observed(hour, resource, model, columns))),
    columns.map((_, at) => (at < factors ? 1 : 0)),
  );
  const missedUsd = hoursOfApp.map((hour) =>
    Math.abs(
      apart.reduce(
        (sum, resource) => sum + missedBy(observed(hour, resource, model, columns), coefficients),
        0,
      ),
    ),
  );
  const oddHours = hoursOfApp.filter(
    ({ billedUsd }, at) => (missedUsd[at] ?? 0) > oddBy * billedUsd,
  ).length;
  const observations = hoursOfApp.length * apart.length;
  const room = observations - 2 * columns.length;
  const at = (column: string): number | undefined => coefficients[columns.indexOf(column)];
  const fitOf = (kind: string): string => (kinds.includes(anyKind) ? anyKind : kind);
  return {
    ...model,
    factorOf: (kind, resource) => at(`${resource}:${fitOf(kind)}`) ?? 1,
    busyOf: (kind, resource) => at(`busy:${resource}:${fitOf(kind)}`) ?? 0,
    startSeconds: at("start") ?? 0,
    spread,
    score: room > 0 ? (spread * observations) / room : Number.POSITIVE_INFINITY,
    oddHours,
    missedUsd,
  };
}

function observed(
  { billedUsd, billedParts, kinds: parts }: BilledHour,
  resource: Resource,
  { begin, kinds, hasBusy, start }: Model,
  columns: readonly string[],
): Observation {
  const usdOf = (all: Parts): number => (resource === "all" ? usdOfParts(all) : all[resource]);
  const sum = (kind: string, what: (part: KindHour) => number): number =>
    [...parts].reduce(
      (all, [kindOfPart, part]) =>
        kind === anyKind || kind === kindOfPart ? all + what(part) : all,
      0,
    );
  const base = (kind: string): number => sum(kind, (part) => usdOf(baseParts(part, begin)));
  const causes = columns.map(() => 0);
  for (const kind of kinds) {
    causes[columns.indexOf(`${resource}:${kind}`)] = base(kind);
    if (hasBusy && resource !== "gpu")
      causes[columns.indexOf(`busy:${resource}:${kind}`)] = sum(kind, (part) => part.busyHours);
  }
  const sign = start === "after-boot" ? -1 : 1;
  if (start !== null)
    causes[columns.length - 1] = sign * sum(anyKind, (part) => usdOf(part.startPerSecond));
  return {
    paid: billedParts === null ? billedUsd : usdOf(billedParts),
    given: kinds.length === 0 ? base(anyKind) : 0,
    causes,
  };
}
