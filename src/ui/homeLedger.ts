import { t, type Texts } from "../base/text.ts";
import type { Clock } from "../base/clock.ts";
import type { Disposable, DisposableStore } from "../base/disposable.ts";
import type { Log } from "../base/log.ts";
import { PatientFile } from "../ledger/patient/patientFile.ts";
import { PatientLedger } from "../ledger/patient/patientLedger.ts";
import { ThreadWriter } from "../ledger/patient/threadWriter.ts";
import type { Ledger, LedgerUpkeep } from "../session/ledgerPort.ts";
import { notedLedgerNews } from "../session/ledgerNews.ts";
import { LedgerCare } from "../session/watch/ledgerCare.ts";
import { LedgerWatch } from "../session/watch/ledgerWatch.ts";
import { sayWarning } from "./say.ts";

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
 * memory. What is new of the file (a damaged one was set aside, say), found by this window or by the
 * guardian before it, is told.
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
  const ledger = new PatientLedger(file, log);
  // Some of it is noted as well, for a window that ends before it was seen.
  const tellOnce = (news: string): void => {
    if (ledger.claimOnce(`told:${news}`, clock.nowMs())) tell(news, log);
  };
  file.onNews(tellOnce);
  if (await file.opened(openWithinMs)) {
    for (const news of notedLedgerNews(ledger)) tellOnce(news);
  }
  store.add(tellTrouble(ledger, clock, log));
  store.add(new LedgerCare({ ledger, clock, log }));
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
          "{0} Looking and stopping still work; what happens is kept in memory until it can be written.",
          message,
        ),
      );
    },
    onWell: () => log.info("The ledger is well again."),
  });
}

function tell(news: string, log: Log): void {
  log.warn(news);
  void sayWarning(news);
}
