import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { failureOf } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import type { Ledger, LedgerUpkeep } from "../ledgerPort.ts";

export interface LedgerCareParts {
  readonly ledger: Pick<Ledger, "claimOnce"> & Pick<LedgerUpkeep, "checkIntegrity" | "prune">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Well after the start, when nobody waits for anything. */
const firstAfterMs = 5 * 60_000;
/** A window stays open for weeks, and its laptop sleeps: the day is asked for, and not waited for. */
const everyMs = 3_600_000;
/** Rows of calls and containers are kept for 13 months, so that a month can be compared with last year's; sums stay for good. */
const keptMs = 400 * 24 * 3_600_000;

/** The ledger's upkeep: one window of the machine reads all of it each day, and forgets what is very old. */
export class LedgerCare implements Disposable {
  readonly #parts: LedgerCareParts;
  #timer: Disposable | undefined;
  #isDisposed = false;

  constructor(parts: LedgerCareParts) {
    this.#parts = parts;
    this.#wait(firstAfterMs);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.dispose();
  }

  #wait(delayMs: number): void {
    if (this.#isDisposed) return;
    this.#timer = this.#parts.clock.after(delayMs, () => {
      this.#care()
        .catch((error: unknown) => this.#tell(error))
        .finally(() => this.#wait(everyMs));
    });
  }

  async #care(): Promise<void> {
    const { ledger, clock, log } = this.#parts;
    const nowMs = clock.nowMs();
    if (!ledger.claimOnce(`care:${new Date(nowMs).toISOString().slice(0, 10)}`, nowMs)) return;
    const problems = await ledger.checkIntegrity();
    if (problems.length > 0) {
      log.error(`The ledger is damaged and will be set aside: ${problems.join("; ")}`);
      return;
    }
    ledger.prune(nowMs - keptMs);
  }

  /** A ledger that cannot be used is told of elsewhere, once an hour. */
  #tell(error: unknown): void {
    const failure = failureOf(error);
    if (failure === undefined)
      this.#parts.log.error("The ledger's care: an unexpected error.", error);
    else this.#parts.log.debug(`The ledger was not cared for: ${failure.message}`);
  }
}
