import { t } from "../../base/text.ts";
import { parseGpu } from "./gpu.ts";
import { formatRate, ownRateTarget, type OwnRates } from "./ownRates.ts";
import { listPrice } from "./rates.ts";
import type { Gpu } from "../span.ts";

/** What is wrong with one entry, and what was probably meant. */
export interface OwnRateProblem {
  readonly name: string;
  readonly message: string;
  readonly meant: OwnRate | null;
}

interface OwnRate {
  readonly name: string;
  readonly usdPerHour: number;
}

/** A price differs from the list price by less than this: discounts and other regions do, other units do not. */
const mostTimes = 20;
/** A price that is this near to the list price was meant. */
const nearTimes = 3;
/** For a GPU that has no list price yet. */
const leastGpuUsdPerHour = 0.02;
const mostGpuUsdPerHour = 100;

/** Times for which prices are quoted elsewhere; modal.com itself has them per second. */
const secondsPerHour = 3600;
const minutesPerHour = 60;

/** The entries that are prices, and what is wrong with the others: they are not used. */
export function checkOwnRates(raw: Readonly<Record<string, unknown>>): {
  readonly rates: OwnRates;
  readonly problems: readonly OwnRateProblem[];
} {
  const rates: Record<string, number> = {};
  const problems: OwnRateProblem[] = [];
  const names = new Map<string, string>();
  for (const [name, value] of Object.entries(raw)) {
    const problem = problemOf(name, value) ?? repeated(name, names);
    if (problem !== undefined) problems.push(problem);
    else if (typeof value === "number") rates[name] = value;
  }
  return { rates, problems };
}

function problemOf(name: string, value: unknown): OwnRateProblem | undefined {
  const gpu = parseGpu(name);
  const target = ownRateTarget(name);
  if (typeof value !== "number" || !Number.isFinite(value)) {
    return wrong(name, t("must be a number of dollars per hour"));
  }
  if (target === undefined) {
    if (gpu === undefined) return wrong(name, t('names neither a GPU nor "cpu" nor "memory"'));
    const meant = { name: gpu.type, usdPerHour: pricePerGpu(gpu, value) };
    const price = formatRate(meant.usdPerHour);
    const isPrice = problemOf(meant.name, meant.usdPerHour) === undefined;
    const message = isPrice
      ? t("rates are per GPU: {0} for one {1}?", `${price}/h`, gpu.type)
      : t('rates are per GPU: name "{0}", with the price of one', gpu.type);
    return wrong(name, message, isPrice ? meant : null);
  }
  if (value <= 0) return wrong(name, t("must be above 0. Remove it to use Modal's own price"));
  return implausible(name, target, value);
}

function implausible(name: string, target: string, value: number): OwnRateProblem | undefined {
  const list = listPrice(target);
  const [least, most] =
    list === undefined
      ? [leastGpuUsdPerHour, mostGpuUsdPerHour]
      : [list / mostTimes, list * mostTimes];
  if (value >= least && value <= most) return undefined;
  const shown = formatRate(value);
  for (const perHour of [secondsPerHour, minutesPerHour]) {
    const usdPerHour = rounded(value * perHour);
    if (!isLikely(usdPerHour, list)) continue;
    const meant = `${formatRate(usdPerHour)}/h`;
    const message =
      perHour === secondsPerHour
        ? t("{0} looks like a price per second: {1}?", shown, meant)
        : t("{0} looks like a price per minute: {1}?", shown, meant);
    return wrong(name, message, { name, usdPerHour });
  }
  const message =
    list === undefined
      ? t("{0} cannot be a price per hour of a GPU", shown)
      : t("{0} cannot be a price per hour: Modal's list price is {1}", shown, formatRate(list));
  return wrong(name, message);
}

function isLikely(usdPerHour: number, list: number | undefined): boolean {
  return list === undefined
    ? usdPerHour >= leastGpuUsdPerHour && usdPerHour <= mostGpuUsdPerHour
    : usdPerHour >= list / nearTimes && usdPerHour <= list * nearTimes;
}

/** Of one GPU and of all of them, the one that is nearer to the list price. */
function pricePerGpu({ type, count }: Gpu, value: number): number {
  const list = listPrice(type);
  const each = rounded(value / count);
  if (list === undefined) return each;
  const offBy = (price: number): number => Math.abs(Math.log(price / list));
  return offBy(each) <= offBy(value) ? each : value;
}

/** "A10" and "A10G" are one GPU: which of two prices counts would be a matter of order. */
function repeated(name: string, names: Map<string, string>): OwnRateProblem | undefined {
  const target = ownRateTarget(name) ?? name;
  const before = names.get(target);
  if (before === undefined) {
    names.set(target, name);
    return undefined;
  }
  return wrong(name, t('is another name for "{0}", which has a price already', before));
}

function wrong(name: string, message: string, meant: OwnRate | null = null): OwnRateProblem {
  return { name, message, meant };
}

/** Three digits are what prices have. */
function rounded(usdPerHour: number): number {
  return Number(usdPerHour.toPrecision(3));
}
