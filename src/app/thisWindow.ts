import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Ledger, LedgerUpkeep } from "../session/ledgerPort.ts";

/** What every part of one window is built with. */
export interface ThisWindow {
  readonly ledger: Ledger & LedgerUpkeep;
  readonly clock: Clock;
  readonly log: Log;
  /** Names this window where windows share: in leases and in the list of windows. */
  readonly windowId: string;
  readonly pid: number;
  /** IANA name. */
  readonly timeZone: string;
}
