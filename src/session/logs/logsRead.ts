import * as z from "zod/mini";
import type { Ledger, TimeRange } from "../ledgerPort.ts";

const stored = z.array(z.object({ fromMs: z.number(), toMs: z.number() }));
/** What is shorter lies between two looks of the usual pace, and nothing hangs on it. */
const leastMs = 10 * 60_000;
/** A log is read from about the last look to about the next. */
const edgeMs = 120_000;
/** Of the newest: older ones have long been billed. */
const mostRanges = 40;

interface LogOf {
  readonly scope: string;
  readonly appId: string;
}

/** The times of which an app's log was read after they were over, by this machine's clock: whatever it says of them is known. */
export function rangesRead(ledger: Pick<Ledger, "recall">, app: LogOf): readonly TimeRange[] {
  return ledger.recall(keyOf(app), stored) ?? [];
}

/**
 * Whether an app's log was read of all of a time, by Modal's clock.
 * @param offsetMs Modal's clock minus this machine's
 */
export function logReadOf(
  ledger: Pick<Ledger, "recall">,
  scope: string,
  offsetMs: number,
): (appId: string, fromMs: number, toMs: number) => boolean {
  return (appId, fromMs, toMs) =>
    rangesRead(ledger, { scope, appId }).some(
      (read) => read.fromMs + offsetMs <= fromMs + edgeMs && read.toMs + offsetMs >= toMs - edgeMs,
    );
}

export function noteRangeRead(
  ledger: Pick<Ledger, "recall" | "remember">,
  app: LogOf,
  { fromMs, toMs }: TimeRange,
): void {
  if (toMs - fromMs < leastMs) return;
  const before = rangesRead(ledger, app);
  const others = before.filter((one) => one.toMs < fromMs || one.fromMs > toMs);
  const touching = before.filter((one) => !others.includes(one));
  const joined = {
    fromMs: Math.min(fromMs, ...touching.map((one) => one.fromMs)),
    toMs: Math.max(toMs, ...touching.map((one) => one.toMs)),
  };
  const ranges = [...others, joined].toSorted((a, b) => a.fromMs - b.fromMs).slice(-mostRanges);
  ledger.remember(keyOf(app), JSON.stringify(ranges));
}

function keyOf({ scope, appId }: LogOf): string {
  return `log read ${scope} ${appId}`; // not shown: a key of the ledger
}
