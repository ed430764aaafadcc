import * as z from "zod/mini";
import type { Ledger } from "./ledgerPort.ts";
import { leaveToRead } from "./logs/leftToRead.ts";

/** Notes that all that was known is lost. */
const emptiedKey = "ledger:emptied"; // not shown: a key of the ledger

/**
 * Notes that the ledger has lost what was written after `sinceMs`, so that it is asked for again as far
 * as Modal has it: the scopes' logs from then on. The bill is asked for by itself, as what was noted
 * of it is lost with the rest.
 */
export function noteLoss(
  ledger: Pick<Ledger, "remember" | "recall">,
  scopes: readonly string[],
  sinceMs: number,
): void {
  for (const scope of scopes) leaveToRead(ledger, scope, sinceMs);
}

/** Notes that the ledger has lost everything: each scope that is looked at from now on was known before. */
export function noteEmptied(ledger: Pick<Ledger, "remember">): void {
  ledger.remember(emptiedKey, "true");
}

export function wasEmptied(ledger: Pick<Ledger, "recall">): boolean {
  return ledger.recall(emptiedKey, z.boolean()) ?? false;
}
