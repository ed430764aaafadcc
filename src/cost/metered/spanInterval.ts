import { isUntimedSandbox, type ContainerSpan } from "../span.ts";
import { longestStartupMs } from "./coldStart.ts";

/** For so long after the last sighting an unended container is counted as running, to the second. */
export const freshMs = 120_000;

/** A container that was never seen to become ready, and of which nobody tells how long it loads, takes about so long. */
export const usualStartupMs = 20_000;

/** Waiting for a machine and pulling the image take about so long where nobody tells: a few seconds of every start are not billed. */
const usualQueueMs = 3_000;

/** A sandbox is there about so long after it was made where nobody tells: at most twice that. */
const usualSandboxStartMs = 1_000;

/** What ends because its time is over may take so long. */
const endingMs = 5_000;

/** When a container was billed, and within which bounds that is known. All in milliseconds since the epoch. */
export interface SpanInterval {
  /** Where the cost probably began, and the bounds within which it did. */
  readonly startMs: number;
  readonly earliestStartMs: number;
  readonly latestStartMs: number;
  /** By when it had begun to load, as its log shows; never after `latestStartMs`. Where loading is billed, its cost had begun then. */
  readonly upByMs: number;
  /** null while the container runs as far as anybody knows. */
  readonly endMs: number | null;
  /** The end, or how far an open span is counted. Never before `startMs`, never after the given now. */
  readonly countedToMs: number;
  /** The bounds of the true end; of an open span, of how far it ran until now. */
  readonly earliestEndMs: number;
  readonly latestEndMs: number;
}

export interface IntervalHints {
  /** Last known activity + scaledown window: where within its bounds an unseen end probably lies. */
  readonly expectedEndMs?: number;
  /** When it had ended at the latest: it was idle, and no window is as long. */
  readonly idleOutMs?: number;
  /** Since when a call waited that the container was probably asked for. */
  readonly calledAtMs?: number;
  /** The first and the last moment at which the container is known to have been up, by its log. */
  readonly firstSignMs?: number;
  readonly lastSignMs?: number;
  /** When a container of which no start was told must have been ready: its first call began. */
  readonly readyMs?: number;
  /** When one of a row that came to nothing probably began. */
  readonly beganMs?: number;
  /** How long this container, or its app's others, took from the beginning of the boot to ready. */
  readonly startupMs?: number;
  /** How long others waited from being asked for to the beginning of the boot. */
  readonly queueMs?: number;
}

/**
 * The interval that a span is billed for.
 *
 * Modal bills "application load time, processing and the idle window", and tells as a container's
 * start the moment at which it was ready (proto: "the ready time, after the startup phase"). So its
 * cost probably begins with its load, before its first line: how long it loaded is asked for, else
 * learned from the app's others. Its bounds are the moment at which it was asked for and the one at
 * which it was ready: no bill has shown yet which of them counts (learned/taught.ts).
 *
 * The end is exact where Modal tells it. Else it lies between the last sighting and the first
 * listing without the container: at the expected end where one is known and possible, else in the
 * middle. An open span that nobody has looked at for a while (the laptop slept, no network) is
 * treated as if it had been found ended now: it may have run all the time, or not at all.
 */
export function spanInterval(
  span: ContainerSpan,
  nowMs: number,
  hints: IntervalHints = {},
): SpanInterval {
  const start = startOf(span, nowMs, hints);
  const { startMs } = start;
  if (span.finishedAtMs !== null) {
    const endMs = Math.max(startMs, span.finishedAtMs);
    return { ...start, endMs, countedToMs: endMs, earliestEndMs: endMs, latestEndMs: endMs };
  }
  const earliestEndMs = Math.max(startMs, aliveAtMs(span, nowMs, hints));
  const endsByMs = endsBy(span, earliestEndMs);
  if (span.firstAbsentAtMs !== null) {
    const { idleOutMs = Number.POSITIVE_INFINITY } = hints;
    const latestMs = Math.min(span.firstAbsentAtMs, endsByMs, idleOutMs);
    const latestEndMs = Math.max(earliestEndMs, latestMs);
    const endMs =
      within(hints.expectedEndMs, earliestEndMs, latestEndMs) ?? (earliestEndMs + latestEndMs) / 2;
    return { ...start, endMs, countedToMs: endMs, earliestEndMs, latestEndMs };
  }
  const latestEndMs = Math.max(earliestEndMs, Math.min(nowMs, endsByMs));
  const unseenMs = latestEndMs - earliestEndMs;
  const middleMs = earliestEndMs + unseenMs / 2;
  const { expectedEndMs = middleMs } = hints;
  const expectedMs = expectedEndMs < earliestEndMs ? middleMs : expectedEndMs;
  // Runs to the second at first, then slows to the middle: the figure on the screen never jumps back.
  const freshToMs = Math.min(earliestEndMs + freshMs, latestEndMs);
  const countedToMs = Math.min(Math.max(freshToMs, expectedMs), latestEndMs);
  return { ...start, endMs: null, countedToMs, earliestEndMs, latestEndMs };
}

/** The last moment at which it is known to have been there: by a look, or by a line in its log. */
function aliveAtMs(
  { lastSeenAtMs, firstAbsentAtMs }: ContainerSpan,
  nowMs: number,
  { lastSignMs = lastSeenAtMs }: IntervalHints,
): number {
  return Math.min(Math.max(lastSeenAtMs, lastSignMs), firstAbsentAtMs ?? nowMs);
}

