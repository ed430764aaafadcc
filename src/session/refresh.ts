import type { Listing } from "./ledgerPort.ts";

/**
 * Takes a fresh, complete look at the scope and records it in the ledger. The look must begin after
 * the call: an answer that was already on its way would prove nothing about a stop that was sent in
 * between. Rejects with a `Failure` when no complete look could be had; never gives a partial one.
 */
export type Refresh = (options?: { readonly signal?: AbortSignal }) => Promise<Listing>;
