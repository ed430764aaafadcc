import assert from "node:assert/strict";
import { endHints } from "../../../../src/cost/metered/endHints.ts";
import type { EndKnowledge } from "../../../../src/cost/metered/endKnowledge.ts";
import { withSigns } from "../../../../src/cost/metered/signedKnowledge.ts";
import { spanInterval } from "../../../../src/cost/metered/spanInterval.ts";
import type { ContainerSpan } from "../../../../src/cost/span.ts";
import { call, hour, minute, span, t0 } from "../arbitraries.ts";

/** Last seen 10 minutes after the start; the laptop slept until an hour after it. */
const slept = span({ lastSeenAtMs: t0 + 10 * minute, firstAbsentAtMs: t0 + hour });

const nothing: EndKnowledge = {
  calls: [],
  scaledownSecondsOf: () => 600,
  endedOnPurposeAtMsOf: () => [],
};

function endOf(
  one: ContainerSpan,
  over: Partial<EndKnowledge>,
  others: readonly ContainerSpan[] = [],
): number | undefined {
  const hints = endHints([one, ...others], withSigns({ ...nothing, ...over }))(one);
  const interval = spanInterval(one, t0 + 2 * hour, hints);
  return interval === undefined ? undefined : (interval.countedToMs - t0) / minute;
}

const at = (minutes: number) => t0 + minutes * minute;
const lineAt = (minutes: number, containerId = "ta-1") =>
  call({
    callId: `log/ap-1/${containerId}/1/1`,
    source: "log",
    startedAtMs: at(minutes) - 2000,
    endedAtMs: at(minutes),
  });

describe("the probable end of a container that nobody saw end", () => {
  it("is a scaledown window after its last call", () => {
    assert.equal(endOf(slept, { calls: [lineAt(8), lineAt(12)] }), 22);
    const own = call({ startedAtMs: at(11), endedAtMs: at(15) });
    assert.equal(endOf(slept, { calls: [own] }), 25);
  });

  it("is not moved by a call in another container, nor by another app's", () => {
    assert.equal(endOf(slept, { calls: [lineAt(8), lineAt(30, "ta-2")] }), 18);
    assert.equal(
      endOf(slept, { calls: [lineAt(8), { ...lineAt(30, "ta-5"), appId: "ap-2" }] }),
      18,
    );
  });

  it("is at the stop, when one came first", () => {
    const stop = { endedOnPurposeAtMsOf: () => [at(5), at(20), at(40)] };
    assert.equal(endOf(slept, { calls: [lineAt(12)], ...stop }), 20);
  });

  it("is the end of the call that a deploy fell into: the old container finishes it", () => {
    const long = { ...lineAt(30), startedAtMs: at(26) };
    assert.equal(endOf(slept, { calls: [long], endedOnPurposeAtMsOf: () => [at(28)] }), 30);
  });

  it("is at the stop for an app that is kept warm, however long after its last call", () => {
    const kept = { isKeptWarm: () => true, endedOnPurposeAtMsOf: () => [at(40)] };
    assert.equal(endOf(slept, { calls: [lineAt(12)], ...kept }), 40);
  });

  it("is, of the last container that min_containers keeps, when another took its place", () => {
    const kept = { isKeptWarm: () => true };
    const next = span({ containerId: "ta-2", startedAtMs: at(45), lastSeenAtMs: at(70) });
    assert.equal(endOf(slept, kept, [next]), 45);
    // Its own last call, and a window after it, say nothing: it is kept beyond that.
    assert.equal(endOf(slept, { ...kept, calls: [lineAt(12)] }, [next]), 45);
    assert.equal(endOf(slept, { ...kept, calls: [lineAt(12)] }, [{ ...next, appId: "ap-2" }]), 60);
    assert.equal(endOf(slept, { calls: [lineAt(12)] }, [next]), 22, "another app keeps none");
  });

  it("is a scaledown window after its last call where min_containers keeps another one", () => {
    const kept = { isKeptWarm: () => true };
    const other = span({ containerId: "ta-2", startedAtMs: at(5), lastSeenAtMs: at(70) });
    assert.equal(endOf(slept, { ...kept, calls: [lineAt(12)] }, [other]), 22);
    // One that only the log names was there, too.
    const logged = [lineAt(12), lineAt(15, "ta-3"), lineAt(33, "ta-3")];
    assert.equal(endOf(slept, { ...kept, calls: logged }), 22);
  });

  it("is at most a window after the last sighting when nothing explains it", () => {
    const seenLate = { ...slept, lastSeenAtMs: at(30) };
    assert.equal(endOf(seenLate, {}), 40);
    assert.equal(endOf({ ...seenLate, firstAbsentAtMs: at(31) }, {}), 30.5);
    // Nobody told the window: then it is Modal's own, of a minute.
    assert.equal(endOf(seenLate, { scaledownSecondsOf: () => null }), 31);
  });

  it("is not there while a call runs", () => {
    const open = span({ lastSeenAtMs: at(10) });
    const running = call({ status: "running", startedAtMs: at(9), endedAtMs: null });
    assert.equal(endOf(open, { calls: [running] }), 120);
  });

  it("never contradicts what Modal or a listing said", () => {
    assert.deepEqual(endHints([], withSigns(nothing))(span({ finishedAtMs: at(3) })), {});
    // Seen while it loaded, and then not for an hour: it loads, and idles for its window.
    const loading = { ...slept, startedAtMs: null, lastSeenAtMs: t0 };
    assert.equal(endOf(loading, {}), 10 + 1 / 3);
    assert.equal(endOf(slept, { calls: [lineAt(70)] }), 60, "gone at the look of an hour");
  });
});
