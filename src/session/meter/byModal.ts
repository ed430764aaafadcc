import type { CallRecord } from "../../cost/call.ts";
import { loggedAtMs } from "../../cost/reported/logLineAssembler.ts";
import type { ContainerSpan } from "../../cost/span.ts";

/**
 * The span by Modal's clock: what Modal told is by it, what looks showed was noted by this machine's.
 * @param offsetMs Modal's clock minus this machine's
 */
export function spanByModal(span: ContainerSpan, offsetMs: number): ContainerSpan {
  if (offsetMs === 0) return span;
  const shifted = (atMs: number | null): number | null => (atMs === null ? null : atMs + offsetMs);
  return {
    ...span,
    firstSeenAtMs: span.firstSeenAtMs + offsetMs,
    lastSeenAtMs: span.lastSeenAtMs + offsetMs,
    absentBeforeMs: shifted(span.absentBeforeMs),
    firstAbsentAtMs: shifted(span.firstAbsentAtMs),
  };
}

/** What an answer's date and a log line's second, and the ways between, leave open. */
const toleranceMs = 2_000;

/**
 * The call by Modal's clock: a line of a log is by it, and a call of this editor by this machine's.
 * What the call itself tells of the clocks when it ended counts before what is known of them by now:
 * they may have been set since, or nothing else may ever have compared them.
 */
export function callByModal(call: CallRecord, offsetMs: number): CallRecord {
  const { source, startedAtMs, endedAtMs } = call;
  if (source === "log") return call;
  const ownMs = ownOffsetMs(call, offsetMs);
  if (ownMs === 0) return call;
  return {
    ...call,
    startedAtMs: startedAtMs + ownMs,
    endedAtMs: endedAtMs === null ? null : endedAtMs + ownMs,
  };
}

/** Modal's clock minus this machine's, as the call's answer told it, else as its line in the log does where the call cannot have been then. */
function ownOffsetMs(call: CallRecord, offsetMs: number): number {
  const { startedAtMs, endedAtMs, clockOffsetMs, logLineId } = call;
  if (clockOffsetMs !== null)
    return Math.abs(clockOffsetMs - offsetMs) > toleranceMs ? clockOffsetMs : offsetMs;
  const writtenMs = logLineId === null ? null : loggedAtMs(logLineId);
  if (writtenMs === null || endedAtMs === null) return offsetMs;
  // A line is written while its call is under way; its answer may take long to come.
  const isPossible =
    writtenMs >= startedAtMs + offsetMs - toleranceMs &&
    writtenMs <= endedAtMs + offsetMs + toleranceMs;
  return isPossible ? offsetMs : writtenMs - endedAtMs;
}
