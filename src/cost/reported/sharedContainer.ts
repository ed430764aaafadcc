import type { CallRecord } from "../call.ts";
import { microUsd, sumUsd, zeroUsd, type MicroUsd } from "../money.ts";
import { loggedContainerId } from "./logLineAssembler.ts";

/**
 * What the containers cost at least by what their calls reported. Each call reports its time at the
 * price of the whole container: of calls that ran in it at once, their common time counts once.
 */
export function leastCostOf(calls: readonly CallRecord[]): MicroUsd {
  const [first] = calls;
  if (first === undefined) return zeroUsd;
  const before = costsKept.get(first);
  if (before !== undefined && isSame(before.calls, calls)) return before.cost;
  const cost = leastOf(calls);
  costsKept.set(first, { calls, cost });
  return cost;
}

/** By the first call of a list: the status bar asks of the same calls every few seconds. */
const costsKept = new WeakMap<
  CallRecord,
  { readonly calls: readonly CallRecord[]; readonly cost: MicroUsd }
>();

function isSame(calls: readonly CallRecord[], others: readonly CallRecord[]): boolean {
  return calls.length === others.length && calls.every((call, index) => call === others[index]);
}

function leastOf(calls: readonly CallRecord[]): MicroUsd {
  const byContainer = Map.groupBy(calls, ({ callId, logLineId }) =>
    // The line of a call from this editor tells where it ran.
    loggedContainerId(logLineId ?? callId),
  );
  return sumUsd(
    Array.from(byContainer, ([containerId, callsOfContainer]) =>
      containerId === null
        ? sumUsd(callsOfContainer.map(costOf))
        : leastOfContainer(callsOfContainer),
    ),
  );
}

interface Run {
  readonly fromMs: number;
  readonly toMs: number;
  readonly cost: MicroUsd;
}

function leastOfContainer(calls: readonly CallRecord[]): MicroUsd {
  if (calls.length === 1) return sumUsd(calls.map(costOf));
  const runs: Run[] = [];
  const untimed: MicroUsd[] = [];
  for (const call of calls) {
    const { endedAtMs, executionSeconds } = call;
    const cost = costOf(call);
    if (endedAtMs === null || executionSeconds === null || executionSeconds <= 0)
      untimed.push(cost);
    else runs.push({ fromMs: endedAtMs - executionSeconds * 1000, toMs: endedAtMs, cost });
  }
  runs.sort((a, b) => a.fromMs - b.fromMs);
  const groups: Run[][] = [];
  let endMs = Number.NEGATIVE_INFINITY;
  for (const run of runs) {
    if (run.fromMs < endMs) groups.at(-1)?.push(run);
    else groups.push([run]);
    endMs = Math.max(endMs, run.toMs);
  }
  // One whose time nobody tells may have been at work beside any other.
  return microUsd(Math.max(sumUsd(groups.map(leastOfGroup)), ...untimed));
}

/** Of runs without a gap between them. */
function leastOfGroup(runs: readonly Run[]): MicroUsd {
  const sum = sumUsd(runs.map(({ cost }) => cost));
  const fromMs = Math.min(...runs.map((run) => run.fromMs));
  const toMs = Math.max(...runs.map((run) => run.toMs));
  const mostPerMs = Math.max(...runs.map((run) => run.cost / (run.toMs - run.fromMs)));
  return microUsd(Math.min(sum, (toMs - fromMs) * mostPerMs));
}

function costOf({ reportedMicroUsd }: CallRecord): MicroUsd {
  return reportedMicroUsd ?? zeroUsd;
}
