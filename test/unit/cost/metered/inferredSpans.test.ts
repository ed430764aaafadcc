import assert from "node:assert/strict";
import { usd } from "../../../../src/cost/money.ts";
import { inferredSpans, unseenContainerIds } from "../../../../src/cost/metered/inferredSpans.ts";
import { LoggedContainers } from "../../../../src/cost/metered/loggedContainers.ts";
import { priceSpans } from "../../../../src/cost/metered/pricedSpan.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { costOf } from "../../../../src/cost/spending/sessionCost.ts";
import type { EndKnowledge } from "../../../../src/cost/metered/endKnowledge.ts";
import { call, hour, minute, span, t0 } from "../arbitraries.ts";

const rates = rateHistory([], { overrides: { L40S: 3.6, cpu: 1e-9, memory: 1e-9 } });
const at = (minutes: number) => t0 + minutes * minute;

function line(
  containerId: string,
  minutes: number,
  over: Partial<Parameters<typeof call>[0]> = {},
) {
  return call({
    callId: `log/ap-1/${containerId}/1/1`,
    source: "log",
    startedAtMs: at(minutes) - 10_000,
    endedAtMs: at(minutes),
    executionSeconds: 10,
    ...over,
  });
}

/** Seen at work for five minutes after a cold start of one; then the laptop slept for an hour. */
const seen = span({ finishedAtMs: at(5), lastSeenAtMs: at(5), firstAbsentAtMs: at(70) });
const firstCall = line("ta-1", 1, { startedAtMs: at(1), endedAtMs: at(1) + 10_000 });

const knowledge = (over: Partial<EndKnowledge> = {}): EndKnowledge => ({
  calls: [firstCall, line("ta-9", 30), line("ta-9", 33)],
  scaledownSecondsOf: () => 120,
  endedOnPurposeAtMsOf: () => [],
  ...over,
});

const minutesOf = (over: Partial<EndKnowledge> = {}, spans = [seen]) =>
  inferredSpans(spans, knowledge(over), rates).map(({ interval, span }) => [
    span.containerId,
    (interval.startMs - t0) / minute,
    (interval.countedToMs - t0) / minute,
  ]);

describe("containers that nobody saw", () => {
  it("are known by their log lines: a cold start before the first, a scaledown window after the last", () => {
    const [[id, from, to] = []] = minutesOf();
    assert.equal(id, "ta-9");
    assert.ok(typeof from === "number" && Math.abs(from - (30 - 10 / 60 - 1)) < 1e-6);
    assert.equal(to, 35);
  });

  it("have an error that reaches from the first to the last sign of life", () => {
    const [inferred] = inferredSpans([seen], knowledge(), rates);
    assert.equal(inferred?.interval.startErrorMs, minute);
    assert.equal(inferred?.interval.endErrorMs, 2 * minute);
    assert.equal(inferred?.span.gpu?.type, "L40S");
  });

  it("end at a stop or at a look without them, when that came first", () => {
    assert.equal(minutesOf({ endedOnPurposeAtMsOf: () => [at(34)] })[0]?.[2], 34);
    const look = { ...seen, firstAbsentAtMs: at(34) };
    assert.equal(minutesOf({}, [look])[0]?.[2], 34);
  });

  it("finish what they run when they are replaced", () => {
    const long = line("ta-9", 33, { startedAtMs: at(31), executionSeconds: 120 });
    const replaced = { calls: [firstCall, long], endedOnPurposeAtMsOf: () => [at(32)] };
    assert.equal(minutesOf(replaced)[0]?.[2], 33);
  });

  it("include one that was last seen waiting, and none that was seen running", () => {
    const pending = span({ containerId: "ta-9", startedAtMs: null, lastSeenAtMs: at(29) });
    assert.equal(minutesOf({}, [seen, pending]).length, 1);
    const running = span({ containerId: "ta-9", startedAtMs: at(29), lastSeenAtMs: at(29) });
    assert.deepEqual(minutesOf({}, [seen, running]), []);
  });

  it("are known by any other line, too", () => {
    const log = new LoggedContainers({ scope: "acme/main", appId: "ap-1", appName: "flux-api" });
    log.add({ containerId: "ta-8", atMs: at(40) });
    log.add({ containerId: "ta-8", atMs: at(41) });
    log.add({ containerId: null, atMs: at(41) });
    log.add({ containerId: "ta-7", atMs: null });
    assert.deepEqual(
      minutesOf({ logged: log.list() }).map(([id, , to]) => [id, to]),
      [
        ["ta-8", 43],
        ["ta-9", 35],
      ],
    );
    const ids = log.list().map(({ containerId }) => containerId);
    assert.deepEqual(unseenContainerIds([seen], [...ids, "ta-1", ...ids]), ["ta-8"]);
  });

  it("cost money in the session that they ran in", () => {
    const cost = costOf({
      appIds: new Set(["ap-1"]),
      fromMs: t0,
      toMs: t0 + hour,
      nowMs: t0 + 2 * hour,
      priced: [
        ...priceSpans([seen], rates, t0 + 2 * hour),
        ...inferredSpans([seen], knowledge(), rates),
      ],
      calls: [],
      billed: [],
    });
    // 5 minutes that were seen, and from 28:50 to 35:00.
    assert.equal(cost.metered?.known.microUsd, usd(0.3 + 0.37));
    assert.ok((cost.metered?.error ?? 0) >= usd(0.18));
  });
});
