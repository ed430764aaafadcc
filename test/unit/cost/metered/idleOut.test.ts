import assert from "node:assert/strict";
import { idleOutHints } from "../../../../src/cost/metered/idleOut.ts";
import { withSigns } from "../../../../src/cost/metered/signedKnowledge.ts";
import { spanInterval } from "../../../../src/cost/metered/spanInterval.ts";
import type { EndKnowledge } from "../../../../src/cost/metered/endKnowledge.ts";
import { call, hour, minute, span, t0 } from "../arbitraries.ts";

const nightMs = t0 + 10 * hour;
const morningMs = nightMs + 14 * hour;

/** A call in the container that ended then. */
function served(containerId: string, endedAtMs: number) {
  const callId = `log/ap-1/${containerId}/1/1`;
  const startedAtMs = endedAtMs - 10_000;
  return call({ callId, source: "log", startedAtMs, endedAtMs, executionSeconds: 10 });
}

/** One that was seen end so long after its last call. */
function ended(number: number, idleMs: number) {
  const startedAtMs = t0 + number * hour;
  const finishedAtMs = startedAtMs + minute + idleMs;
  const containerId = `ta-${number}`;
  const times = { startedAtMs, firstSeenAtMs: startedAtMs, lastSeenAtMs: finishedAtMs };
  return {
    container: span({ ...times, containerId, finishedAtMs }),
    work: served(containerId, startedAtMs + minute),
  };
}

/** There when the lid was closed, a minute after its last call, and gone in the morning. */
const overnight = span({
  containerId: "ta-night",
  startedAtMs: nightMs - 5 * minute,
  firstSeenAtMs: nightMs - 5 * minute,
  lastSeenAtMs: nightMs,
  firstAbsentAtMs: morningMs,
});
const lastCall = served("ta-night", nightMs - minute);
const usual = [1, 2, 3].map((number) => ended(number, 2 * minute));

/** How many minutes after the lid was closed it had ended at the latest. */
function latestMinutes(
  over: Partial<EndKnowledge> = {},
  others = usual,
  calls = [lastCall, ...others.map(({ work }) => work)],
): number {
  const spans = [overnight, ...others.map(({ container }) => container)];
  const knowledge = withSigns({
    calls,
    isLogRead: () => true,
    scaledownSecondsOf: () => 120,
    endedOnPurposeAtMsOf: () => [],
    ...over,
  });
  const hints = idleOutHints(spans, knowledge)(overnight);
  return (spanInterval(overnight, morningMs, hints).latestEndMs - nightMs) / minute;
}

const untilMorning = 14 * 60;

describe("a container that was gone after a night", () => {
  it("had ended by Modal's longest window after it was seen last, where its log tells of no later call", () => {
    assert.equal(latestMinutes(), 20.5);
    const later = served("ta-night", nightMs + hour);
    const calls = [later, ...usual.map(({ work }) => work)];
    assert.equal(latestMinutes({}, usual, calls), 60 + 20.5);
  });

  it("may have run until the morning where the log of the night was not read", () => {
    assert.equal(latestMinutes({ isLogRead: () => false }), untilMorning);
    const asked: number[][] = [];
    latestMinutes({
      isLogRead: (_appId, fromMs, toMs) => {
        asked.push([fromMs, toMs]);
        return true;
      },
    });
    assert.deepEqual(asked, [[nightMs, morningMs]]);
  });

  it("may have run until the morning where its app is kept warm, as its file or its others show", () => {
    assert.equal(latestMinutes({ isKeptWarm: () => true }), untilMorning);
    assert.equal(latestMinutes({}, [...usual, ended(4, 40 * minute)]), untilMorning);
    assert.equal(latestMinutes({}, usual.slice(1)), untilMorning);
  });

  it("was busy as long as any call of its app that may have run in it", () => {
    const own = (endedAtMs: number | null) => [
      call({
        appId: "ap-1",
        startedAtMs: nightMs,
        endedAtMs,
        status: endedAtMs === null ? "running" : "succeeded",
      }),
      lastCall,
      ...usual.map(({ work }) => work),
    ];
    assert.equal(latestMinutes({}, usual, own(nightMs + 2 * hour)), 120 + 20.5);
    assert.equal(latestMinutes({}, usual, own(null)), untilMorning);
  });

  it("may have run until the morning where its calls print nothing", () => {
    const calls = usual.map(({ work }) => work);
    assert.equal(latestMinutes({}, usual, calls), untilMorning);
  });
});
