import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { t } from "../../base/text.ts";
import { asFailure } from "../../session/concurrent.ts";
import { releaseText } from "../../session/mode/releaseText.ts";
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
  readonly clock: Clock;
  readonly log: Log;
  readonly timings: GuardianTimings;
}

interface Done {
  readonly verified: boolean;
  /** What to tell; undefined: there was nothing to do. */
  readonly outcome: Outcome | undefined;
}

interface Outcome {
  /** As it is known at once, and noted: the proof of other environments takes a while, and may be cut off. */
  readonly atOnce: Notice;
  readonly proved: () => Promise<Notice>;
}

/** What one attempt came to. */
interface Attempt {
  readonly verified: boolean;
  /** What it came to, noted in the incident until it is shown; undefined: no news. */
  readonly outcome: Notice | undefined;
  readonly notices: readonly Notice[];
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
  async attempt(signal: AbortSignal): Promise<Attempt> {
    const { begun, clock, log, scope, notes } = this.#parts;
    const { what } = begun;
    const calledOff = new AbortController();
    const maySend = (): boolean => {
      if (this.#parts.maySend()) return true;
      calledOff.abort();
      return false;
    };
    // A release has nothing to prove then; a stop has begun a receipt, which one more look closes.
    const ends = AbortSignal.any([signal, calledOff.signal]);
    let done: Done = { verified: false, outcome: undefined };
    try {
      done = await (what === "stop" ? this.#stop(signal, maySend) : this.#release(ends, maySend));
    } catch (error) {
      log.warn(`${scope.target.scope}: the ${what} failed: ${asFailure(error).message}`);
    }
    const { verified, outcome } = done;
    if (verified) {
      const { title, body } = outcome?.atOnce ?? {};
      notes.actDone(
        begun.begunAtMs,
        title === undefined || body === undefined
          ? null
          : { title, body, atMs: clock.nowMs(), state: "due" },
      );
      return { verified, outcome: await outcome?.proved(), notices: [] };
    }
    // Not sent is not failed: there is nothing to prove, and nobody needs to hear of it.
    if (calledOff.signal.aborted) return { verified, outcome: undefined, notices: [] };
    this.#tries += 1;
    // It is tried again, and told once.
    const first = this.#tries === 1 && outcome !== undefined ? [await outcome.proved()] : [];
    const gaveUpHope = this.#tries === triesUntilTold ? [failedNotice(what)] : [];
    return { verified, outcome: undefined, notices: [...first, ...gaveUpHope] };
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
      outcome:
        receipt.planned.length > 0
          ? {
              atOnce: outcomeNotice([receipt]),
              proved: async () => outcomeNotice([await scope.withElsewhere(receipt, signal)]),
            }
          : undefined,
    };
  }

  async #release(signal: AbortSignal, maySend: MaySend): Promise<Done> {
    const { scope, begun, notes } = this.#parts;
    const result = await scope.release(begun.by, signal, maySend);
    const text = releaseText(result);
    notes.addAct(text);
    const acted = result.released.length + result.left.length > 0;
    const notice = { title: t("Modal GPUs"), body: text, actions: [] };
    return {
      // A running request is not interrupted: that its container stays is no failure.
      verified: result.verified,
      outcome: acted ? { atOnce: notice, proved: () => Promise.resolve(notice) } : undefined,
    };
  }
}
