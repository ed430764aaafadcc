import * as z from "zod/mini";
import { t, type Texts } from "../base/text.ts";
import type { Clock } from "../base/clock.ts";
import type { Disposable, DisposableStore } from "../base/disposable.ts";
import type { Log } from "../base/log.ts";
import { setAsideKey } from "../ledger/openLedger.ts";
import { PatientFile } from "../ledger/patient/patientFile.ts";
import { PatientLedger } from "../ledger/patient/patientLedger.ts";
import { ThreadWriter } from "../ledger/patient/threadWriter.ts";
import type { Ledger, LedgerUpkeep } from "../session/ledgerPort.ts";
import { LedgerWatch } from "../session/watch/ledgerWatch.ts";
import { sayWarning } from "./say.ts";

const careAfterMs = 5 * 60_000;
/** Rows of calls and containers are kept for 13 months, so that a month can be compared with last year's; sums stay for good. */
const keptMs = 400 * 24 * 3_600_000;
/** What is known at the start is worth waiting so long for; the rest of the window does not wait for the ledger. */
const openWithinMs = 1_500;

/** The ledger that all windows of this machine share, as one window has it. */
export interface HomeLedger {
  readonly ledger: Ledger & LedgerUpkeep;
  /** Resolves when the ledger was disposed of, and what waited is in the file as far as it takes it. */
  readonly closed: () => Promise<void>;
}

export interface HomeLedgerParts {
  readonly file: string;
  /** The program of the thread that writes: dist/writer.cjs. */
  readonly program: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly texts: Texts | undefined;
}

/**
 * Opens the ledger, as far as it can be opened now. Never rejects: what is written meanwhile waits in
 * memory. A damaged file that was set aside, by this window or by the guardian before it, is told.
 */
export async function openHomeLedger(
  store: DisposableStore,
  { file: path, program, clock, log, texts }: HomeLedgerParts,
): Promise<HomeLedger> {
  const file = store.add(
    new PatientFile({
      clock,
      writer: (events) => new ThreadWriter({ path, program, clock, events, texts }),
      onBug: (error) => log.error("The ledger: an unexpected error.", error),
    }),
  );
  file.onSetAside((name) => tellSetAside(name, log));
  const ledger = new PatientLedger(file, log);
  if (await file.opened(openWithinMs)) {
    const byGuardian = ledger.recall(setAsideKey, z.string());
    if (byGuardian !== undefined && ledger.claimOnce(`told:${byGuardian}`, clock.nowMs()))
      tellSetAside(byGuardian, log);
  }
  store.add(tellTrouble(ledger, clock, log));
  store.add(careFor(ledger, clock, log));
  return { ledger, closed: () => file.close() };
}

/** Tells what is wrong with the ledger, and that nothing stands still for it. */
function tellTrouble(ledger: Ledger, clock: Clock, log: Log): Disposable {
  return new LedgerWatch({
    ledger,
    clock,
    onTrouble: ({ message }) => {
      log.warn(message);
      void sayWarning(
        t(
          "{0} Looking and stopping work all the same; what happens is kept in memory until it can be written.",
          message,
        ),
      );
    },
    onWell: () => log.info("The ledger is well again."),
  });
}

/** The ledger's upkeep, well after the start: one window per day reads all of it and forgets what is very old. */
function careFor(ledger: Ledger & LedgerUpkeep, clock: Clock, log: Log): Disposable {
  const care = async (): Promise<void> => {
    const nowMs = clock.nowMs();
    if (!ledger.claimOnce(`care:${new Date(nowMs).toISOString().slice(0, 10)}`, nowMs)) return;
    const problems = await ledger.checkIntegrity();
    if (problems.length > 0) {
      log.error(`The ledger is damaged and will be set aside: ${problems.join("; ")}`);
      return;
    }
    ledger.prune(nowMs - keptMs);
  };
  return clock.after(careAfterMs, () => {
    care().catch((error: unknown) => log.error("The ledger's care: an unexpected error.", error));
  });
}

function tellSetAside(path: string, log: Log): void {
  log.warn(`The ledger was damaged. It was set aside as ${path}, and a new one was begun.`);
  void sayWarning(
    t("The ledger of Modal Meter was damaged. It was kept as {0}, and a new one was begun.", path),
  );
}
