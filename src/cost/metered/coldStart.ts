import type { CallRecord } from "../call.ts";
import { median } from "../percentile.ts";
import { loggedContainerId } from "../reported/logLineAssembler.ts";
import type { LoggedContainer } from "./loggedContainers.ts";
import type { ContainerSpan } from "../span.ts";

/** What comes later after a start than this has nothing to do with it. */
export const longestStartupMs = 900_000;

/** The first and the last moment at which a container is known to have been up. */
export interface SignsOfLife {
  readonly firstMs: number;
  readonly lastMs: number;
  /** When its first call began to execute; Infinity: none is known. */
  readonly servedMs: number;
}

/** What calls' cost lines and other log lines tell of each container that they name. */
export function signsOfLife(
  calls: readonly CallRecord[],
  logged: readonly LoggedContainer[] = [],
): ReadonlyMap<string, SignsOfLife> {
  const signs = new Map<string, SignsOfLife>();
  const add = (
    containerId: string,
    firstMs: number,
    lastMs: number,
    servedMs = Number.POSITIVE_INFINITY,
  ): void => {
    const earlier = signs.get(containerId);
    signs.set(containerId, {
      firstMs: Math.min(earlier?.firstMs ?? firstMs, firstMs),
      lastMs: Math.max(earlier?.lastMs ?? lastMs, lastMs),
      servedMs: Math.min(earlier?.servedMs ?? servedMs, servedMs),
    });
  };
  for (const { containerId, firstLineMs, lastLineMs } of logged) {
    add(containerId, firstLineMs, lastLineMs);
  }
  for (const call of calls) {
    const containerId = loggedContainerId(call.callId);
    if (containerId === null || call.endedAtMs === null) continue;
    const beganMs = executionStartMs(call);
    add(containerId, beganMs, call.endedAtMs, beganMs);
  }
  return signs;
}

/**
 * How long the containers of each app took from `sinceMsOf` to their first sign of life: the median,
 * in milliseconds. By default since the start that Modal tells, which is when they were ready.
 */
export function coldStarts(
  spans: readonly ContainerSpan[],
  signs: ReadonlyMap<string, SignsOfLife>,
  sinceMsOf: (span: ContainerSpan) => number | null = ({ startedAtMs }) => startedAtMs,
): ReadonlyMap<string, number> {
  const byApp = new Map<string, number[]>();
  for (const span of spans) {
    const { containerId, appId } = span;
    const firstMs = signs.get(containerId)?.firstMs;
    const sinceMs = sinceMsOf(span);
    if (firstMs === undefined || sinceMs === null || firstMs < sinceMs) continue;
    if (firstMs - sinceMs > longestStartupMs) continue;
    byApp.set(appId, [...(byApp.get(appId) ?? []), firstMs - sinceMs]);
  }
  return new Map([...byApp].map(([appId, list]) => [appId, median(list)]));
}

/** When a call began to execute, as far as its own figures tell. */
function executionStartMs(call: CallRecord): number {
  if (call.executionSeconds === null || call.endedAtMs === null) return call.startedAtMs;
  return call.endedAtMs - call.executionSeconds * 1000;
}
