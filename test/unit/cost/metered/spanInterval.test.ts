import assert from "node:assert/strict";
import * as fc from "fast-check";
import { spanInterval, freshMs } from "../../../../src/cost/metered/spanInterval.ts";
import { hour, minute, span, spans, t0 } from "../arbitraries.ts";

const second = 1000;

describe("the beginning of a span's cost", () => {
  it("is exact where a container was ready as soon as it was asked for", () => {
    const interval = spanInterval(span({ finishedAtMs: t0 + 90_123 }), t0 + hour);
    assert.deepEqual(interval, {
      startMs: t0,
      earliestStartMs: t0,
      latestStartMs: t0,
      upByMs: t0,
      endMs: t0 + 90_123,
      countedToMs: t0 + 90_123,
      earliestEndMs: t0 + 90_123,
      latestEndMs: t0 + 90_123,
    });
  });

  it("lies between being asked for and ready, a little after the former while nobody tells more", () => {
    const loaded = span({ enqueuedAtMs: t0, startedAtMs: t0 + 90 * second });
    const { startMs, earliestStartMs, latestStartMs } = spanInterval(loaded, t0 + hour);
    assert.deepEqual(
      [earliestStartMs, startMs, latestStartMs],
      [t0, t0 + 3 * second, t0 + 90 * second],
    );
  });

  it("is the startup time before ready where Modal gives that", () => {
    const queued = span({ enqueuedAtMs: t0, startedAtMs: t0 + 5 * minute });
    assert.equal(
      spanInterval(queued, t0 + hour, { startupMs: 40 * second }).startMs,
      t0 + 260 * second,
    );
    // More than there is between the two cannot be.
    assert.equal(spanInterval(queued, t0 + hour, { startupMs: hour }).startMs, t0);
  });

  it("is taken to be before the first line in the log, and may be as late as ready while no bill says more", () => {
    const loud = span({ enqueuedAtMs: t0, startedAtMs: t0 + 5 * minute });
    const interval = spanInterval(loud, t0 + hour, {
      startupMs: 20 * second,
      firstSignMs: t0 + minute,
    });
    assert.equal(interval.startMs, t0 + minute);
    assert.equal(interval.upByMs, t0 + minute);
    assert.equal(interval.latestStartMs, t0 + 5 * minute);
  });

  it("counts a container that loads, and one that never became ready", () => {
    const loading = span({ enqueuedAtMs: t0, startedAtMs: null, lastSeenAtMs: t0 + minute });
    const now = spanInterval(loading, t0 + minute);
    assert.equal(now.countedToMs - now.startMs, 60 * second);
    assert.equal(now.endMs, null);
    // It may as well have waited for a machine all the time.
    assert.equal(now.latestStartMs, t0 + minute);
    const hung = spanInterval({ ...loading, finishedAtMs: t0 + 15 * minute }, t0 + hour);
    assert.equal(hung.countedToMs - hung.startMs, 15 * minute);
  });

  it("lies after the last look without it where the CLI does not tell when it was asked for", () => {
    const seen = span({
      enqueuedAtMs: null,
      startedAtMs: t0 + 60 * second,
      absentBeforeMs: t0 + 50 * second,
    });
    const { startMs, earliestStartMs, latestStartMs } = spanInterval(seen, t0 + hour);
    assert.equal(earliestStartMs, t0 + 50 * second);
    assert.equal(startMs, t0 + 50 * second);
    assert.equal(latestStartMs, t0 + 61 * second);
  });

  it("may lie as far before its ready time as a start can take where no look came before", () => {
    const first = span({ enqueuedAtMs: null, startedAtMs: t0 + 1, absentBeforeMs: null });
    const { startMs, earliestStartMs } = spanInterval(first, t0 + hour);
    assert.equal(startMs, t0 + 1 - 20 * second);
    assert.equal(earliestStartMs, t0 + 1 - 15 * minute);
    const loading = { ...first, startedAtMs: null, firstSeenAtMs: t0 };
    const seen = spanInterval(loading, t0 + hour);
    assert.equal(seen.startMs, t0);
    assert.equal(seen.earliestStartMs, t0 - 15 * minute);
  });

  it("is up to a second later than printed where the CLI cut it to whole seconds", () => {
    const cut = span({ enqueuedAtMs: null, startedAtMs: t0, firstAbsentAtMs: t0 + 90_000 });
    const interval = spanInterval(cut, t0 + hour, { startupMs: 0 });
    assert.equal(interval.startMs, t0 + 500);
    assert.equal(interval.latestStartMs, t0 + second);
  });

  it("lies around the first sighting of one that was only seen loading, however long nobody had looked", () => {
    const loading = span({
      enqueuedAtMs: null,
      startedAtMs: null,
      absentBeforeMs: t0 - hour,
      firstSeenAtMs: t0,
      lastSeenAtMs: t0 + 10 * second,
    });
    const { startMs, earliestStartMs } = spanInterval(loading, t0 + 10 * second, {
      startupMs: 60 * second,
    });
    // It was not ready after 10 s: it began at most 50 s before it was seen.
    assert.deepEqual([startMs, earliestStartMs], [t0 - 25 * second, t0 - hour]);
  });

  it("is a startup time before the first call of one without a start", () => {
    const pending = span({ enqueuedAtMs: null, startedAtMs: null, absentBeforeMs: t0 - hour });
    const hints = { readyMs: t0 + 30 * second, startupMs: 40 * second };
    assert.equal(spanInterval(pending, t0 + minute, hints).startMs, t0 - 10 * second);
  });

  it("waits for a machine as long as others did, where there are others", () => {
    const crashed = span({ enqueuedAtMs: t0, startedAtMs: null, finishedAtMs: t0 + 10 * second });
    const seenLater = { ...crashed, firstSeenAtMs: t0 + 9 * second };
    assert.equal(spanInterval(seenLater, t0 + hour, { queueMs: 800 }).startMs, t0 + 800);
    assert.equal(spanInterval(seenLater, t0 + hour).startMs, t0 + 3000);
  });

  it("is never outside of its bounds", () => {
    const startups = fc.option(fc.nat(hour), { nil: undefined });
    fc.assert(
      fc.property(
        spans,
        startups,
        fc.integer({ min: -hour, max: 2 * hour }),
        (some, startupMs, ageMs) => {
          for (const one of some) {
            const hints = startupMs === undefined ? {} : { startupMs };
            const interval = spanInterval(one, one.lastSeenAtMs + ageMs, hints);
            assert.ok(interval.earliestStartMs <= interval.startMs);
            assert.ok(interval.startMs <= interval.latestStartMs);
            assert.ok(interval.startMs <= interval.countedToMs);
            assert.ok(interval.earliestEndMs <= interval.countedToMs);
            assert.ok(interval.countedToMs <= interval.latestEndMs);
          }
        },
      ),
    );
  });
});

