import { secondsVariableMs } from "./secondsVariable.ts";

/** How often the guardian wakes and how long it waits, in milliseconds. Tests make them short. */
export interface GuardianTimings {
  /** How often the windows' heartbeats are read. */
  readonly tickMs: number;
  /** The same while no window is open at all and the first act is done: nothing is urgent then. */
  readonly aloneTickMs: number;
  /** How often a window writes its heartbeat. */
  readonly beatMs: number;
  /** A window whose process lives but that wrote nothing for so long counts as gone. */
  readonly silentMs: number;
  /** From the last window's end to the first act: a reload or a restart comes back in that time. */
  readonly graceMs: number;
  /** How long one look at Modal may take before the reminder goes out with what was known last. */
  readonly lookMs: number;
  /** Pause between looks while no window watches. */
  readonly meterMs: number;
  /** Pause before "nothing runs" is verified a second time, and before a failed act is tried again. */
  readonly confirmMs: number;
  readonly leaseMs: number;
  /** Without any window for so long, the guardian ends, whatever runs. */
  readonly lifetimeMs: number;
}

export const defaultTimings: GuardianTimings = {
  tickMs: 3_500,
  aloneTickMs: 10_000,
  beatMs: 5_000,
  silentMs: 60_000,
  graceMs: 20_000,
  lookMs: 4_000,
  meterMs: 600_000,
  confirmMs: 15_000,
  leaseMs: 60_000,
  lifetimeMs: 24 * 3_600_000,
};

const graceVariable = "MODAL_METER_GRACE_SECONDS";
/** Shorter, and a reload of a quick editor would count as its end. */
const shortestGraceMs = 5_000;

/**
 * The usual timings, with the grace as the machine's variable says: longer where a reload takes
 * longer, shorter where nobody wants to pay for 20 s. A second proof never waits longer than the
 * grace did.
 */
export function timingsOf(env: Readonly<Record<string, string | undefined>>): GuardianTimings {
  const wantedMs = secondsVariableMs(env, graceVariable);
  if (wantedMs === undefined) return defaultTimings;
  const graceMs = Math.max(wantedMs, shortestGraceMs);
  const confirmMs = Math.min(defaultTimings.confirmMs, graceMs);
  return { ...defaultTimings, graceMs, confirmMs };
}
