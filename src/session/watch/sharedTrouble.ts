import * as z from "zod/mini";
import type { Clock } from "../../base/clock.ts";
import { Failure, type FailureReason } from "../../base/failure.ts";
import type { Ledger } from "../ledgerPort.ts";

/** What the window that looks has told of its failed looks. */
export interface ToldTrouble {
  readonly atMs: number;
  /** In a row. */
  readonly failures: number;
  readonly failure: Failure;
}

/** Reasons for which a look can fail. */
const reasons = [
  "cli-missing",
  "cli-too-old",
  "not-authenticated",
  "permission-denied",
  "not-found",
  "invalid-argument",
  "offline",
  "timed-out",
  "rate-limited",
  "spend-limit",
  "bad-output",
  "bad-setting",
  "unsupported",
  "service-error",
] as const satisfies readonly FailureReason[];

const toldSchema = z.object({
  atMs: z.number(),
  failures: z.number(),
  /** "" once all is well again. */
  reason: z.string(),
  message: z.string(),
});

/** Failed looks, told through the ledger: the windows that do not look themselves show the same state. */
export class SharedTrouble {
  readonly #ledger: Pick<Ledger, "remember" | "recall">;
  readonly #clock: Clock;

  constructor(ledger: Pick<Ledger, "remember" | "recall">, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  tell(scope: string, { reason, message }: Failure, failures: number): void {
    this.#write(scope, { atMs: this.#clock.nowMs(), failures, reason, message });
  }

  clear(scope: string): void {
    this.#write(scope, { atMs: 0, failures: 0, reason: "", message: "" });
  }

  /** undefined: nothing is wrong, or what was written is not understood. */
  told(scope: string): ToldTrouble | undefined {
    const told = this.#ledger.recall(keyOf(scope), toldSchema);
    const reason = reasons.find((known) => known === told?.reason);
    if (told === undefined || reason === undefined) return undefined;
    const { atMs, failures, message } = told;
    return { atMs, failures, failure: new Failure(reason, message) };
  }

  #write(scope: string, told: z.output<typeof toldSchema>): void {
    this.#ledger.remember(keyOf(scope), JSON.stringify(told));
  }
}

function keyOf(scope: string): string {
  return `poll failure ${scope}`; // not shown: a key of the ledger
}
