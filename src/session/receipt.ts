import type { MicroUsd } from "../cost/money.ts";
import type { ElsewhereProof } from "./runsElsewhere.ts";

export interface ReceiptApp {
  readonly appId: string;
  readonly name: string;
}

/** What a stop did. Written only from a fresh listing; `left` and `unverified` are never empty by default. */
export interface StopReceipt {
  readonly receiptId: string;
  readonly scope: string;
  readonly atMs: number;
  /** Who asked: a person in a window, an expiring demo, the guardian, a reminder's button. */
  readonly by: "person" | "expiry" | "guardian" | "reminder" | "agent";
  readonly planned: readonly ReceiptApp[];
  readonly stopped: readonly ReceiptApp[];
  readonly alreadyStopped: readonly ReceiptApp[];
  /** Still running in the last listing, with the reason where one is known. */
  readonly left: readonly (ReceiptApp & { readonly reason: string })[];
  /** Running, but not part of the plan (other people's, production). */
  readonly excluded: readonly (ReceiptApp & { readonly reason: string })[];
  /** "clear": a fresh listing showed nothing running. "excluded-left": only excluded apps run. "left": planned apps still run. "unverified": no listing could be had after the stop. */
  readonly verified: "clear" | "excluded-left" | "left" | "unverified";
  /** What the listing that proves it did not show although it may run, in words. Known to the process that made the stop, not stored. */
  readonly notListed?: readonly string[];
  /** What a list of the other environments showed after it; absent: none was made. Not stored either. */
  readonly elsewhere?: ElsewhereProof;
  /** Where all that is `excluded` is others', and nothing else runs: what it costs per hour (null: a rate is unknown). Not stored either. */
  readonly others?: { readonly microUsdPerHour: MicroUsd | null };
  /** Burn that ended with this stop; null where a rate is unknown. */
  readonly savedMicroUsdPerHour: MicroUsd | null;
}
