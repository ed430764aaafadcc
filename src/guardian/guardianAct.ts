import type { Log } from "../base/log.ts";
import { t } from "../base/text.ts";
import { asFailure } from "../session/concurrent.ts";
import type { StopReceipt } from "../session/receipt.ts";
import { releaseText } from "../session/mode/releaseGpus.ts";
import type { GuardedScope, MaySend } from "./guardedScope.ts";
import type { IncidentNotes } from "./incidentRecord.ts";
import type { Notice } from "./notifier/notifier.ts";
import { failedNotice, outcomeNotice } from "./reminderText.ts";
import type { GuardianTimings } from "./timings.ts";

export interface GuardianActParts {
  readonly what: "stop" | "release";
  /** "reminder": a button was pressed; "guardian": nobody was asked. */
  readonly by: Extract<StopReceipt["by"], "reminder" | "guardian">;
  readonly scope: GuardedScope;
  /** Asked again directly before each request. */
  readonly maySend: MaySend;
  readonly notes: IncidentNotes;
  readonly log: Log;
  readonly timings: GuardianTimings;
}

interface Done {
  readonly verified: boolean;
  /** What to tell; undefined: there was nothing to do. */
  readonly notice: Notice | undefined;
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
    return this.#parts.by === "guardian";
  }

  /** Tries once. Never rejects: a failure is an attempt that was not verified. */
  async attempt(
    signal: AbortSignal,
  ): Promise<{ readonly verified: boolean; readonly notices: readonly Notice[] }> {
    const { what, log, scope } = this.#parts;
    this.#tries += 1;
    let done: Done = { verified: false, notice: undefined };
    try {
      done = await (what === "stop" ? this.#stop(signal) : this.#release(signal));
    } catch (error) {
      log.warn(`${scope.target.scope}: the ${what} failed: ${asFailure(error).message}`);
    }
    const { verified, notice } = done;
    const isNews = notice !== undefined && (verified || this.#tries === 1);
    const gaveUpHope = !verified && this.#tries === triesUntilTold;
    return {
      verified,
      notices: [...(isNews ? [notice] : []), ...(gaveUpHope ? [failedNotice(what)] : [])],
    };
  }

  /** Pause before the next attempt: short at first, then the slow pace; it may only be offline. */
  get waitMs(): number {
    const { confirmMs, meterMs } = this.#parts.timings;
    return Math.min(confirmMs * 2 ** (this.#tries - 1), meterMs);
  }

  async #stop(signal: AbortSignal): Promise<Done> {
    const { scope, by, notes, maySend } = this.#parts;
    const receipt = await scope.stop(by, signal, maySend);
    notes.addReceipt(receipt.receiptId);
    return {
      verified: receipt.verified === "clear" || receipt.verified === "excluded-left",
      notice: receipt.planned.length > 0 ? outcomeNotice([receipt]) : undefined,
    };
  }

  async #release(signal: AbortSignal): Promise<Done> {
    const { scope, by, notes, maySend } = this.#parts;
    const result = await scope.release(by, signal, maySend);
    const text = releaseText(result);
    notes.addAct(text);
    const acted = result.released.length + result.left.length > 0;
    return {
      // A running request is not interrupted: that its container stays is no failure.
      verified: result.verified,
      notice: acted ? { title: t("Modal GPUs"), body: text, actions: [] } : undefined,
    };
  }
}
