import { usdOfParts } from "../billed/billedParts.ts";
import { begins, type Begin, type BilledHour } from "./billedHour.ts";
import { learn, missedShares, type AppLesson } from "./lessons.ts";

/** What is told of the start of one container, by Modal's clock. */
export interface StartSeen {
  /** When it was asked for; null: not told. */
  readonly enqueuedMs: number | null;
  readonly startedMs: number;
  /** How long it took to start, as Modal tells it of its calls; null: not told. */
  readonly startupMs: number | null;
  /** When it wrote its first line, as far as its log was read. */
  readonly firstLineMs: number | null;
}

/** What the start that Modal tells of a container is: the end of its loading, or the beginning. */
export type ToldStart = "ready" | "boot";

/** Whether containers are billed at the price of what they ask for and use as far as Modal tells, or at more. */
export type BilledPrice = "as-asked" | "more";

/** Which Modal the billed hours fit. Each answer is all that they do not rule out: one alone is found out. */
export interface BillCheck {
  readonly hours: number;
  /** Whether there are enough hours and starts to tell anything. */
  readonly isEnough: boolean;
  /** Those whose hours explain one another, with what their containers are billed for. */
  readonly apps: readonly AppLesson[];
  readonly starts: readonly StartSeen[];
  readonly toldStart: readonly ToldStart[];
  readonly begin: readonly Begin[];
  readonly price: readonly BilledPrice[];
  /** What the hours are missed by, as a share of what was billed, where billing begins at each moment that is told. */
  readonly missed: ReadonlyMap<Begin, number>;
}

/** Fewer hours and starts prove nothing. */
export const leastHours = 6;
const leastStarts = 3;
/** A told moment that explains the hours no better than this explains nothing. */
const mostMissed = 0.01;
/** Another one stands beside the best while it misses no more than so many times as much, and this share. */
const alikeTimes = 2;
const alikeShare = 0.002;
/** Instants are told in milliseconds, startup times and lines with some delay. */
const apartMs = 1000;
/** An app's price is another one than what it asks for from this share on, and no other within the half of it. */
const dearerBy = 0.02;

const all = { toldStart: ["ready", "boot"], price: ["as-asked", "more"] } as const;

/**
 * Which hypotheses of how Modal bills fit the billed hours. Rather none than a wrong one alone: an answer
 * is only ruled out by what Modal itself told of the moments that it is about.
 */
export function checkBill(hours: readonly BilledHour[], starts: readonly StartSeen[]): BillCheck {
  const missed = missedShares(hours);
  const lessons = learn(hours).apps;
  const startMayBe = toldStartOf(starts);
  const best = Math.min(...missed.values());
  const isEnough = hours.length >= leastHours && starts.length >= leastStarts;
  const isExplained = isEnough && best <= mostMissed;
  const isCheaper = lessons.some(({ kinds }) =>
    [...kinds.values()].some(({ factor }) => factor < 1 - dearerBy),
  );
  // Billed for less than what it asks for: something else is taken for a price.
  const isReadyPossible = startMayBe.includes("boot") && isCheaper;
  const begin =
    isExplained && !isReadyPossible ? beginsOf(missed, best, startMayBe, starts) : begins;
  return {
    hours: hours.length,
    isEnough,
    apps: lessons,
    starts,
    toldStart: isExplained ? withBill(startMayBe, missed, best) : startMayBe,
    begin,
    price: isEnough ? priceOf(lessons, hours) : all.price,
    missed,
  };
}

/** Of what Modal told and what stands in the logs, without the bill. */
function toldStartOf(starts: readonly StartSeen[]): readonly ToldStart[] {
  const timed = starts.flatMap(({ enqueuedMs, startedMs, startupMs }) =>
    enqueuedMs === null || startupMs === null ? [] : [startupMs - (startedMs - enqueuedMs)],
  );
  // It cannot have loaded for longer than since it was asked for.
  const isBoot = isMost(timed, (tooLongMs) => tooLongMs > apartMs, 0.1);
  const isReady = wroteWhileLoading(starts);
  if (isBoot === isReady) return all.toldStart;
  return [isBoot ? "boot" : "ready"];
}

/** Whether containers wrote lines before the start that Modal tells: then it is no boot. */
function wroteWhileLoading(starts: readonly StartSeen[]): boolean {
  const written = starts.flatMap(({ startedMs, firstLineMs }) =>
    firstLineMs === null ? [] : [startedMs - firstLineMs],
  );
  return isMost(written, (earlierMs) => earlierMs > apartMs, 0.1);
}

