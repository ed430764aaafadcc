import type { Clock } from "../../base/clock.ts";
import { pause } from "../concurrent.ts";
import type { Ledger } from "../ledgerPort.ts";

export interface ScalingParts {
  readonly ledger: Pick<Ledger, "acquireLease" | "releaseLease">;
  readonly clock: Clock;
}

/** Longer than any of them takes, with every repetition: the bound where its process was killed. */
const leaseMs = 5 * 60_000;
const stepMs = 500;

/**
 * Everything that changes the autoscaler of an app goes through here, one after the other, in all windows:
 * what one of them has read is not changed by another before it has acted. undefined: another one is at
 * it for all of `waitMs`, or the wait was cancelled.
 */
export async function whileScaling<Result>(
  { ledger, clock }: ScalingParts,
  appId: string,
  { waitMs, signal }: { readonly waitMs: number; readonly signal?: AbortSignal | undefined },
  work: () => Promise<Result>,
): Promise<{ readonly result: Result } | undefined> {
  const lease = `scaling:${appId}`;
  const holder = crypto.randomUUID();
  const untilMs = clock.nowMs() + waitMs;
  // No process is asked whether it lives: the term alone counts.
  while (!ledger.acquireLease(lease, holder, 0, clock.nowMs(), leaseMs)) {
    if (clock.nowMs() >= untilMs || !(await pause(clock, stepMs, signal))) return undefined;
  }
  try {
    return { result: await work() };
  } finally {
    ledger.releaseLease(lease, holder);
  }
}
