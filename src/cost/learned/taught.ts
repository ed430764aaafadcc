import type { CallRecord } from "../call.ts";
import { executionsIn, type Execution } from "../metered/attribution.ts";
import type { PricedSpan } from "../metered/pricedSpan.ts";
import type { SpanInterval } from "../metered/spanInterval.ts";
import type { ContainerSpan } from "../span.ts";
import { amountsOf } from "../rates/priceTerms.ts";
import { unknownTerms } from "../terms.ts";
import {
  kindOf,
  kindOfKnownUse,
  longestGapMs,
  standInUsdPerHour,
  startsOf,
  type Begin,
} from "./billedHour.ts";
import type { AppLesson, KindLesson, Lessons } from "./lessons.ts";
import { taughtPrices } from "./taughtPrices.ts";

/** No lesson is surer than this share. */
const leastSlack = 0.005;
/** How long a start took is surer than this share only where it is told. */
const startSlack = 0.3;

/** What is known of the spans besides themselves. */
export interface SpansSeen {
  readonly calls: readonly CallRecord[];
  readonly nowMs: number;
  /** Whether Modal told how long the container took to start. */
  readonly isStartupKnown: (span: ContainerSpan) => boolean;
}

/** Spans as the bill has taught to count them; where nothing was taught they stay as they are. */
export function taughtSpans(
  priced: readonly PricedSpan[],
  lessons: Lessons,
  { calls, nowMs, isStartupKnown }: SpansSeen,
): readonly PricedSpan[] {
  if (lessons.begin === null && lessons.apps.length === 0) return priced;
  const byName = new Map(lessons.apps.map((lesson) => [lesson.appName, lesson]));
  const isBusyDearer = ({ span }: PricedSpan): boolean =>
    [...(byName.get(span.appName)?.kinds.values() ?? [])].some((kind) => kind.busyUsdPerHour > 0);
  const executions = executionsIn(priced.filter(isBusyDearer), calls, nowMs);
  return priced.map((one) =>
    taught(one, lessons, byName.get(one.span.appName), {
      executions: executions.get(one) ?? [],
      isStartupKnown: isStartupKnown(one.span),
    }),
  );
}

interface SeenOfSpan {
  /** Calls that ran in it. */
  readonly executions: readonly Execution[];
  /** Whether Modal told how long it took to start. */
  readonly isStartupKnown: boolean;
}

function taught(
  priced: PricedSpan,
  lessons: Lessons,
  lesson: AppLesson | undefined,
  { executions, isStartupKnown }: SeenOfSpan,
): PricedSpan {
  const interval = taughtEnd(
    priced.span,
    taughtInterval(priced, lessons, lesson, isStartupKnown),
    lesson?.endShare ?? 1,
  );
  const taughtKind = lesson === undefined ? undefined : taughtKindOf(priced, lesson);
  // Of a kind of container that was not billed yet, the bill says nothing: its terms stay open.
  if (lesson === undefined || taughtKind === undefined) return { ...priced, interval, slack: 0 };
  const { kind, prices, slack } = taughtKind;
  return {
    ...priced,
    interval,
    slack: Math.max(leastSlack, 2 * lesson.spread, kind.spread ?? 0, slack),
    prices: taughtPrices(prices, interval, kind, executions),
  };
}

/** What was learned of such a container, and its prices as they were when that was learned. */
interface TaughtKind extends Pick<PricedSpan, "prices"> {
  readonly kind: KindLesson;
  readonly slack: number;
}

/**
 * Where nobody tells what it uses (it came and went while nobody looked), it is taken to use what others of its
 * kind were told to. What they used above their request they may have used at other times.
 */
