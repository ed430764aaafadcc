import { median } from "../percentile.ts";
import type { CallRecord } from "../call.ts";
import { loggedContainerId } from "../reported/logLineAssembler.ts";
import type { ContainerSpan } from "../span.ts";
import { longestStartupMs } from "./coldStart.ts";
import type { HintsOf } from "./pricedSpan.ts";
import type { SignedKnowledge } from "./signedKnowledge.ts";

/** The CLI cuts instants to whole seconds. */
const cutMs = 1000;

/** A first line so long before the ready time was written while the container loaded, not when it was done. */
const loadingMs = 1000;

/**
 * What is known of when a container began to boot: its first line in the log, and how long it, or
 * the app's others, took from there to ready: as Modal tells it, else as their first lines do.
 */
export function startHints(spans: readonly ContainerSpan[], knowledge: SignedKnowledge): HintsOf {
  const { calls, signs, crashed, startupMsOf = () => undefined } = knowledge;
  const { usualStartupMsOf = () => undefined } = knowledge;
  const waits = waitsByApp(calls);
  // Looked for once per span: hints are asked for more often, and an app may have thousands of calls.
  const called = new Map(
    spans.flatMap((span) => {
      if (span.enqueuedAtMs !== null) return [];
      const atMs = firstWait(waits.get(span.appId) ?? [], span);
      return atMs === undefined ? [] : [[span.containerId, atMs] as const];
    }),
  );
  const modalStartups = new Map<string, number[]>();
  const queues = new Map<string, number[]>();
  const observedStartups = new Map<string, number[]>();
  for (const span of spans) {
    const { containerId, appId, enqueuedAtMs, startedAtMs } = span;
    const startupMs = startupMsOf(containerId);
    if (startupMs !== undefined) add(modalStartups, appId, startupMs);
    if (startedAtMs === null) continue;
    if (startupMs !== undefined && enqueuedAtMs !== null)
      add(queues, appId, Math.max(0, startedAtMs - startupMs - enqueuedAtMs));
    const firstMs = signs.get(containerId)?.firstMs ?? startedAtMs;
    const beginMs = firstMs <= startedAtMs - loadingMs ? firstMs : called.get(containerId);
    if (beginMs !== undefined) add(observedStartups, appId, startedAtMs - beginMs);
  }
  // Where most loaded for longer than from being asked for to the start that Modal tells, they were
  // not ready then: here a start is the boot.
  const isBoot = isStartTheBoot(spans, startupMsOf);
  const usual = new Map(
    [...observedStartups, ...modalStartups].map(([appId, list]) => [appId, median(list)] as const),
  );
  const queueOf = new Map([...queues].map(([appId, list]) => [appId, median(list)] as const));
  const usualQueue = queueOf.size === 0 ? undefined : median([...queueOf.values()]);
  return (span) => {
    const sign = signs.get(span.containerId);
    const queueMs = queueOf.get(span.appId) ?? usualQueue;
    const calledAtMs = called.get(span.containerId);
    const exactMs = isBoot ? 0 : startupMsOf(span.containerId);
    const usualMs = usual.get(span.appId) ?? (isBoot ? undefined : usualStartupMsOf(span.appId));
    const startupMs = exactMs ?? (calledAtMs === undefined ? usualMs : undefined);
    const isServed = sign !== undefined && Number.isFinite(sign.servedMs);
    const isCrashed = sign !== undefined && crashed.has(span.containerId);
    return {
      ...(sign === undefined ? {} : { firstSignMs: sign.firstMs, lastSignMs: sign.lastMs }),
      ...(calledAtMs === undefined ? {} : { calledAtMs }),
      ...(startupMs === undefined ? {} : { startupMs }),
      ...(isServed && span.startedAtMs === null ? { readyMs: sign.servedMs } : {}),
      ...(isCrashed ? { beganMs: sign.firstMs } : {}),
      ...(queueMs === undefined ? {} : { queueMs }),
    };
  };
}

function isStartTheBoot(
  spans: readonly ContainerSpan[],
  startupMsOf: (containerId: string) => number | undefined,
): boolean {
  let [measured, tooLong] = [0, 0];
  for (const { containerId, enqueuedAtMs, startedAtMs } of spans) {
    const startupMs = startupMsOf(containerId);
    if (startupMs === undefined || enqueuedAtMs === null || startedAtMs === null) continue;
    measured += 1;
    if (startupMs > startedAtMs - enqueuedAtMs + loadingMs) tooLong += 1;
  }
  return tooLong > measured / 2;
}

interface Wait {
  /** Of the container in which it is known to have run; null: not known. */
  readonly containerId: string | null;
  readonly fromMs: number;
  readonly toMs: number;
}

/** From when to when calls waited, of which this machine knows it. In order. */
function waitsByApp(calls: readonly CallRecord[]): ReadonlyMap<string | null, readonly Wait[]> {
  const waits = calls.flatMap((call) => {
    const { appId, source, startedAtMs, endedAtMs, executionSeconds } = call;
    if (source === "log") return [];
    const endMs = endedAtMs ?? Number.POSITIVE_INFINITY;
    const toMs = endMs - (executionSeconds ?? 0) * 1000;
    return [{ appId, containerId: loggedContainerId(call.callId), fromMs: startedAtMs, toMs }];
  });
  return Map.groupBy(
    waits.toSorted((a, b) => a.fromMs - b.fromMs),
    ({ appId }) => appId,
  );
}

/** Since when the first call waited that still did when the container was ready, and had not yet begun to when it was not there. */
function firstWait(
  waits: readonly Wait[],
  { containerId: bootingId, startedAtMs, absentBeforeMs, firstSeenAtMs }: ContainerSpan,
): number | undefined {
  const readyMs = startedAtMs ?? firstSeenAtMs;
  const earliestMs = Math.max(absentBeforeMs ?? 0, readyMs - longestStartupMs);
  return waits.find(
    ({ containerId, fromMs, toMs }) =>
      (containerId === null || containerId === bootingId) &&
      fromMs >= earliestMs &&
      fromMs <= readyMs &&
      toMs >= readyMs - cutMs,
  )?.fromMs;
}

function add(lists: Map<string, number[]>, appId: string, ms: number): void {
  const list = lists.get(appId);
  if (list === undefined) lists.set(appId, [ms]);
  else list.push(ms);
}
