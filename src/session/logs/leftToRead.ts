import * as z from "zod/mini";
import type { Ledger } from "../ledgerPort.ts";

const shape = z.nullable(z.number());

/** Since when a scope's logs are still to be read, milliseconds since the epoch; null: nothing is left. */
export function leftToRead(ledger: Pick<Ledger, "recall">, scope: string): number | null {
  return ledger.recall(keyOf(scope), shape) ?? null;
}

/** Leaves the logs since then to the next look; what was left before stays so. */
export function leaveToRead(
  ledger: Pick<Ledger, "remember" | "recall">,
  scope: string,
  fromMs: number,
): void {
  const sinceMs = Math.min(fromMs, leftToRead(ledger, scope) ?? Infinity);
  ledger.remember(keyOf(scope), JSON.stringify(sinceMs));
}

export function noteAllRead(ledger: Pick<Ledger, "remember">, scope: string): void {
  ledger.remember(keyOf(scope), "null");
}

function keyOf(scope: string): string {
  return `lookBack ${scope}`; // not shown: a key of the ledger
}
