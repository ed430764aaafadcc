import type { ContainerSpan } from "../span.ts";

/** For so long after the last sighting an unended container is counted as running, to the second. */
export const freshMs = 120_000;

/** When a container was billed, and how far off that may be. All in milliseconds since the epoch. */
export interface SpanInterval {
  readonly startMs: number;
  /** null while the container runs as far as anybody knows. */
  readonly endMs: number | null;
  /** The end, or how far an open span is counted. Never before `startMs`, never after the given now. */
  readonly countedToMs: number;
  /** The true start lies within ± this of `startMs`. */
  readonly startErrorMs: number;
  /** The true end (of an open span: until now) lies within ± this of `countedToMs`. */
  readonly endErrorMs: number;
}

export interface IntervalHints {
  /** Last known activity + scaledown window: where within its bounds an unseen end probably lies. */
  readonly expectedEndMs?: number;
}

/**
 * The interval that a span is billed for; undefined while the container is pending, because Modal
 * bills from the start of the container.
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
): SpanInterval | undefined {
  if (span.startedAtMs === null) return undefined;
  const startErrorMs = wasCut(span) ? 500 : 0;
  const startMs = span.startedAtMs + startErrorMs;
  const started = { startMs, startErrorMs };
  if (span.finishedAtMs !== null) {
    const endMs = Math.max(startMs, span.finishedAtMs);
    return { ...started, endMs, countedToMs: endMs, endErrorMs: 0 };
  }
  const earliestMs = Math.max(startMs, span.lastSeenAtMs);
  if (span.firstAbsentAtMs !== null) {
    const latestMs = Math.max(earliestMs, span.firstAbsentAtMs);
    const endMs = within(hints.expectedEndMs, earliestMs, latestMs) ?? (earliestMs + latestMs) / 2;
    const endErrorMs = Math.max(endMs - earliestMs, latestMs - endMs);
    return { ...started, endMs, countedToMs: endMs, endErrorMs };
  }
  const latestMs = Math.max(startMs, nowMs);
  const unseenMs = Math.max(0, latestMs - earliestMs);
  const { expectedEndMs = earliestMs + unseenMs / 2 } = hints;
  const expectedMs = expectedEndMs < earliestMs ? earliestMs + unseenMs / 2 : expectedEndMs;
  // Runs to the second at first, then slows to the middle: the figure on the screen never jumps back.
  const freshToMs = Math.min(earliestMs + freshMs, latestMs);
  const countedToMs = Math.min(Math.max(freshToMs, expectedMs), latestMs);
  const endErrorMs =
    unseenMs === 0 ? 0 : Math.max(countedToMs - earliestMs, latestMs - countedToMs);
  return { ...started, endMs: null, countedToMs, endErrorMs };
}

/**
 * The CLI prints instants cut to whole seconds (py/modal/_utils/time_utils.py); so the true start
 * is up to a second later, half a second on average. A span with details has the SDK's own instant.
 */
function wasCut(span: ContainerSpan): boolean {
  const hasDetails = span.finishedAtMs !== null || span.gpuSource === "container";
  return !hasDetails && span.startedAtMs !== null && span.startedAtMs % 1000 === 0;
}

function within(atMs: number | undefined, fromMs: number, toMs: number): number | undefined {
  if (atMs === undefined || atMs > toMs) return undefined;
  return atMs < fromMs ? undefined : atMs;
}
