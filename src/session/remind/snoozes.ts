import * as z from "zod/mini";
import type { Ledger } from "../ledgerPort.ts";

const memory = "reminders:snoozed";
const snoozes = z.record(z.string(), z.number());

/** What "Snooze 30 min" means. */
const snoozeMinutes = 30;

/** Until when each kind of reminder is snoozed, for all windows of this machine. */
export function readSnoozes(ledger: Pick<Ledger, "recall">): ReadonlyMap<string, number> {
  // A snooze that cannot be read is none: better a reminder too many.
  return new Map(Object.entries(ledger.recall(memory, snoozes) ?? {}));
}

export function snooze(
  ledger: Pick<Ledger, "remember" | "recall">,
  kind: string,
  nowMs: number,
  minutes: number = snoozeMinutes,
): void {
  const all = new Map(readSnoozes(ledger));
  all.set(kind, nowMs + minutes * 60_000);
  ledger.remember(memory, JSON.stringify(Object.fromEntries(all)));
}
