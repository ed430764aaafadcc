import type { CallRecord } from "../../cost/call.ts";
import type {
  CallQuery,
  LeaseHolder,
  Ledger,
  TimeRange,
  WindowRecord,
} from "../../session/ledgerPort.ts";
import type { SavedBillingRow } from "../../session/modalControl.ts";
import type { StopReceipt } from "../../session/receipt.ts";
import type { SessionRecord } from "../../session/session.ts";
import { billKey, isWithin, mergeSplit } from "../tables/billedTable.ts";
import { mergeBilled, withdrawn } from "../tables/mergeBilled.ts";
import { isOf } from "../tables/scopes.ts";
import { roundedCall } from "../tables/callTable.ts";
import { maybeWholeMs, wholeMs } from "../tables/column.ts";
import { mergeCall } from "../tables/mergeCall.ts";
import { mergeRates, type SavedRates } from "../tables/mergeRates.ts";
import { mergeSession, roundedSession } from "../tables/sessionTable.ts";
import type { BaseLedger } from "./baseLedger.ts";
import type { PendingWrites } from "./pendingWrites.ts";
import { betterReceipt } from "./write.ts";

/*
 * What a reader of the ledger would see if the pending writes were in the file. One function for each
 * noun: it asks `base` (the file) and adds what waits. The test compares each with the file as it is
 * after the writes were done.
 */

export function seenCalls(
  pending: PendingWrites,
  base: BaseLedger,
  query: CallQuery,
): readonly CallRecord[] {
  const waiting = pending.of("upsertCall");
  if (waiting.length === 0) return base.calls(query);
  const { limit = -1 } = query;
  // One that waits may take a row of the answer away: then the next one moves up.
  const saved = base.calls(limit < 0 ? query : { ...query, limit: limit + waiting.length });
  const all = new Map(saved.map((call) => [call.callId, call]));
  for (const [, call] of waiting) {
    const next = roundedCall(call);
    const before = all.get(call.callId) ?? base.calls({ callId: call.callId })[0];
    all.set(call.callId, before === undefined ? next : mergeCall(before, next));
  }
  const found = [...all.values()]
    .filter((call) => matches(call, query))
    .toSorted((a, b) => b.startedAtMs - a.startedAtMs || (a.callId < b.callId ? 1 : -1));
  return limit < 0 ? found : found.slice(0, limit);
}

function matches(call: CallRecord, query: CallQuery): boolean {
  return (
    call.startedAtMs >= (query.fromMs ?? -Infinity) &&
    call.startedAtMs < (query.toMs ?? Infinity) &&
    [
      [query.callId, call.callId],
      [query.source, call.source],
      [query.scope, call.scope],
      [query.sessionId, call.sessionId],
      [query.endpoint, call.endpoint],
      [query.status, call.status],
    ].every(([wanted, is]) => wanted === undefined || wanted === is)
  );
}

export function seenSessions(
  pending: PendingWrites,
  base: BaseLedger,
  query: Parameters<Ledger["sessions"]>[0],
): readonly SessionRecord[] {
  const waiting = pending.of("upsertSession");
  if (waiting.length === 0) return base.sessions(query);
  const all = new Map(base.sessions({}).map((session) => [session.sessionId, session]));
  for (const [, next] of waiting) {
    const saved = all.get(next.sessionId);
    all.set(next.sessionId, roundedSession(saved === undefined ? next : mergeSession(saved, next)));
  }
  const { scope, fromMs = -Infinity, toMs = Infinity } = query;
  return [...all.values()]
    .filter((session) => scope === undefined || session.scope === scope)
    .filter(
      ({ startedAtMs, endedAtMs }) =>
        startedAtMs < toMs && (endedAtMs === null || endedAtMs > fromMs || startedAtMs >= fromMs),
    )
    .toSorted((a, b) => b.startedAtMs - a.startedAtMs || (a.sessionId < b.sessionId ? 1 : -1));
}

export function seenReceipts(
  pending: PendingWrites,
  base: BaseLedger,
  query: Parameters<Ledger["receipts"]>[0],
): readonly StopReceipt[] {
  const waiting = pending.of("recordReceipt");
  if (waiting.length === 0) return base.receipts(query);
  const all = new Map(base.receipts({}).map((receipt) => [receipt.receiptId, receipt]));
  for (const [, next] of waiting) {
    const better = betterReceipt(all.get(next.receiptId), next);
    all.set(next.receiptId, { ...better, atMs: wholeMs(better.atMs) });
  }
  const { scope, fromMs = -Infinity, toMs = Infinity } = query;
  return [...all.values()]
    .filter((receipt) => scope === undefined || receipt.scope === scope)
    .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
    .toSorted((a, b) => b.atMs - a.atMs || (a.receiptId < b.receiptId ? 1 : -1));
}

