import { idleFromMs } from "./endHints.ts";
import { longestScaledownSeconds } from "./endKnowledge.ts";
import { loggedContainerId } from "../reported/logLineAssembler.ts";
import type { HintsOf } from "./pricedSpan.ts";
import type { SignedKnowledge } from "./signedKnowledge.ts";
import type { ContainerSpan } from "../span.ts";

/** Exit handlers may hold a container for so long (the client's `_container_entrypoint.py`). */
const exitMs = 30_000;
const longestIdleMs = longestScaledownSeconds * 1000 + exitMs;
/** An end that lies between two looks further apart tells nothing. */
const exampleMs = 10 * 60_000;
/** So many of an app's containers have to have ended in time before it is taken of another one. */
const fewest = 3;

/**
 * By when a container had ended that was there before a long time without a look and gone after it. The
 * log of that time was read, and tells of no later call; no window is longer than Modal's longest; and
 * none of the app's containers of which it is known was idle for longer, as one is that is kept warm.
 * Of an app whose calls print nothing, it is not known.
 */
export function idleOutHints(spans: readonly ContainerSpan[], knowledge: SignedKnowledge): HintsOf {
  const { signs, isKeptWarm, isLogRead } = knowledge;
  const servedOf = (span: ContainerSpan) => {
    const sign = signs.get(span.containerId);
    return sign !== undefined && Number.isFinite(sign.servedMs) ? sign : undefined;
  };
  const examples = Map.groupBy(
    spans.flatMap((span) => {
      const sign = servedOf(span);
      if (sign === undefined) return [];
      const aliveMs = span.finishedAtMs ?? span.lastSeenAtMs;
      const goneMs = span.finishedAtMs ?? span.firstAbsentAtMs;
      const isOver = goneMs !== null && goneMs - aliveMs < exampleMs;
      return [{ appId: span.appId, isOver, isLong: aliveMs - sign.lastMs > longestIdleMs }];
    }),
    ({ appId }) => appId,
  );
  const unnamed = Map.groupBy(
    knowledge.calls.filter(({ callId }) => loggedContainerId(callId) === null),
    (call) => call.appId,
  );
  return (span) => {
    const { appId, finishedAtMs, firstAbsentAtMs, lastSeenAtMs } = span;
    const sign = servedOf(span);
    if (finishedAtMs !== null || firstAbsentAtMs === null || sign === undefined) return {};
    // A call of which nobody knows the container may have been in this one.
    const callsMs = (unnamed.get(appId) ?? []).map(idleFromMs);
    const busyMs = Math.max(
      sign.lastMs,
      lastSeenAtMs,
      ...callsMs.filter((atMs) => atMs < Infinity),
    );
    if (callsMs.includes(Infinity)) return {};
    const idleOutMs = busyMs + longestIdleMs;
    if (idleOutMs >= firstAbsentAtMs || isKeptWarm?.(span) === true) return {};
    const ofApp = examples.get(appId) ?? [];
    if (ofApp.filter(({ isOver }) => isOver).length < fewest) return {};
    if (ofApp.some(({ isLong }) => isLong)) return {};
    const isKnown = isLogRead?.(appId, Math.max(sign.lastMs, lastSeenAtMs), firstAbsentAtMs);
    return isKnown === true ? { idleOutMs } : {};
  };
}
