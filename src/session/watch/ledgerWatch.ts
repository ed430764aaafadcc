import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { HourlyTexts } from "../../base/hourlyTexts.ts";
import type { Ledger, LedgerTrouble } from "../ledgerPort.ts";

export interface LedgerWatchParts {
  readonly ledger: Pick<Ledger, "trouble">;
  readonly clock: Clock;
  /** There is trouble, or another one, or still after an hour. */
  readonly onTrouble: (trouble: LedgerTrouble) => void;
  /** What was told is over. */
  readonly onWell: () => void;
}

const lookEveryMs = 2_000;

/** Tells what is wrong with the ledger: the same once an hour at most. */
export class LedgerWatch implements Disposable {
  readonly #parts: LedgerWatchParts;
  readonly #hourlyTexts = new HourlyTexts();
  #isTroubled = false;
  #timer: Disposable | undefined;
  #disposed = false;

  constructor(parts: LedgerWatchParts) {
    this.#parts = parts;
    this.#look();
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer?.dispose();
  }

  #look(): void {
    const { ledger, clock, onTrouble, onWell } = this.#parts;
    this.#timer = clock.after(lookEveryMs, () => this.#look());
    const trouble = ledger.trouble();
    if (trouble === null) {
      if (this.#isTroubled) onWell();
      this.#isTroubled = false;
    } else if (this.#hourlyTexts.isDue(trouble.message, clock.nowMs())) {
      this.#isTroubled = true;
      onTrouble(trouble);
    }
    if (this.#disposed) this.#timer.dispose();
  }
}
