import * as z from "zod/mini";
import type { Ledger, TimeRange } from "../ledgerPort.ts";

/** An app that ran, of which neither its log nor its calls tell for how long: the bill will. */
export interface RanUnseen extends TimeRange {
  readonly appId: string;
  readonly appName: string;
}

const stored = z.array(
  z.object({ appId: z.string(), appName: z.string(), fromMs: z.number(), toMs: z.number() }),
);
/** The newest are kept. */
const maxKept = 100;

export function ranUnseen(ledger: Pick<Ledger, "recall">, scope: string): readonly RanUnseen[] {
  return ledger.recall(keyOf(scope), stored) ?? [];
}

/** Notes that an app ran unseen; once per app and life. */
export function noteRanUnseen(
  ledger: Pick<Ledger, "recall" | "remember">,
  scope: string,
  ran: RanUnseen,
): void {
  const others = ranUnseen(ledger, scope).filter(
    ({ appId, fromMs }) => appId !== ran.appId || fromMs !== ran.fromMs,
  );
  ledger.remember(keyOf(scope), JSON.stringify([...others, ran].slice(-maxKept)));
}

function keyOf(scope: string): string {
  return `ran unseen ${scope}`; // not shown: a key of the ledger
}
