import type { CallRecord } from "../call.ts";
import { longestStartupMs } from "./coldStart.ts";
import { loggedContainerId } from "../reported/logLineAssembler.ts";
import type { PricedSpan } from "./pricedSpan.ts";
import { Timeline } from "./timeline.ts";

/** What a container was doing: running calls that we know of, starting up for one, or neither. */
export type Activity = "execution" | "coldStart" | "idle";

/** A piece of a span. The pieces of a span follow one another without a gap. */
export interface Segment {
  readonly activity: Activity;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A known time of execution inside a container, and since when its call had been waiting. */
export interface Execution {
  readonly callId: string;
  readonly waitingSinceMs: number | null;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Cuts every span into what it was doing. Only the split depends on which container a call is put
 * into: the sum is always the whole span.
 */
export function attribute(
  spans: readonly PricedSpan[],
  calls: readonly CallRecord[],
  nowMs: number,
): ReadonlyMap<PricedSpan, readonly Segment[]> {
  const executions = executionsIn(spans, calls, nowMs);
  return new Map(spans.map((priced) => [priced, segments(priced, executions.get(priced) ?? [])]));
}

/**
 * The executions in every span, by their start. A call is attributed to the container that its log
 * line names, else to the one of its app that had the most free time for it.
 */
export function executionsIn(
  spans: readonly PricedSpan[],
  calls: readonly CallRecord[],
  nowMs: number,
): ReadonlyMap<PricedSpan, readonly Execution[]> {
  const callsByApp = Map.groupBy(calls, (call) => call.appId);
  const result = new Map<PricedSpan, readonly Execution[]>();
  for (const [appId, spansOfApp] of Map.groupBy(spans, ({ span }) => span.appId)) {
    const busy = new Map<PricedSpan, Timeline<Execution>>();
    const sorted = (callsByApp.get(appId) ?? []).toSorted((a, b) => a.startedAtMs - b.startedAtMs);
    const app = {
      spans: timelineOf(spansOfApp.toSorted((a, b) => a.interval.startMs - b.interval.startMs)),
      byId: Map.groupBy(spansOfApp, ({ span }) => span.containerId),
    };
    for (const call of sorted) place(call, app, busy, nowMs);
    for (const [priced, { items }] of busy) result.set(priced, items);
  }
  return result;
}

/** Since when a container started up for its first execution; undefined: it was not starting for it. */
export function startedUpSinceMs({ interval }: PricedSpan, first: Execution): number | undefined {
  const { startMs } = interval;
  if (first.fromMs - startMs > longestStartupMs) return undefined;
  return Math.max(startMs, Math.min(first.fromMs, first.waitingSinceMs ?? startMs));
}

function timelineOf(spans: readonly PricedSpan[]): Timeline<PricedSpan> {
  const timeline = new Timeline<PricedSpan>(({ interval: { startMs, countedToMs } }) => {
    return { fromMs: startMs, toMs: countedToMs };
  });
  for (const priced of spans) timeline.add(priced);
  return timeline;
}

interface AppSpans {
  readonly spans: Timeline<PricedSpan>;
  readonly byId: ReadonlyMap<string, readonly PricedSpan[]>;
}

function place(
  call: CallRecord,
  app: AppSpans,
  busy: Map<PricedSpan, Timeline<Execution>>,
  nowMs: number,
): void {
  const execution = executionOf(call, nowMs);
  let best: PricedSpan | undefined;
  let bestMs = 0;
  const containerId = loggedContainerId(call.callId);
  const candidates =
    containerId === null
      ? app.spans.within(execution.fromMs, execution.toMs)
      : (app.byId.get(containerId) ?? []);
  for (const priced of candidates) {
    const { startMs, countedToMs } = priced.interval;
    const fromMs = Math.max(execution.fromMs, startMs);
    const toMs = Math.min(execution.toMs, countedToMs);
    if (toMs <= fromMs) continue;
    // Time that is shared counts a little: with concurrent inputs no container may be free at all.
    // Where there is no other one, nothing is to be compared: a day has thousands of calls.
    const busyMs = candidates.length === 1 ? 0 : busyWithin(busy.get(priced), fromMs, toMs);
    const freeMs = toMs - fromMs - 0.99 * busyMs;
    if (freeMs > bestMs) [best, bestMs] = [priced, freeMs];
  }
  if (best === undefined) return;
  const { startMs, countedToMs } = best.interval;
  const list = busy.get(best) ?? new Timeline<Execution>((one) => one);
  list.add({
    callId: call.callId,
    waitingSinceMs: execution.waitingSinceMs,
    fromMs: Math.max(execution.fromMs, startMs),
    toMs: Math.min(execution.toMs, countedToMs),
  });
  busy.set(best, list);
}

/** The handler's time lies at the end of the request; without it, all of the request counts. */
function executionOf(call: CallRecord, nowMs: number): Omit<Execution, "callId"> {
  const toMs = Math.max(call.startedAtMs, call.endedAtMs ?? nowMs);
  const waitingSinceMs = call.source === "log" ? null : call.startedAtMs;
  if (call.executionSeconds === null) return { waitingSinceMs, fromMs: call.startedAtMs, toMs };
  const startMs = toMs - call.executionSeconds * 1000;
  const fromMs = call.source === "log" ? startMs : Math.max(call.startedAtMs, startMs);
  return { waitingSinceMs, fromMs, toMs };
}

function busyWithin(
  executions: Timeline<Execution> | undefined,
  fromMs: number,
  toMs: number,
): number {
  let ms = 0;
  for (const one of executions?.within(fromMs, toMs) ?? []) {
    ms += Math.max(0, Math.min(toMs, one.toMs) - Math.max(fromMs, one.fromMs));
  }
  return Math.min(ms, toMs - fromMs);
}

function segments(priced: PricedSpan, busy: readonly Execution[]): readonly Segment[] {
  const { interval } = priced;
  const result: Segment[] = [];
  let atMs = interval.startMs;
  const push = (activity: Activity, toMs: number): void => {
    if (toMs <= atMs) return;
    result.push({ activity, fromMs: atMs, toMs });
    atMs = toMs;
  };
  const [first] = busy;
  const startedUpMs = first === undefined ? undefined : startedUpSinceMs(priced, first);
  if (first !== undefined && startedUpMs !== undefined) {
    push("idle", startedUpMs);
    push("coldStart", first.fromMs);
  }
  for (const execution of busy) {
    push("idle", execution.fromMs);
    push("execution", execution.toMs);
  }
  push("idle", interval.countedToMs);
  return result;
}
