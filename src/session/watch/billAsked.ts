import * as z from "zod/mini";
import type { Ledger } from "../ledgerPort.ts";

const askedSchema = z.object({ throughMs: z.number() });

/** Until when a scope's bill was asked for, milliseconds since the epoch; undefined: never, or it may not be read. */
export function billAskedThroughMs(
  ledger: Pick<Ledger, "recall">,
  scope: string,
): number | undefined {
  return ledger.recall(keyOf(scope), askedSchema)?.throughMs;
}

export function noteBillAsked(
  ledger: Pick<Ledger, "remember">,
  scope: string,
  throughMs: number,
): void {
  ledger.remember(keyOf(scope), JSON.stringify({ throughMs }));
}

function keyOf(scope: string): string {
  return `bill-asked:${scope}`;
}
