import * as z from "zod/mini";
import { Failure, type FailureReason } from "../../base/failure.ts";
import type { Ledger } from "../ledgerPort.ts";
import { isLaterLook, type LookTime } from "../lookOrder.ts";

/** What the window that looks has told of its failed looks. */
export interface LookTrouble {
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

const recordSchema = z.object({
  /** The newest look that was known when it was told; null: none. */
  after: z.nullable(z.object({ era: z.number(), observedAtMs: z.number() })),
  failures: z.number(),
  /** "" once all is well again. */
  reason: z.string(),
  message: z.string(),
});

/** Failed looks, told through the ledger: the windows that do not look themselves show the same state. */
export class SharedTrouble {
  readonly #ledger: Pick<Ledger, "latestListing" | "remember" | "recall">;

  constructor(ledger: Pick<Ledger, "latestListing" | "remember" | "recall">) {
    this.#ledger = ledger;
  }

  tell(scope: string, { reason, message }: Failure, failures: number): void {
    const last = this.#ledger.latestListing(scope);
    const after = last === undefined ? null : { era: last.era, observedAtMs: last.observedAtMs };
    this.#write(scope, { after, failures, reason, message });
  }

  clear(scope: string): void {
    this.#write(scope, { after: null, failures: 0, reason: "", message: "" });
  }

  /**
   * undefined: nothing is wrong, or what was written is not understood. `last`: the newest look that
   * the asking window knows; one that is later than the trouble ends it.
   */
  current(scope: string, last: LookTime | undefined): LookTrouble | undefined {
    const record = this.#ledger.recall(keyOf(scope), recordSchema);
    const reason = reasons.find((candidate) => candidate === record?.reason);
    if (record === undefined || reason === undefined) return undefined;
    const { after, failures, message } = record;
    if (last !== undefined && isLaterLook(last, after ?? undefined)) return undefined;
    return { failures, failure: new Failure(reason, message) };
  }

  #write(scope: string, record: z.output<typeof recordSchema>): void {
    this.#ledger.remember(keyOf(scope), JSON.stringify(record));
  }
}

function keyOf(scope: string): string {
  return `poll failure ${scope}`; // not shown: a key of the ledger
}