function taughtKindOf(priced: PricedSpan, { kinds }: AppLesson): TaughtKind | undefined {
  const name = kindOf(priced);
  const kind = kinds.get(name);
  if (kind !== undefined) return { kind, prices: priced.prices, slack: 0 };
  const likeKnown = kinds.get(kindOfKnownUse(name) ?? "");
  if (likeKnown?.held === undefined) return undefined;
  const { cores, gib } = amountsOf(priced.span, priced.span.terms ?? unknownTerms);
  const [moreCpu, moreMemory] = [
    likeKnown.held.cores / cores.likely,
    likeKnown.held.gib / gib.likely,
  ];
  const using = ({ fromMs, rate }: PricedSpan["prices"][0]): PricedSpan["prices"][0] => ({
    fromMs,
    rate: { ...rate, cpu: rate.cpu * moreCpu, memory: rate.memory * moreMemory },
  });
  const [first, ...others] = priced.prices;
  const { rate } = using(first);
  const aboveUsd = rate.cpu + rate.memory - first.rate.cpu - first.rate.memory;
  const usd = (rate.gpu.known ? rate.gpu.usdPerHour : standInUsdPerHour) + rate.cpu + rate.memory;
  return { kind: likeKnown, prices: [using(first), ...others.map(using)], slack: aboveUsd / usd };
}

function taughtInterval(
  priced: PricedSpan,
  { begin, possible }: Lessons,
  lesson: AppLesson | undefined,
  isStartupKnown: boolean,
): SpanInterval {
  const { span, interval } = priced;
  const { earliestStartMs, latestStartMs, upByMs, latestEndMs, countedToMs } = interval;
  const starts = startsOf(priced);
  const { readyMs } = starts;
  const start = lesson?.start ?? null;
  const from = (startMs: number, earliestMs: number, latestMs: number): SpanInterval => {
    const atMs = Math.min(Math.max(startMs, earliestStartMs), countedToMs);
    return {
      ...interval,
      startMs: atMs,
      earliestStartMs: Math.min(atMs, Math.max(earliestMs, earliestStartMs)),
      latestStartMs: Math.max(atMs, Math.min(latestMs, Math.max(latestStartMs, readyMs))),
      earliestEndMs: Math.max(interval.earliestEndMs, atMs),
      latestEndMs: Math.max(latestEndMs, atMs),
    };
  };
  if (start !== null && span.startedAtMs !== null) {
    const ms = start.seconds * 1000;
    const startMs = start.from === "after-boot" ? starts.bootMs + ms : readyMs - ms;
    const slackMs = startSlack * Math.min(ms, readyMs - starts.bootMs);
    return from(startMs, startMs - slackMs, startMs + slackMs);
  }
  if (begin === null) return interval;
  // Where a load is billed, its cost had begun when it wrote a line.
  const latest = (atMs: number): number =>
    possible.includes("ready") ? atMs : Math.min(atMs, upByMs);
  // One that was never ready may have waited, or loaded, all its life.
  if (span.startedAtMs === null)
    return possible.every((one) => one === "ready")
      ? from(readyMs, readyMs, readyMs)
      : { ...interval, latestStartMs: Math.max(interval.startMs, latest(latestStartMs)) };
  const at = (one: Begin): number =>
    one === "ready" ? readyMs : one === "boot" ? starts.bootMs : starts.askedMs;
  const slackMs = isStartupKnown ? 0 : startSlack * (readyMs - starts.bootMs);
  return from(
    at(begin),
    Math.min(...possible.map(at)) - (possible.includes("boot") ? slackMs : 0),
    latest(Math.max(...possible.map(at)) + (possible.includes("boot") ? slackMs : 0)),
  );
}

/** An end that lies between two looks of the usual pace is as near to where it is taken to be as others were. */
function taughtEnd(
  { finishedAtMs, firstAbsentAtMs }: ContainerSpan,
  interval: SpanInterval,
  endShare: number,
): SpanInterval {
  const { endMs, earliestEndMs, latestEndMs } = interval;
  const isBetweenLooks = finishedAtMs === null && firstAbsentAtMs !== null && endMs !== null;
  if (!isBetweenLooks || latestEndMs - earliestEndMs > longestGapMs) return interval;
  return {
    ...interval,
    earliestEndMs: endMs - (endMs - earliestEndMs) * endShare,
    latestEndMs: endMs + (latestEndMs - endMs) * endShare,
  };
}