/** When it ends by itself at the latest: of one that was there after that, it is not known. */
function endsBy({ endsByMs }: ContainerSpan, aliveMs: number): number {
  if (endsByMs === undefined) return Number.POSITIVE_INFINITY;
  const latestMs = endsByMs + endingMs;
  return latestMs < aliveMs ? Number.POSITIVE_INFINITY : latestMs;
}

/** One that is in no list of containers tells no times: what stands for its start is when it was made. */
function readyAtMs({ containerId, startedAtMs }: ContainerSpan): number | null {
  if (startedAtMs === null || !isUntimedSandbox(containerId)) return startedAtMs;
  return startedAtMs + 2 * usualSandboxStartMs;
}

type Start = Pick<SpanInterval, "startMs" | "earliestStartMs" | "latestStartMs" | "upByMs">;

function startOf(span: ContainerSpan, nowMs: number, hints: IntervalHints): Start {
  const { enqueuedAtMs, finishedAtMs, firstAbsentAtMs, absentBeforeMs } = span;
  const startedAtMs = readyAtMs(span);
  // Up to a second later than told, where the CLI cut it: half of one on average.
  const cutMs = wasCut(span) ? 500 : 0;
  const readyMs = startedAtMs === null ? (hints.readyMs ?? null) : startedAtMs + cutMs;
  // One that was not ready yet may still wait for a machine, or have waited until its end.
  const latestStartMs =
    readyMs === null ? (finishedAtMs ?? firstAbsentAtMs ?? nowMs) : readyMs + cutMs;
  const upByMs = Math.min(latestStartMs, hints.firstSignMs ?? latestStartMs);
  const calledMs = hints.calledAtMs;
  const askedMs = enqueuedAtMs ?? absentBeforeMs ?? calledMs ?? null;
  const { startupMs, queueMs = usualQueueMs } = hints;
  if (readyMs === null) {
    const sinceMs = Math.min(askedMs ?? span.firstSeenAtMs, upByMs);
    const isAsked = (enqueuedAtMs ?? calledMs ?? null) !== null;
    const expectedMs = isAsked
      ? Math.min(span.firstSeenAtMs, sinceMs + queueMs)
      : (hints.beganMs ?? loadingFrom(span, sinceMs + queueMs, startupMs ?? usualStartupMs));
    // The first look of all already showed it: then it may have waited and loaded for as long as any does.
    const earliestStartMs = askedMs === null ? sinceMs - longestStartupMs : sinceMs;
    const startMs = clamp(expectedMs, earliestStartMs, upByMs);
    return { startMs, earliestStartMs, latestStartMs, upByMs };
  }
  const expectedMs = readyMs - (startupMs ?? usualStartupMs);
  const sinceMs = askedMs ?? readyMs - longestStartupMs;
  const earliestStartMs = Math.min(sinceMs, readyMs - cutMs, upByMs);
  const enqueuedMs = enqueuedAtMs ?? calledMs;
  const usualWaitMs = isUntimedSandbox(span.containerId) ? usualSandboxStartMs : queueMs;
  const startMs =
    startupMs === undefined && enqueuedMs !== undefined
      ? Math.max(expectedIn(enqueuedMs, readyMs, usualWaitMs), earliestStartMs)
      : expectedMs;
  return {
    startMs: clamp(startMs, earliestStartMs, upByMs),
    earliestStartMs,
    latestStartMs,
    upByMs,
  };
}

/** Where between being asked for and ready the boot began, when nothing else is known. */
function expectedIn(enqueuedAtMs: number, readyMs: number, queueMs: number): number {
  return enqueuedAtMs + Math.min(queueMs, (readyMs - enqueuedAtMs) / 2);
}

/**
 * When a container that was only ever seen loading, and of which nobody tells when it was asked for,
 * probably began to: it was not ready when it was last seen, and there when it was first.
 */
function loadingFrom(
  { firstSeenAtMs, lastSeenAtMs }: ContainerSpan,
  earliestMs: number,
  startupMs: number,
): number {
  const firstMs = Math.max(earliestMs, lastSeenAtMs - startupMs);
  return firstMs >= firstSeenAtMs ? firstSeenAtMs : (firstMs + firstSeenAtMs) / 2;
}

/**
 * The CLI prints instants cut to whole seconds (py/modal/_utils/time_utils.py); so the true instant
 * is up to a second later. The SDK's are whole, and come with the time at which the container was
 * asked for, which the CLI never tells.
 */
function wasCut({ enqueuedAtMs, finishedAtMs, startedAtMs }: ContainerSpan): boolean {
  const isFromSdk = finishedAtMs !== null || enqueuedAtMs !== null;
  return !isFromSdk && startedAtMs !== null && startedAtMs % 1000 === 0;
}

function clamp(atMs: number, fromMs: number, toMs: number): number {
  return Math.min(Math.max(atMs, fromMs), toMs);
}

function within(atMs: number | undefined, fromMs: number, toMs: number): number | undefined {
  if (atMs === undefined || atMs > toMs) return undefined;
  return atMs < fromMs ? undefined : atMs;
}
