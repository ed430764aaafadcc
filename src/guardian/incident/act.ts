import type { Log } from "../../base/log.ts";
import { t } from "../../base/text.ts";
import { asFailure } from "../../session/concurrent.ts";
import { releaseText } from "../../session/mode/releaseGpus.ts";
import type { GuardedScope, MaySend } from "../guardedScope.ts";
import type { IncidentAct, IncidentNotes } from "./record.ts";
import type { Notice } from "../notifier/notifier.ts";
import { failedNotice, outcomeNotice } from "./reminderText.ts";
import type { GuardianTimings } from "../timings.ts";

/** An act that is about to be done. */
export type NextAct = Omit<IncidentAct, "state">;

export interface GuardianActParts {
  readonly begun: NextAct;
  readonly scope: GuardedScope;
  /** Asked again directly before each request. False calls the attempt off. */
  readonly maySend: MaySend;
  readonly notes: IncidentNotes;
  readonly log: Log;
  readonly timings: GuardianTimings;
}

interface Done {
  readonly verified: boolean;
  /** What to tell, once it is noted that it was done; undefined: there was nothing to do. */
  readonly tell: (() => Promise<Notice>) | undefined;
}

/** After so many attempts the person is told that it does not work; the attempts go on. */
const triesUntilTold = 6;

/** One stop or release, tried until it is verified, with a fresh look each time. */
export class GuardianAct {
  readonly #parts: GuardianActParts;
  #tries = 0;

  constructor(parts: GuardianActParts) {
    this.#parts = parts;
  }

  get isUnasked(): boolean {
    return this.#parts.begun.by === "guardian";
  }

  /** Tries once. Never rejects: a failure is an attempt that was not verified. */
  async attempt(
    signal: AbortSignal,
  ): Promise<{ readonly verified: boolean; readonly notices: readonly Notice[] }> {
    const { begun, log, scope, notes } = this.#parts;
    const { what } = begun;
    const calledOff = new AbortController();
    const maySend = (): boolean => {
      if (this.#parts.maySend()) return true;
      calledOff.abort();
      return false;
    };
    // A release has nothing to prove then; a stop has begun a receipt, which one more look closes.
    const ends = AbortSignal.any([signal, calledOff.signal]);
    let done: Done = { verified: false, tell: undefined };
    try {
      done = await (what === "stop" ? this.#stop(signal, maySend) : this.#release(ends, maySend));
    } catch (error) {
      log.warn(`${scope.target.scope}: the ${what} failed: ${asFailure(error).message}`);
    }
    const { verified, tell } = done;
    if (verified) notes.actDone(begun.begunAtMs);
    // Not sent is not failed: there is nothing to prove, and nobody needs to hear of it.
    else if (calledOff.signal.aborted) return { verified, notices: [] };
    this.#tries += 1;
    const isNews = tell !== undefined && (verified || this.#tries === 1);
    const gaveUpHope = !verified && this.#tries === triesUntilTold;
    return {
      verified,
      notices: [...(isNews ? [await tell()] : []), ...(gaveUpHope ? [failedNotice(what)] : [])],
    };
  }

  /** Pause before the next attempt: short at first, then the slow pace; it may only be offline. */
  get waitMs(): number {
    const { confirmMs, meterMs } = this.#parts.timings;
    return Math.min(confirmMs * 2 ** Math.max(this.#tries - 1, 0), meterMs);
  }

  async #stop(signal: AbortSignal, maySend: MaySend): Promise<Done> {
    const { scope, begun, notes } = this.#parts;
    const receipt = await scope.stop(begun.by, signal, maySend);
    notes.addReceipt(receipt.receiptId);
    return {
      verified: receipt.verified === "clear" || receipt.verified === "excluded-left",
      tell:
        receipt.planned.length > 0
          ? async () => outcomeNotice([await scope.withElsewhere(receipt, signal)])
          : undefined,
    };
  }

  async #release(signal: AbortSignal, maySend: MaySend): Promise<Done> {
    const { scope, begun, notes } = this.#parts;
    const result = await scope.release(begun.by, signal, maySend);
    const text = releaseText(result);
    notes.addAct(text);
    const acted = result.released.length + result.left.length > 0;
    return {
      // A running request is not interrupted: that its container stays is no failure.
      verified: result.verified,
      tell: acted
        ? () => Promise.resolve({ title: t("Modal GPUs"), body: text, actions: [] })
        : undefined,
    };
  }
}