function isMost(
  values: readonly number[],
  isOne: (value: number) => boolean,
  share: number,
): boolean {
  const count = values.filter(isOne).length;
  return count >= leastStarts && count > share * values.length;
}

/** Where a time before the told start is billed, and exactly as long as Modal says that it loaded, the told start is its end. */
function withBill(
  startMayBe: readonly ToldStart[],
  missed: ReadonlyMap<Begin, number>,
  best: number,
): readonly ToldStart[] {
  const alike = alikeOf(missed, best);
  return startMayBe.length > 1 && alike.length === 1 && alike[0] === "boot"
    ? ["ready"]
    : startMayBe;
}

function alikeOf(missed: ReadonlyMap<Begin, number>, best: number): readonly Begin[] {
  const limit = alikeTimes * best + alikeShare;
  return begins.filter((begin) => (missed.get(begin) ?? Number.POSITIVE_INFINITY) <= limit);
}

/**
 * When billing may begin. "ready" among the moments that were compared is the start that Modal tells:
 * where that may be the boot, both stand. Of a boot that nobody tells the moment is guessed, and it is
 * ruled out by nothing but a load that the log shows; of one that counts from when the container was asked
 * for, nobody knows how long it waited.
 */
function beginsOf(
  missed: ReadonlyMap<Begin, number>,
  best: number,
  startMayBe: readonly ToldStart[],
  starts: readonly StartSeen[],
): readonly Begin[] {
  const alike = new Set(alikeOf(missed, best));
  // The told start is the boot: it stands for it, however long before it the boot was taken to be.
  if (startMayBe.length === 1 && startMayBe[0] === "boot") {
    const ofBoot = begins.filter((begin) =>
      begin === "asked" ? alike.has("asked") : begin === "boot" && alike.has("ready"),
    );
    return ofBoot.length === 0 ? begins : ofBoot;
  }
  const possible = new Set<Begin>(alike);
  if (alike.has("ready") && startMayBe.includes("boot")) possible.add("boot");
  const isLoadSeen =
    startMayBe.length === 1 && startMayBe[0] === "ready" && wroteWhileLoading(starts);
  if (!isBootTold(starts) && !(isLoadSeen && !alike.has("boot") && !alike.has("asked")))
    possible.add("boot");
  const untold = starts.filter(({ enqueuedMs }) => enqueuedMs === null).length;
  if (possible.has("boot") && untold > 0.1 * starts.length) possible.add("asked");
  return begins.filter((begin) => possible.has(begin));
}

/** Whether Modal tells of most containers how long they loaded, and not how long ago they were asked for. */
function isBootTold(starts: readonly StartSeen[]): boolean {
  const timed = starts.filter(({ startupMs }) => startupMs !== null);
  const sinceAsked = timed.filter(
    ({ enqueuedMs, startedMs, startupMs }) =>
      enqueuedMs === null || Math.abs(startedMs - enqueuedMs - (startupMs ?? 0)) <= apartMs,
  );
  return timed.length > 0.7 * starts.length && sinceAsked.length < 0.3 * timed.length;
}

function priceOf(
  lessons: readonly AppLesson[],
  hours: readonly BilledHour[],
): readonly BilledPrice[] {
  const dearer = lessons.map(({ appName, kinds, spread }) => {
    const offBy = [...kinds].map(([kind, { factor, busyUsdPerHour }]) =>
      busyUsdPerHour === 0
        ? factor - 1
        : factor - 1 + busyUsdPerHour / askedUsdPerHour(hours, appName, kind),
    );
    // What its containers ask for has no price: nobody can say by how much they are dearer.
    if (!offBy.every(Number.isFinite)) return null;
    if (Math.max(0, ...offBy) > dearerBy + 3 * spread) return "more";
    const isNear = offBy.every((by) => Math.abs(by) < dearerBy / 2);
    return isNear && spread < dearerBy / 2 ? "as-asked" : null;
  });
  if (dearer.includes("more")) return ["more"];
  return dearer.length > 0 && dearer.every((one) => one === "as-asked") ? ["as-asked"] : all.price;
}

/** What a running container of the kind costs per hour by what it asks for; 0: it was never seen to run. */
function askedUsdPerHour(hours: readonly BilledHour[], appName: string, kind: string): number {
  const parts = hours.flatMap((hour) =>
    hour.appName === appName ? (hour.kinds.get(kind) ?? []) : [],
  );
  const ranHours = parts.reduce((sum, { hours }) => sum + hours, 0);
  return ranHours === 0 ? 0 : parts.reduce((sum, { run }) => sum + usdOfParts(run), 0) / ranHours;
}
