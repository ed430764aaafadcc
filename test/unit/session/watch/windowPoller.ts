import type { Clock } from "../../../../src/base/clock.ts";
import type { Ledger } from "../../../../src/session/ledgerPort.ts";
import { Poller } from "../../../../src/session/watch/poller.ts";
import { silentLog } from "../../silentLog.ts";
import type { LookModal } from "../lookModal.ts";

/** The poller of a window of that name, without jitter. */
export function windowPoller(
  name: string,
  ledger: Ledger,
  clock: Clock,
  modal: LookModal,
): Poller<LookModal> {
  return new Poller<LookModal>({
    open: async () => modal,
    ledger,
    clock,
    log: silentLog,
    holder: name,
    pid: 1,
    random: () => 0.5,
  });
}
