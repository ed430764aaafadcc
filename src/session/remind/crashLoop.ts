import { addCosts } from "../../cost/cost.ts";
import { defaultScaledownSeconds } from "../../cost/metered/endKnowledge.ts";
import { metricsWithin, type PricedSpan } from "../../cost/metered/pricedSpan.ts";
import { microUsd, type MicroUsd } from "../../cost/money.ts";
import { appWindow } from "../appWindow.ts";
import type { SessionRecord } from "../session.ts";

/** An app whose containers end soon after their start, one after the other. */
export interface CrashLoop {
  readonly appId: string;
  readonly appName: string;
  /** From one start to the next, as seen: some may have been missed, so it is at most this. */
  readonly everyMs: number;
  /** What it costs in an hour at this pace; null: a rate is unknown. */
  readonly microUsdPerHour: MicroUsd | null;
}

/** So far back is looked. */
export const crashWindowMs = 300_000;
const fewest = 4;
const longestLifeMs = 60_000;

/**
 * The worst loop among the apps that sessions of this machine started; undefined: there is none. A
 * healthy container stays for its scaledown window after its last request, so several in a row that
 * ended sooner have failed. Two at once are load, not a loop; and only of what was started here is the
 * window known.
 */
export function crashLoopIn(
  reading: readonly PricedSpan[],
  sessions: readonly Pick<SessionRecord, "apps" | "scaledownSeconds" | "endedAtMs">[],
  nowMs: number,
): CrashLoop | undefined {
  const fromMs = nowMs - crashWindowMs;
  const loops = [...Map.groupBy(reading, ({ span }) => span.appId)].flatMap(([appId, spans]) => {
    const session = sessions.find(
      ({ apps, endedAtMs }) => endedAtMs === null && apps.some((app) => app.appId === appId),
    );
    return session === undefined ? [] : (loopOf(spans, appWindow(session, appId), fromMs) ?? []);
  });
  return loops.toSorted((a, b) => (b.microUsdPerHour ?? 0) - (a.microUsdPerHour ?? 0))[0];
}

function loopOf(
  spans: readonly PricedSpan[],
  scaledownSeconds: number | null,
  fromMs: number,
): CrashLoop | undefined {
  const recent = spans
    .filter(({ interval }) => interval.startMs >= fromMs)
    .toSorted((a, b) => a.interval.startMs - b.interval.startMs);
  const ended = recent.filter(({ interval }) => interval.endMs !== null);
  const [first] = recent;
  const last = recent.at(-1);
  if (ended.length < fewest || first === undefined || last === undefined) return undefined;
  // Few functions have a shorter window than Modal's own, and a loop that is not told costs all night.
  const windowMs = (scaledownSeconds ?? defaultScaledownSeconds) * 1000;
  const limitMs = Math.min(longestLifeMs, windowMs);
  const areShort = ended.every(({ interval }) => interval.latestEndMs - interval.startMs < limitMs);
  const areInRow = recent.every(({ interval }, at) => {
    const before = recent[at - 1]?.interval;
    return before === undefined || before.earliestEndMs <= interval.upByMs;
  });
  if (!areShort || !areInRow) return undefined;
  const spanMs = last.interval.startMs - first.interval.startMs;
  const cost = addCosts(
    ended.map((one) => metricsWithin(one, first.interval.startMs, last.interval.startMs).total),
  );
  return {
    appId: first.span.appId,
    appName: first.span.appName,
    everyMs: spanMs / (recent.length - 1),
    microUsdPerHour: cost.known ? microUsd((cost.microUsd * 3_600_000) / spanMs) : null,
  };
}
