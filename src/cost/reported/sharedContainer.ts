import type { CallRecord } from "../call.ts";
import { microUsd, sumUsd, zeroUsd, type MicroUsd } from "../money.ts";
import { loggedContainerId } from "./logLineAssembler.ts";

/** A time in which calls were at work, and what that cost at least by what they reported. */
export interface LeastRun {
  readonly fromMs: number;
  /** The same as `fromMs` where nobody tells how long it took. */
  readonly toMs: number;
  readonly microUsd: MicroUsd;
}

/**
 * What the containers cost at least by what their calls reported, and when. Each call reports its
 * time at the price of the whole container: of calls that ran in it at once, their common time counts once.
 */
export function leastRuns(calls: readonly CallRecord[]): readonly LeastRun[] {
  const byContainer = Map.groupBy(calls, ({ callId, logLineId }) =>
    // The line of a call from this editor tells where it ran.
    loggedContainerId(logLineId ?? callId),
  );
  return Array.from(byContainer, ([containerId, callsOfContainer]) => {
    const runs = callsOfContainer.map(runOf);
    return containerId === null || runs.length === 1 ? runs : runsOfContainer(runs);
  }).flat();
}

/** A call was at work in the last part of the time from its being sent to its answer. */
function runOf({
  startedAtMs,
  endedAtMs,
  executionSeconds,
  reportedMicroUsd,
}: CallRecord): LeastRun {
  const toMs = Math.max(startedAtMs, endedAtMs ?? startedAtMs);
  const isTimed = executionSeconds !== null && executionSeconds > 0;
  const fromMs = isTimed ? Math.max(startedAtMs, toMs - executionSeconds * 1000) : startedAtMs;
  return { fromMs, toMs: isTimed ? toMs : fromMs, microUsd: reportedMicroUsd ?? zeroUsd };
}

function runsOfContainer(runs: readonly LeastRun[]): readonly LeastRun[] {
  const timed = runs
    .filter(({ fromMs, toMs }) => fromMs < toMs)
    .toSorted((a, b) => a.fromMs - b.fromMs);
  const groups: LeastRun[][] = [];
  let endMs = Number.NEGATIVE_INFINITY;
  for (const run of timed) {
    if (run.fromMs < endMs) groups.at(-1)?.push(run);
    else groups.push([run]);
    endMs = Math.max(endMs, run.toMs);
  }
  const joined = groups.map(joinedRun);
  const sum = sumUsd(joined.map((run) => run.microUsd));
  // One whose time nobody tells may have been at work beside any other.
  const [dearest] = runs
    .filter(({ fromMs, toMs }) => fromMs === toMs)
    .toSorted((a, b) => b.microUsd - a.microUsd);
  return dearest === undefined || dearest.microUsd <= sum
    ? joined
    : [...joined, { ...dearest, microUsd: microUsd(dearest.microUsd - sum) }];
}

/** Of runs without a gap between them. */
function joinedRun(runs: readonly LeastRun[]): LeastRun {
  const sum = sumUsd(runs.map((run) => run.microUsd));
  const fromMs = Math.min(...runs.map((run) => run.fromMs));
  const toMs = Math.max(...runs.map((run) => run.toMs));
  const mostPerMs = Math.max(...runs.map((run) => run.microUsd / (run.toMs - run.fromMs)));
  return { fromMs, toMs, microUsd: microUsd(Math.min(sum, (toMs - fromMs) * mostPerMs)) };
}
