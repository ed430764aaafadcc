import type { ReceiptApp, StopReceipt } from "../../../src/session/receipt.ts";

/** The receipt of a person's stop that found nothing to do, with what a test changes in it. */
export function receiptSample(some: Partial<StopReceipt> = {}): StopReceipt {
  return {
    receiptId: "r1",
    scope: "acme/main",
    atMs: 0,
    by: "person",
    planned: [],
    stopped: [],
    alreadyStopped: [],
    left: [],
    excluded: [],
    verified: "clear",
    savedMicroUsdPerHour: null,
    ...some,
  };
}

/** What a stop that did all that it planned changes in it. */
export function stoppedAll(...apps: readonly ReceiptApp[]): Partial<StopReceipt> {
  return { planned: apps, stopped: apps };
}