export function seenBilled(
  pending: PendingWrites,
  base: BaseLedger,
  query: { readonly scope?: string } & TimeRange,
): readonly SavedBillingRow[] {
  const waiting = pending.of("upsertBilled");
  if (waiting.length === 0) return base.billed(query);
  const all = new Map(base.billed(query).map((row) => [billKey(row), row]));
  for (const [, scope, rows, fetched, covers] of waiting) {
    // A row does not say its scope: asked for all of them, it is told when it is in the file.
    if (scope !== query.scope) continue;
    const reportRows = new Map([...mergeSplit(rows)].map((row) => [billKey(row), row]));
    if (covers !== undefined)
      for (const [key, saved] of all) {
        if (reportRows.has(key) || !isWithin(saved, covers)) continue;
        const left = withdrawn(saved, fetched);
        if (left === undefined) all.delete(key);
        else all.set(key, left);
      }
    for (const [key, row] of reportRows)
      if (isWithin(row, query)) all.set(key, mergeBilled(all.get(key), row, fetched));
  }
  return [...all.values()].toSorted(
    (a, b) => a.intervalStartMs - b.intervalStartMs || (billKey(a) < billKey(b) ? -1 : 1),
  );
}

export function seenScopes(
  pending: PendingWrites,
  base: BaseLedger,
  query: { readonly workspace: string } & TimeRange,
): readonly string[] {
  const looked = pending.of("recordListing").map(([, { scope }]) => scope);
  const billed = pending
    .of("upsertBilled")
    .flatMap(([, scope, rows]) => (rows.some((row) => isWithin(row, query)) ? [scope] : []));
  const waiting = [...looked, ...billed].filter((scope) => isOf(query.workspace, scope));
  return [...new Set([...base.scopes(query), ...waiting])].toSorted();
}

export function seenRates(
  pending: PendingWrites,
  base: BaseLedger,
  scope: string,
): readonly SavedRates[] {
  let all: readonly SavedRates[] = base.rateHistory(scope);
  for (const [, of, rates, atMs, options] of pending.of("saveRates"))
    if (of === scope) all = mergeRates(all, rates, atMs, options?.areNewest === true);
  return all;
}

export function seenLease(
  pending: PendingWrites,
  base: BaseLedger,
  name: string,
  nowMs: number,
): LeaseHolder | undefined {
  let held = base.leaseHolder(name, nowMs);
  for (const write of pending.of("acquireLease", "releaseLease")) {
    if (write[1] !== name) continue;
    if (write[0] === "releaseLease") {
      if (held?.holder === write[2]) held = undefined;
      continue;
    }
    const [, , holder, pid, sinceMs, ttlMs] = write;
    const expiresAtMs = Math.min(sinceMs, nowMs) + ttlMs;
    const token = (held?.token ?? 0) + (held?.holder === holder ? 0 : 1);
    if ((held === undefined || held.holder === holder) && nowMs < expiresAtMs)
      held = { holder, pid, expiresAtMs, token };
  }
  return held;
}

export function seenWindows(pending: PendingWrites, base: BaseLedger): readonly WindowRecord[] {
  const all = new Map(base.windows().map((window) => [window.windowId, window]));
  for (const write of pending.of("beatWindow", "closeWindow", "forgetWindow")) {
    if (write[0] === "beatWindow") all.set(write[1].windowId, roundedWindow(write[1]));
    else if (write[0] === "forgetWindow") all.delete(write[1]);
    else {
      const saved = all.get(write[1]);
      if (saved !== undefined && saved.closedAtMs === null)
        all.set(saved.windowId, { ...saved, closedAtMs: wholeMs(write[2]) });
    }
  }
  return [...all.values()].toSorted(
    (a, b) => a.openedAtMs - b.openedAtMs || (a.windowId < b.windowId ? -1 : 1),
  );
}

function roundedWindow(window: WindowRecord): WindowRecord {
  return {
    ...window,
    openedAtMs: wholeMs(window.openedAtMs),
    beatAtMs: wholeMs(window.beatAtMs),
    closedAtMs: maybeWholeMs(window.closedAtMs),
  };
}

export function seenClaim(pending: PendingWrites, base: BaseLedger, key: string): boolean {
  return pending.of("claimOnce").some(([, claimed]) => claimed === key) || base.wasClaimed(key);
}

export function seenMemory(
  pending: PendingWrites,
  base: BaseLedger,
  key: string,
): string | undefined {
  const waiting = pending.of("remember").findLast(([, remembered]) => remembered === key);
  return waiting === undefined ? base.remembered(key) : waiting[2];
}
