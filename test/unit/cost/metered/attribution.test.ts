import assert from "node:assert/strict";
import * as fc from "fast-check";
import { attribute } from "../../../../src/cost/metered/attribution.ts";
import { priceSpans } from "../../../../src/cost/metered/pricedSpan.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { call, calls, hour, span, spans, t0 } from "../arbitraries.ts";
import type { CallRecord } from "../../../../src/cost/call.ts";
import type { ContainerSpan } from "../../../../src/cost/span.ts";

const second = 1000;

/** Each span as text: `idle 0-60, execution 60-80`, in seconds after `t0`. */
function story(list: readonly ContainerSpan[], made: readonly CallRecord[]): readonly string[] {
  const priced = priceSpans(list, rateHistory([]), t0 + 5 * hour);
  const pieces = attribute(priced, made, t0 + 5 * hour);
  return priced.map((one) =>
    (pieces.get(one) ?? [])
      .map(
        ({ activity, fromMs, toMs }) => `${activity} ${(fromMs - t0) / 1000}-${(toMs - t0) / 1000}`,
      )
      .join(", "),
  );
}

const container = span({ finishedAtMs: t0 + 300 * second });

describe("what a container was doing", () => {
  it("is idling when there is no call", () => {
    assert.deepEqual(story([container], []), ["idle 0-300"]);
  });

  it("is starting up while the first call waits, then working, then idling", () => {
    const first = call({
      startedAtMs: t0 - 2 * second,
      endedAtMs: t0 + 50 * second,
      executionSeconds: 10,
    });
    assert.deepEqual(story([container], [first]), ["coldStart 0-40, execution 40-50, idle 50-300"]);
  });

  it("is idling before a call that came later than its start", () => {
    const later = call({
      startedAtMs: t0 + 100 * second,
      endedAtMs: t0 + 110 * second,
      executionSeconds: 10,
    });
    assert.deepEqual(story([container], [later]), ["idle 0-100, execution 100-110, idle 110-300"]);
  });

  it("is working all through a request that does not tell its handler's time", () => {
    const silent = call({
      startedAtMs: t0 + 10 * second,
      endedAtMs: t0 + 20 * second,
      executionSeconds: null,
      status: "failed",
    });
    assert.deepEqual(story([container], [silent]), ["idle 0-10, execution 10-20, idle 20-300"]);
  });

  it("spreads calls at the same time over the containers that are free", () => {
    const two = [container, { ...container, containerId: "ta-2" }];
    const made = ["a", "b"].map((callId) =>
      call({
        callId,
        startedAtMs: t0 + 10 * second,
        endedAtMs: t0 + 20 * second,
        executionSeconds: 10,
      }),
    );
    const busy = "idle 0-10, execution 10-20, idle 20-300";
    assert.deepEqual(story(two, made), [busy, busy]);
  });

  it("puts a logged call into the container that its line names", () => {
    const two = [container, { ...container, containerId: "ta-2" }];
    const line = call({
      callId: "log/ap-1/ta-2/1/1",
      source: "log",
      startedAtMs: t0 + 10 * second,
      endedAtMs: t0 + 20 * second,
      executionSeconds: 10,
    });
    assert.deepEqual(story(two, [line]), [
      "idle 0-300",
      "coldStart 0-10, execution 10-20, idle 20-300",
    ]);
  });

  it("takes the time before the first log line for its start-up", () => {
    const line = call({
      source: "log",
      startedAtMs: t0 + 60 * second,
      endedAtMs: t0 + 60 * second,
      executionSeconds: 20,
    });
    assert.deepEqual(story([container], [line]), ["coldStart 0-40, execution 40-60, idle 60-300"]);
  });

  it("leaves no gap and counts nothing twice, whatever the calls", () => {
    fc.assert(
      fc.property(spans, calls, (list, made) => {
        const priced = priceSpans(list, rateHistory([]), t0 + 5 * hour);
        for (const [{ interval }, pieces] of attribute(priced, made, t0 + 5 * hour)) {
          let atMs = interval.startMs;
          for (const { fromMs, toMs } of pieces) {
            assert.equal(fromMs, atMs);
            assert.ok(toMs > fromMs);
            atMs = toMs;
          }
          assert.equal(atMs, interval.countedToMs);
        }
      }),
    );
  });
});
