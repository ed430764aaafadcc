import type { FailureReason } from "../../base/failure.ts";

/** What the next look at Modal depends on. */
export interface PollSituation {
  readonly nowMs: number;
  /** The CLI starts a Python for each question (over a second of CPU); the SDK needs milliseconds. */
  readonly adapter: "cli" | "sdk";
  readonly focused: boolean;
  /** A session is starting or stopping. */
  readonly busy: boolean;
  /** Containers in the last listing, pending ones included. */
  readonly liveContainers: number;
  /** Until when something is expected to change (a call has just ended, an app was deployed). */
  readonly restlessUntilMs: number;
  /** When a container is due to scale down; null: nothing is known to be due. */
  readonly dueAtMs: number | null;
  /** Looks that failed in a row, and why the last one did. */
  readonly failures: number;
  readonly failure: FailureReason | null;
}

interface Pace {
  readonly fast: number;
  readonly running: number;
  readonly idle: number;
  readonly unfocusedRunning: number;
  readonly unfocusedIdle: number;
  /** No two looks are closer than this, whatever is due. */
  readonly least: number;
}

const second = 1000;
const minute = 60_000;

const paces: Readonly<Record<PollSituation["adapter"], Pace>> = {
  sdk: {
    fast: 2 * second,
    running: 10 * second,
    idle: minute,
    unfocusedRunning: 30 * second,
    unfocusedIdle: 2 * minute,
    least: second,
  },
  cli: {
    fast: 15 * second,
    running: 30 * second,
    idle: 2 * minute,
    unfocusedRunning: minute,
    unfocusedIdle: 10 * minute,
    least: 10 * second,
  },
};

/** A scaledown is looked at this long after it is due, so that one look finds it done. */
const dueSlackMs = 1500;
const backoffFromMs = 5 * second;
const backoffToMs = 5 * minute;

/** Waiting changes nothing about these: only a person does. A changed setting or profile, or a focused window, looks again. */
const final: ReadonlySet<FailureReason> = new Set([
  "permission-denied",
  "not-authenticated",
  "bad-setting",
  "cli-missing",
  "cli-too-old",
]);

/**
 * How long to wait for the next look, counted from the end of the last one. null: do not look again
 * by yourself. `random` is a number from 0 to 1, for the jitter that keeps windows and machines
 * from asking in step after an outage.
 */
export function nextLookDelayMs(situation: PollSituation, random: number): number | null {
  const { failure, failures } = situation;
  if (failure !== null && failures > 0) {
    if (final.has(failure)) return null;
    const floorMs = failure === "rate-limited" ? minute : backoffFromMs;
    const backoffMs = Math.min(floorMs * 2 ** Math.min(failures - 1, 10), backoffToMs);
    return Math.round(backoffMs * (0.75 + 0.5 * random));
  }
  const pace = paces[situation.adapter];
  const steadyMs = steadyDelayMs(situation, pace);
  if (situation.dueAtMs === null) return steadyMs;
  const untilDueMs = situation.dueAtMs + dueSlackMs - situation.nowMs;
  // What was due and did not happen is looked at fast for a while by `restlessUntilMs`, not here.
  return untilDueMs > 0 ? Math.min(steadyMs, Math.max(untilDueMs, pace.least)) : steadyMs;
}

function steadyDelayMs(situation: PollSituation, pace: Pace): number {
  if (situation.busy || situation.nowMs < situation.restlessUntilMs) return pace.fast;
  if (situation.liveContainers > 0) {
    return situation.focused ? pace.running : pace.unfocusedRunning;
  }
  return situation.focused ? pace.idle : pace.unfocusedIdle;
}

/** A listing that is older than this has missed two looks, also in a window that nobody looks at. */
export function staleAfterMs(
  adapter: PollSituation["adapter"] | null,
  liveContainers: number,
): number {
  const pace = paces[adapter ?? "sdk"];
  const intervalMs = liveContainers > 0 ? pace.unfocusedRunning : pace.unfocusedIdle;
  return 2 * intervalMs + 5 * second;
}
