import * as z from "zod/mini";
import type { Ledger } from "./ledgerPort.ts";

/** Where the guardian notes what it found of the ledger's file while no window was open. */
const key = "ledger:news"; // not shown: a key of the ledger
const newsSchema = z.array(z.string());
/** More than these are no news any more. */
const most = 20;

/** Keeps what a person must know of the ledger's file, for the next window to tell. */
export function noteLedgerNews(ledger: Pick<Ledger, "remember" | "recall">, news: string): void {
  const noted = notedLedgerNews(ledger).filter((one) => one !== news);
  ledger.remember(key, JSON.stringify([...noted, news].slice(-most)));
}

/** What was kept, oldest first; a window that tells it claims each. */
export function notedLedgerNews(ledger: Pick<Ledger, "recall">): readonly string[] {
  return ledger.recall(key, newsSchema) ?? [];
}
