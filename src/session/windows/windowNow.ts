import { appWindow } from "../appWindow.ts";
import type { Ledger } from "../ledgerPort.ts";
import { recallBook, type BookPlace } from "./windowBook.ts";

/**
 * The idle window in force in an app, in seconds: of its newest session, unless it was put back since.
 * null: not known, or its functions have several.
 */
export function windowNow(
  ledger: Pick<Ledger, "sessions" | "recall">,
  { scope, appId }: BookPlace,
): number | null {
  const last = ledger
    .sessions({ scope })
    .filter(({ apps }) => apps.some((app) => app.appId === appId))
    .toSorted((a, b) => b.startedAtMs - a.startedAtMs)[0];
  if (last === undefined) return null;
  const restored = recallBook(ledger, { scope, appId }).restored.at(-1);
  if (restored === undefined || restored.atMs < last.startedAtMs) return appWindow(last, appId);
  const [only = null, ...others] = new Set(restored.windows.map(({ seconds }) => seconds));
  return others.length === 0 ? only : null;
}
