import type { CallRecord } from "../call.ts";
import { median } from "../percentile.ts";
import { loggedContainerId } from "../reported/logLineAssembler.ts";
import type { LoggedContainer } from "./loggedContainers.ts";
import type { ContainerSpan } from "../span.ts";

/** The first and the last moment at which a container is known to have been up. */
export interface SignsOfLife {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** What calls' cost lines and other log lines tell of each container that they name. */
export function signsOfLife(
  calls: readonly CallRecord[],
  logged: readonly LoggedContainer[] = [],
): ReadonlyMap<string, SignsOfLife> {
  const signs = new Map<string, SignsOfLife>();
  const add = (containerId: string, firstMs: number, lastMs: number): void => {
    const known = signs.get(containerId);
    signs.set(containerId, {
      firstMs: Math.min(known?.firstMs ?? firstMs, firstMs),
      lastMs: Math.max(known?.lastMs ?? lastMs, lastMs),
    });
  };
  for (const { containerId, firstLineMs, lastLineMs } of logged) {
    add(containerId, firstLineMs, lastLineMs);
  }
  for (const call of calls) {
    const containerId = call.source === "log" ? loggedContainerId(call.callId) : null;
    if (containerId === null || call.endedAtMs === null) continue;
    add(containerId, executionStartMs(call), call.endedAtMs);
  }
  return signs;
}

/** How long the containers of each app took from their start to their first sign of life: the median, in milliseconds. */
export function coldStarts(
  spans: readonly ContainerSpan[],
  signs: ReadonlyMap<string, SignsOfLife>,
): ReadonlyMap<string, number> {
  const byApp = new Map<string, number[]>();
  for (const { containerId, appId, startedAtMs } of spans) {
    const firstMs = signs.get(containerId)?.firstMs;
    if (firstMs === undefined || startedAtMs === null || firstMs < startedAtMs) continue;
    byApp.set(appId, [...(byApp.get(appId) ?? []), firstMs - startedAtMs]);
  }
  return new Map([...byApp].map(([appId, list]) => [appId, median(list)]));
}

/** When a call began to execute, as far as its own figures tell. */
function executionStartMs(call: CallRecord): number {
  if (call.executionSeconds === null || call.endedAtMs === null) return call.startedAtMs;
  return call.endedAtMs - call.executionSeconds * 1000;
}