describe("the cost of a sandbox that tells no times", () => {
  const made = { containerId: "sb-1", enqueuedAtMs: t0, startedAtMs: t0 };

  it("begins within two seconds of when it was made", () => {
    const { startMs, earliestStartMs, latestStartMs } = spanInterval(span(made), t0 + hour);
    assert.deepEqual([earliestStartMs, startMs, latestStartMs], [t0, t0 + second, t0 + 2 * second]);
  });

  it("ends when its time is over at the latest, however late somebody looks, unless it was there after that", () => {
    const gone = { ...made, lastSeenAtMs: t0 + minute, firstAbsentAtMs: t0 + 9 * hour };
    const asleep = spanInterval(span({ ...gone, endsByMs: t0 + 10 * minute }), t0 + 10 * hour);
    assert.equal(asleep.latestEndMs, t0 + 10 * minute + 5 * second);
    const seen = { ...gone, lastSeenAtMs: t0 + 20 * minute, endsByMs: t0 + 10 * minute };
    assert.equal(spanInterval(span(seen), t0 + 10 * hour).latestEndMs, t0 + 9 * hour);
  });
});

describe("the end of a span's cost", () => {
  it("lies in the middle between last sighting and first absence, with the bounds kept", () => {
    const bounded = span({ lastSeenAtMs: t0 + 60_000, firstAbsentAtMs: t0 + 75_000 });
    const { endMs, earliestEndMs, latestEndMs } = spanInterval(bounded, t0 + 2 * hour);
    assert.deepEqual([earliestEndMs, endMs, latestEndMs], [t0 + 60_000, t0 + 67_500, t0 + 75_000]);
  });

  it("takes the expected end where it is possible, and keeps the bounds", () => {
    const bounded = span({ lastSeenAtMs: t0 + 60_000, firstAbsentAtMs: t0 + 75_000 });
    const at = (expectedEndMs: number) => spanInterval(bounded, t0 + hour, { expectedEndMs });
    assert.equal(at(t0 + 61_000).endMs, t0 + 61_000);
    assert.equal(at(t0 + 61_000).latestEndMs, t0 + 75_000);
    assert.equal(at(t0 + 59_000).endMs, t0 + 67_500);
    assert.equal(at(t0 + 90_000).endMs, t0 + 67_500);
  });

  it("counts an open span to now while it is watched, and to the middle when nobody looks", () => {
    const open = span({ lastSeenAtMs: t0 + minute });
    assert.equal(spanInterval(open, t0 + minute + freshMs).countedToMs, t0 + minute + freshMs);
    const stale = spanInterval(open, t0 + minute + hour);
    assert.equal(stale.countedToMs, t0 + minute + hour / 2);
    assert.equal(stale.earliestEndMs, t0 + minute);
    assert.equal(stale.latestEndMs, t0 + minute + hour);
    assert.equal(stale.endMs, null);
    const warm = spanInterval(open, t0 + minute + hour, { expectedEndMs: t0 + 3 * hour });
    assert.equal(warm.countedToMs, t0 + minute + hour);
  });

  it("counts forwards only: more time never makes an open span shorter", () => {
    fc.assert(
      fc.property(
        fc.nat(10 * hour),
        fc.nat(hour),
        fc.option(fc.nat(5 * hour)),
        (now, more, end) => {
          const open = span({ lastSeenAtMs: t0 + minute });
          const hints = end === null ? {} : { expectedEndMs: t0 + end };
          const before = spanInterval(open, t0 + now, hints);
          const after = spanInterval(open, t0 + now + more, hints);
          assert.ok(after.countedToMs >= before.countedToMs);
        },
      ),
    );
  });
});
