import * as z from "zod/mini";
import { t } from "../base/text.ts";
import type { Disposable } from "../base/disposable.ts";
import { systemClock } from "../base/systemClock.ts";
import { openLedger, setAsideKey } from "../ledger/openLedger.ts";
import type { Ledger, LedgerUpkeep } from "../session/ledgerPort.ts";
import type { LogChannel } from "./logChannel.ts";
import { sayWarning } from "./say.ts";

const careAfterMs = 5 * 60_000;
/** Rows of calls and containers are kept for 13 months, so that a month can be compared with last year's; sums stay for good. */
const keptMs = 400 * 24 * 3_600_000;

/**
 * Opens the ledger that all windows of this machine share. A damaged one is set aside, by this window
 * or by the guardian before it, and the person is told where it is. Rejects with `Failure("ledger")`.
 */
export async function openHomeLedger(
  file: string,
  log: LogChannel,
): Promise<Ledger & LedgerUpkeep> {
  const { ledger, setAside } = await openLedger(file, { log });
  const byGuardian = ledger.recall(setAsideKey, z.string());
  if (setAside !== null) tellSetAside(setAside, log);
  else if (
    byGuardian !== undefined &&
    ledger.claimOnce(`told:${byGuardian}`, systemClock.nowMs())
  ) {
    tellSetAside(byGuardian, log);
  }
  return ledger;
}

/** The ledger's upkeep, well after the start: one window per day reads all of it and forgets what is very old. */
export function careForLedger(ledger: Ledger & LedgerUpkeep, log: LogChannel): Disposable {
  const care = async (): Promise<void> => {
    const nowMs = systemClock.nowMs();
    if (!ledger.claimOnce(`care:${new Date(nowMs).toISOString().slice(0, 10)}`, nowMs)) return;
    const problems = await ledger.checkIntegrity();
    if (problems.length > 0) {
      log.error(`The ledger is damaged and will be set aside: ${problems.join("; ")}`);
      return;
    }
    ledger.prune(nowMs - keptMs);
  };
  return systemClock.after(careAfterMs, () => {
    care().catch((error: unknown) => log.error("The ledger's care: an unexpected error.", error));
  });
}

function tellSetAside(path: string, log: LogChannel): void {
  log.warn(`The ledger was damaged. It was set aside as ${path}, and a new one was begun.`);
  void sayWarning(
    t("The ledger of Modal Meter was damaged. It was kept as {0}, and a new one was begun.", path),
  );
}
