import assert from "node:assert/strict";
import { usd } from "../../../../src/cost/money.ts";
import { inferredSpans, unseenContainerIds } from "../../../../src/cost/metered/inferredSpans.ts";
import { LoggedContainers } from "../../../../src/cost/metered/loggedContainers.ts";
import { endedBy, priceSpans } from "../../../../src/cost/metered/pricedSpan.ts";
import { rateHistory } from "../../../../src/cost/rates/rates.ts";
import { withSigns } from "../../../../src/cost/metered/signedKnowledge.ts";
import { unknownTerms } from "../../../../src/cost/terms.ts";
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

const knowledge = (over: Partial<EndKnowledge> = {}) =>
  withSigns({
    calls: [firstCall, line("ta-9", 30), line("ta-9", 33)],
    scaledownSecondsOf: () => 120,
    endedOnPurposeAtMsOf: () => [],
    ...over,
  });

const noHints = () => ({});

const minutesOf = (over: Partial<EndKnowledge> = {}, spans = [seen]) =>
  inferredSpans(spans, knowledge(over), noHints, rates).map(({ interval, span }) => [
    span.containerId,
    (interval.startMs - t0) / minute,
    (interval.countedToMs - t0) / minute,
  ]);

describe("containers that nobody saw", () => {
  it("are inferred from their log lines: a cold start before the first, a scaledown window after the last", () => {
    const [[id, from, to] = []] = minutesOf();
    assert.equal(id, "ta-9");
    assert.ok(typeof from === "number" && Math.abs(from - (30 - 10 / 60 - 1)) < 1e-6);
    assert.equal(to, 35);
  });

  /** From when at the earliest to when at the latest, in minutes, the first of them ran. */
  const boundsOf = (over: Partial<EndKnowledge> = {}, spans = [seen]) => {
    const all = inferredSpans(spans, knowledge(over), noHints, rates);
    const inferred = all.find(({ span }) => span.containerId === "ta-9");
    assert.ok(inferred !== undefined);
    const { earliestStartMs, latestStartMs, earliestEndMs, latestEndMs } = inferred.interval;
    assert.equal(latestStartMs, at(30) - 10_000);
    assert.equal(earliestEndMs, at(33));
    assert.equal(inferred.span.gpu?.type, "L40S");
    return [(earliestStartMs - t0) / minute, (latestEndMs - t0) / minute];
  };
  const longestStart = (at(30) - 10_000 - 15 * minute - t0) / minute;

  it("have bounds that reach from the longest start before their first to a whole window after their last sign of life", () => {
    assert.deepEqual(boundsOf(), [longestStart, 35]);
    assert.deepEqual(boundsOf({ scaledownSecondsOf: () => null }), [longestStart, 53]);
    // A look that did not show them is nearer; when Modal tells of another container is no look.
    assert.deepEqual(boundsOf({ lookedAtMs: [at(20), at(34)] }), [20, 34]);
  });

  it("have no GPU where their app's others have none and their line says so", () => {
    const sibling = { ...seen, gpu: null, gpuSource: "app" as const };
    const calls = [firstCall, line("ta-9", 30, { gpuType: "CPU" })];
    const [inferred] = inferredSpans([sibling], knowledge({ calls }), noHints, rates);
    assert.equal(inferred?.span.gpu, null);
    assert.deepEqual(inferred.prices[0].rate.gpu, { known: true, usdPerHour: 0 });
  });

  it("are not taken to have the GPU that Modal gave for another container: it may be of another function", () => {
    const silent = line("ta-9", 33, { gpuType: null });
    const gpuOf = (gpuSource: "container" | "app") =>
      inferredSpans([{ ...seen, gpuSource }], knowledge({ calls: [silent] }), noHints, rates).map(
        ({ span: { gpu, gpuSource: source } }) => [gpu?.type ?? null, source],
      );
    assert.deepEqual(gpuOf("container"), [[null, "unknown"]]);
    assert.deepEqual(gpuOf("app"), [["L40S", "app"]]);
  });

  it("are not taken to have the GPU of a sandbox, which is of no function", () => {
    const silent = line("ta-9", 33, { gpuType: null });
    const known = knowledge({ calls: [silent] });
    const cpu = { ...seen, gpu: null, gpuSource: "app" as const };
    for (const sandbox of [
      { ...cpu, terms: { ...unknownTerms, isSandbox: true } },
      { ...cpu, containerId: "sb-000000000000000000000202" },
    ]) {
      const [inferred] = inferredSpans([sandbox], known, noHints, rates);
      assert.equal(inferred?.span.gpuSource, "unknown");
    }
  });

  it("stay until another takes their place where min_containers keeps one, and may have been there between two looks", () => {
    const isKeptWarm = () => true;
    const unseenAgain = { ...seen, firstAbsentAtMs: null };
    const relayed = [firstCall, line("ta-9", 30), line("ta-9", 33), line("ta-10", 90)];
    const kept = { isKeptWarm, calls: relayed, lookedAtMs: [at(2), at(200)] };
    assert.deepEqual(boundsOf(kept, [unseenAgain]), [2, 200]);
    const relieved = minutesOf(kept, [unseenAgain]).find(([id]) => id === "ta-9");
    assert.equal(relieved?.[2], 90 - 10 / 60);
    // Nobody came, and nobody looked: as much as is known.
    assert.equal(minutesOf({ isKeptWarm }, [unseenAgain])[0]?.[2], 35);
  });

  it("can have run until now at most", () => {
    const [, inferred] = inferredSpans([], knowledge({ isKeptWarm: () => true }), noHints, rates);
    assert.ok(inferred !== undefined);
    assert.equal(inferred.interval.latestEndMs, Number.POSITIVE_INFINITY);
    assert.equal(endedBy(inferred, at(50)).interval.latestEndMs, at(50));
    assert.equal(endedBy(inferred, at(34)).interval.latestEndMs, at(35));
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

  it("began as long before their first call as the app's others mostly took to start", () => {
    const told = { usualStartupMsOf: () => 3 * minute };
    const [[, from] = []] = minutesOf(told);
    assert.ok(typeof from === "number" && Math.abs(from - (30 - 10 / 60 - 3)) < 1e-6);
  });

  it("have no window where several in a row served nothing and were followed by another: they crashed", () => {
    const logged = [0, 1, 2, 3].map((index) => ({
      containerId: `ta-${index}`,
      scope: seen.scope,
      appId: "ap-1",
      appName: "flux",
      firstLineMs: at(10) + index * 12_000,
      lastLineMs: at(10) + index * 12_000 + 5000,
    }));
    const ends = (of: Partial<EndKnowledge>) =>
      inferredSpans([], knowledge({ calls: [], ...of }), noHints, rates).map(({ interval }) =>
        Math.round((interval.countedToMs - at(10)) / 100),
      );
    // 12 s from one to the next, of which a little is the wait for a machine; the last has its window.
    assert.deepEqual(ends({ logged }), [105, 225, 345, 1610]);
    // Two in a row may have found nothing to do, and one that served a call was well.
    assert.deepEqual(ends({ logged: logged.slice(1) }), [1370, 1490, 1610]);
    const calls = logged.map(({ containerId }) => line(containerId, 10));
    assert.ok(ends({ logged, calls }).every((end) => end >= 1200));
  });

  it("include none that was seen, waiting or running", () => {
    const pending = span({ containerId: "ta-9", startedAtMs: null, lastSeenAtMs: at(29) });
    assert.deepEqual(minutesOf({}, [seen, pending]), []);
    const running = span({ containerId: "ta-9", startedAtMs: at(29), lastSeenAtMs: at(29) });
    assert.deepEqual(minutesOf({}, [seen, running]), []);
  });

  it("are inferred from any other line, too", () => {
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
        ...inferredSpans([seen], knowledge(), noHints, rates),
      ],
      calls: [],
      billed: [],
    });
    // 5 minutes that were seen, and from 28:50 to 35:00.
    assert.equal(cost.metered?.known.microUsd, usd(0.3 + 0.37));
    // At least what its lines prove: from 29:50 to 33:00.
    assert.equal(cost.metered?.bounds.low, usd(0.3 + 0.19));
    assert.ok((cost.metered?.bounds.high ?? 0) > usd(0.3 + 0.37));
  });
});
