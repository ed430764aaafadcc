import type { CallRecord } from "../call.ts";

/**
 * Each call once. A cost line that is a call's own was decided when it was read (ownCall.ts) and is
 * no row; where one became a row before its call was known by Modal's id, it is left out here.
 */
export function distinctCalls(calls: readonly CallRecord[]): readonly CallRecord[] {
  const cached = distinctOf.get(calls);
  if (cached !== undefined) return cached;
  const distinct = distinctFrom(calls);
  distinctOf.set(calls, distinct);
  return distinct;
}

/** Several questions are asked about one reading of the ledger. */
const distinctOf = new WeakMap<readonly CallRecord[], readonly CallRecord[]>();

function distinctFrom(calls: readonly CallRecord[]): readonly CallRecord[] {
  const editorCalls = calls.filter(({ source }) => source === "editor");
  const lineIds = new Set(editorCalls.flatMap(({ logLineId }) => logLineId ?? []));
  const callIds = new Set(editorCalls.flatMap(({ functionCallId }) => functionCallId ?? []));
  const others = calls.filter(
    ({ source, callId, functionCallId }) =>
      source === "log" &&
      !lineIds.has(callId) &&
      !(functionCallId !== null && callIds.has(functionCallId)),
  );
  return [...editorCalls, ...others].toSorted(
    (a, b) => a.startedAtMs - b.startedAtMs || (a.callId < b.callId ? -1 : 1),
  );
}
