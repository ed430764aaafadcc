import type { Cloud } from "../model/cloud.ts";
import type { Fn, Input, InputState } from "../model/entities.ts";
import { toldStartupMs } from "./containers.ts";

/** What `FunctionCallFetch` tells of one input (`modal function calls`). */
export interface ToldCall {
  readonly callId: string;
  readonly enqueuedAtMs: number;
  readonly startedAtMs: number | null;
  readonly containerId: string | null;
  /** Of the container, where this input waited for its start. */
  readonly startupSeconds: number | null;
  readonly executionSeconds: number | null;
  readonly state: InputState;
}

/** The newest inputs, newest first, or all that were enqueued in a range, oldest first. */
export type CallQuery =
  | { readonly tail: number }
  | { readonly fromMs: number; readonly toMs: number; readonly limit: number };

export function toldCalls(cloud: Cloud, fn: Fn, query: CallQuery): readonly ToldCall[] {
  const inputs = [...cloud.fleet.inputs.values()]
    .filter((input) => input.fn === fn)
    .sort((a, b) => a.createdAtMs - b.createdAtMs);
  if ("tail" in query)
    return inputs
      .slice(-query.tail)
      .toReversed()
      .map((input) => toldCall(cloud, input));
  return inputs
    .filter(({ createdAtMs }) => createdAtMs >= query.fromMs && createdAtMs < query.toMs)
    .slice(0, query.limit)
    .map((input) => toldCall(cloud, input));
}

function toldCall(cloud: Cloud, input: Input): ToldCall {
  const { container, startedAtMs, finishedAtMs } = input;
  const hasWaited = (container?.readyAtMs ?? -1) > input.createdAtMs;
  const startupMs = container === null || !hasWaited ? null : toldStartupMs(cloud, container);
  return {
    callId: input.callId,
    enqueuedAtMs: input.createdAtMs,
    startedAtMs,
    containerId: container?.id ?? null,
    startupSeconds: startupMs === null ? null : startupMs / 1000,
    executionSeconds:
      startedAtMs === null || finishedAtMs === null ? null : (finishedAtMs - startedAtMs) / 1000,
    state: input.state,
  };
}
