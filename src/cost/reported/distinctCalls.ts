import type { CallRecord } from "../call.ts";

/** A handler prints its line before the response is on its way back; clocks differ by a little. */
const slackMs = 5000;
const nearMs = 500;

/**
 * The calls without the log lines of calls that this editor made itself: those are in the ledger
 * twice, once with their headers and once with their `💰` line, and cost money once. Where the
 * headers were lost on the way, the line's figures take their place.
 */
export function distinctCalls(calls: readonly CallRecord[]): readonly CallRecord[] {
  const known = distinctOf.get(calls);
  if (known !== undefined) return known;
  const distinct = distinctFrom(calls);
  distinctOf.set(calls, distinct);
  return distinct;
}

/** Several questions are asked about one reading of the ledger. */
const distinctOf = new WeakMap<readonly CallRecord[], readonly CallRecord[]>();

function distinctFrom(calls: readonly CallRecord[]): readonly CallRecord[] {
  const editor = calls.filter((call) => call.source === "editor");
  const logged = calls.filter((call) => call.source === "log");
  const editorByApp = Map.groupBy(editor, (call) => call.appId);
  const taken = new Map<string, CallRecord>();
  const others: CallRecord[] = [];
  for (const [appId, lines] of Map.groupBy(logged, (call) => call.appId)) {
    others.push(...pair(lines, editorByApp.get(appId) ?? [], taken));
  }
  return [...editor.map((call) => taken.get(call.callId) ?? call), ...others].toSorted(
    (a, b) => a.startedAtMs - b.startedAtMs || (a.callId < b.callId ? -1 : 1),
  );
}

/** Pairs one app's lines with its calls, oldest first, and returns the lines that are calls of their own. */
function pair(
  lines: readonly CallRecord[],
  editor: readonly CallRecord[],
  taken: Map<string, CallRecord>,
): readonly CallRecord[] {
  const waiting = editor.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  // Only calls that may still be answered by a line of this moment are compared with it.
  let open: CallRecord[] = [];
  let next = 0;
  const others: CallRecord[] = [];
  for (const line of lines.toSorted((a, b) => writtenAtMs(a) - writtenAtMs(b))) {
    const atMs = writtenAtMs(line);
    for (let call = waiting[next]; call !== undefined; call = waiting[next]) {
      if (call.startedAtMs - slackMs > atMs) break;
      open.push(call);
      next += 1;
    }
    open = open.filter(
      (call) => !taken.has(call.callId) && (call.endedAtMs ?? atMs) + slackMs >= atMs,
    );
    const own = ownCallOf(line, open);
    if (own === undefined) others.push(line);
    else taken.set(own.callId, completed(own, line));
  }
  return others;
}

function writtenAtMs(line: CallRecord): number {
  return line.endedAtMs ?? line.startedAtMs;
}

/** What to do with a cost line now: wait while it may belong to a running call of this editor's, fold it into one, or write it. */
export type LogCallFate =
  | { readonly do: "wait" }
  | { readonly do: "complete"; readonly call: CallRecord }
  | { readonly do: "write"; readonly call: CallRecord };

/** Decides on one log call, given this machine's editor calls around its time. Ask again while it says "wait". */
export function fateOfLogCall(log: CallRecord, editorCalls: readonly CallRecord[]): LogCallFate {
  const own = editorCalls.filter(
    (call) => call.source === "editor" && call.appId === log.appId && call.appId !== null,
  );
  const ended = own.filter(({ status }) => status !== "running");
  const same = ownCallOf(log, ended);
  const isOpen = own.some(
    (call) => call.status === "running" && call.startedAtMs <= (log.endedAtMs ?? 0) + slackMs,
  );
  // The running call may fit better than one that merely does not contradict the line.
  if (isOpen && (same === undefined || !isDuring(log, same) || !isExact(log, same))) {
    return { do: "wait" };
  }
  return same === undefined
    ? { do: "write", call: log }
    : { do: "complete", call: completed(same, log) };
}

function isSameCall(log: CallRecord, editor: CallRecord): boolean {
  const atMs = writtenAtMs(log);
  const endMs = editor.endedAtMs ?? Number.POSITIVE_INFINITY;
  if (atMs < editor.startedAtMs - slackMs || atMs > endMs + slackMs) return false;
  return agrees(log, editor);
}

/**
 * Both tell of the same measurement, the line's time with two decimals. A header that is missing
 * contradicts nothing, and one that is wrong (a former price, a time in other units) does not make
 * it another call while the other one agrees.
 */
function agrees(log: CallRecord, editor: CallRecord): boolean {
  const same = [isSameCost(log, editor), isSameTime(log, editor)].filter((one) => one !== null);
  return same.length === 0 || same.includes(true);
}

/** null: one of them does not tell. */
function isSameCost(log: CallRecord, editor: CallRecord): boolean | null {
  if (log.reportedMicroUsd === null || editor.reportedMicroUsd === null) return null;
  return log.reportedMicroUsd === editor.reportedMicroUsd;
}

function isSameTime(log: CallRecord, editor: CallRecord): boolean | null {
  if (log.executionSeconds === null || editor.executionSeconds === null) return null;
  return Math.abs(log.executionSeconds - editor.executionSeconds) <= 0.011;
}

/**
 * Of the calls that agree with the line: one during which it was written, then one that tells the
 * same in all points, then the one that ended next to it.
 */
function ownCallOf(log: CallRecord, calls: readonly CallRecord[]): CallRecord | undefined {
  const atMs = writtenAtMs(log);
  const offMs = (call: CallRecord): number => Math.abs((call.endedAtMs ?? atMs) - atMs);
  const rank = (call: CallRecord): number =>
    (isDuring(log, call) ? 0 : 2) + (isExact(log, call) ? 0 : 1);
  return calls
    .filter((call) => isSameCall(log, call))
    .toSorted((a, b) => rank(a) - rank(b) || offMs(a) - offMs(b))[0];
}

/** Without a difference between the clocks worth speaking of, a call's line is written while it runs. */
function isDuring(log: CallRecord, { startedAtMs, endedAtMs }: CallRecord): boolean {
  const atMs = writtenAtMs(log);
  return atMs >= startedAtMs && atMs <= (endedAtMs ?? atMs) + nearMs;
}

function isExact(log: CallRecord, editor: CallRecord): boolean {
  return isSameCost(log, editor) === true && isSameTime(log, editor) === true;
}

function completed(editor: CallRecord, log: CallRecord): CallRecord {
  return {
    ...editor,
    reportedMicroUsd: editor.reportedMicroUsd ?? log.reportedMicroUsd,
    executionSeconds: editor.executionSeconds ?? log.executionSeconds,
    gpuType: editor.gpuType ?? log.gpuType,
  };
}
