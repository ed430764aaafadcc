import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { CallRecord, CallStatus } from "../../../../src/cost/call.ts";
import { microUsd } from "../../../../src/cost/money.ts";
import type { OpenedLedger } from "../../../../src/ledger/openLedger.ts";
import { call, mondayMs, inTwoWindows } from "../temporaryLedger.ts";

const ended = new Set<CallStatus>(["succeeded", "failed", "cancelled"]);

describe("calls of the ledger", () => {
  let a: OpenedLedger["ledger"];
  let b: OpenedLedger["ledger"];
  inTwoWindows((first, second) => ([a, b] = [first, second]));

  const stored = (callId: string): CallRecord | undefined =>
    b.calls({}).find((each) => each.callId === callId);

  it("gives a call back as it was written", () => {
    const whole = call({
      callId: "whole",
      sessionId: "session-1",
      endedAtMs: mondayMs + 4000,
      status: "succeeded",
      reportedMicroUsd: microUsd(1388),
      executionSeconds: 2.001,
      gpuType: "L40S",
      audit: ["rate-differs"],
      resultPath: "/project/out/1.png",
      inputJson: '{"prompt":"a \\"fox\\""}',
    });
    a.upsertCall(whole);
    const before = [a.changeCounter(), b.changeCounter()];
    a.upsertCall(whole);
    assert.deepEqual([a.changeCounter(), b.changeCounter()], before);
    assert.deepEqual(stored("whole"), whole);
  });

  it("keeps a reported cost and an end when a window that knows less writes late", () => {
    const running = call({ callId: "late", handoverUrl: "https://acme--flux.modal.run/?h=1" });
    const done = call({
      callId: "late",
      status: "succeeded",
      endedAtMs: mondayMs + 9000,
      reportedMicroUsd: microUsd(5000),
    });
    a.upsertCall(running);
    a.upsertCall(done);
    b.upsertCall(running);
    b.upsertCall({ ...running, status: "abandoned" });
    assert.deepEqual(stored("late"), done);
    b.upsertCall({ ...done, reportedMicroUsd: null });
    assert.deepEqual(stored("late"), done);
  });

  it("lets an abandoned call be taken up and end", () => {
    a.upsertCall(call({ callId: "resumed", handoverUrl: "https://acme--flux.modal.run/?h=2" }));
    b.upsertCall(call({ callId: "resumed", status: "abandoned" }));
    assert.equal(stored("resumed")?.handoverUrl, "https://acme--flux.modal.run/?h=2");
    b.upsertCall(call({ callId: "resumed", status: "succeeded", endedAtMs: mondayMs + 1 }));
    assert.equal(stored("resumed")?.status, "succeeded");
    assert.equal(stored("resumed")?.handoverUrl, null);
  });

  it("takes a correction of the reported cost, in the call and in the sums", () => {
    const query = { fromMs: mondayMs, toMs: mondayMs + 1, scope: "corrected", timeZone: "UTC" };
    const done = call({
      callId: "corrected",
      scope: "corrected",
      status: "succeeded",
      reportedMicroUsd: microUsd(9000),
    });
    a.upsertCall(done);
    b.upsertCall({ ...done, reportedMicroUsd: microUsd(1000), appName: "wan2-api" });
    assert.deepEqual(
      b.summary(query).map((row) => [row.appName, row.calls, row.reportedMicroUsd]),
      [["wan2-api", 1, 1000]],
    );
  });

  it("answers with those that began before the range and ran on into it, where that is asked for", () => {
    const scope = "ongoing";
    const hour = 3_600_000;
    const began = (callId: string, hours: number, more: Partial<CallRecord>): void =>
      a.upsertCall(call({ callId, scope, startedAtMs: mondayMs - hours * hour, ...more }));
    began("over", 5, { endedAtMs: mondayMs - hour, status: "succeeded" });
    began("into", 5, { endedAtMs: mondayMs + 1, status: "succeeded" });
    began("running", 5, {});
    began("abandoned", 5, { status: "abandoned" });
    began("forgotten", 30, {});
    began("within", 0, {});
    const ids = (isOngoingToo: boolean): readonly string[] =>
      b
        .calls({ scope, fromMs: mondayMs, toMs: mondayMs + hour, isOngoingToo })
        .map(({ callId }) => callId);
    assert.deepEqual(ids(true).toSorted(), ["into", "running", "within"]);
    assert.deepEqual(ids(false), ["within"]);
  });

  it("answers by range, session, endpoint, status, and at most so many, newest first", () => {
    const own = (callId: string, fields: Partial<CallRecord>): void =>
      a.upsertCall(call({ callId, scope: "query", ...fields }));
    own("q1", { startedAtMs: 1000, sessionId: "s1" });
    own("q2", { startedAtMs: 2000, sessionId: "s1", endpoint: "wan2", status: "failed" });
    own("q3", { startedAtMs: 3000, sessionId: "s2", source: "log" });
    const ids = (query: Parameters<typeof a.calls>[0]): readonly string[] =>
      a.calls({ scope: "query", ...query }).map(({ callId }) => callId);
    assert.deepEqual(ids({}), ["q3", "q2", "q1"]);
    assert.deepEqual(ids({ fromMs: 2000, toMs: 3000 }), ["q2"]);
    assert.deepEqual(ids({ sessionId: "s1" }), ["q2", "q1"]);
    assert.deepEqual(ids({ endpoint: "wan2" }), ["q2"]);
    assert.deepEqual(ids({ status: "running" }), ["q3", "q1"]);
    assert.deepEqual(ids({ source: "editor" }), ["q2", "q1"]);
    assert.deepEqual(ids({ callId: "q2" }), ["q2"]);
    assert.deepEqual(ids({ limit: 1 }), ["q3"]);
  });

  it("ends with one row, whatever the order in which windows tell parts of one truth", () => {
    let run = 0;
    fc.assert(
      fc.property(
        partsArbitrary,
        fc.array(fc.nat(), { minLength: 30, maxLength: 30 }),
        ({ truth, parts }, numbers) => {
          run += 1;
          const callId = `parts-${run}`;
          let drawn = 0;
          const draw = (): number => numbers[(drawn += 1) % numbers.length] ?? 0;
          const shuffled = parts
            .map((part) => ({ part, key: draw() }))
            .toSorted((x, y) => x.key - y.key);
          for (const { part, key } of shuffled)
            (key % 2 === 0 ? a : b).upsertCall({ ...part, callId });
          assert.deepEqual(
            a.calls({ sessionId: "parts", limit: run }).find((each) => each.callId === callId),
            { ...truth, callId },
          );
        },
      ),
      { numRuns: 80 },
    );
  });

  it("never loses a cost nor an end, and its sums stay those of its rows, whatever is written", () => {
    let run = 0;
    fc.assert(
      fc.property(fc.array(writeArbitrary, { minLength: 1, maxLength: 12 }), (writes) => {
        run += 1;
        const own = `any-${run}`;
        const known = new Map<string, CallRecord>();
        writes.forEach((write, index) => {
          const callId = `${own}-${write.callId}`;
          (index % 2 === 0 ? a : b).upsertCall({ ...write, callId, scope: own });
          for (const row of b.calls({ scope: own })) {
            const before = known.get(row.callId);
            if (before !== undefined && before.reportedMicroUsd !== null)
              assert.notEqual(row.reportedMicroUsd, null);
            if (before !== undefined && ended.has(before.status)) assert.ok(ended.has(row.status));
            known.set(row.callId, row);
          }
        });
        const sums = a
          .summary({ fromMs: 0, toMs: mondayMs * 2, scope: own, timeZone: "UTC" })
          .reduce(
            (sum, row) => ({
              calls: sum.calls + row.calls,
              unknown: sum.unknown + row.unknownCalls,
              usd: sum.usd + row.reportedMicroUsd,
            }),
            { calls: 0, unknown: 0, usd: 0 },
          );
        const rows = [...known.values()];
        assert.deepEqual(sums, {
          calls: rows.length,
          unknown: rows.filter((row) => row.reportedMicroUsd === null).length,
          usd: rows.reduce((sum, row) => sum + (row.reportedMicroUsd ?? 0), 0),
        });
      }),
      { numRuns: 60 },
    );
  });

  it("reads the calls of a query again only when one has changed, whoever changed it", () => {
    const query = { fromMs: mondayMs - 1, toMs: mondayMs + 1 };
    a.upsertCall(call({ callId: "kept", startedAtMs: mondayMs }));
    const first = b.calls(query);
    a.remember("something else", "1");
    assert.equal(b.calls(query), first, "the same rows, not read again");
    for (const [by, resultPath] of [[a, "/out/1.png"] as const, [b, "/out/2.png"] as const]) {
      by.upsertCall(call({ callId: "kept", startedAtMs: mondayMs, resultPath }));
      const again = b.calls(query).find(({ callId }) => callId === "kept");
      assert.equal(again?.resultPath, resultPath);
    }
    const old = call({ callId: "old", status: "succeeded", startedAtMs: 0, endedAtMs: 1 });
    a.upsertCall(old);
    const past = { fromMs: 0, toMs: 1 };
    assert.equal(b.calls(past).length, 1);
    a.prune(900_000);
    assert.equal(b.calls(past).length, 0);
  });
});

const money = fc.integer({ min: 0, max: 9_000_000 }).map(microUsd);

/** A call that ended, and what single writes told of it on the way; at least one told each thing. */
const partsArbitrary = fc
  .record({
    reportedMicroUsd: fc.option(money, { nil: null }),
    executionSeconds: fc.option(fc.integer({ min: 1, max: 600 }), { nil: null }),
    gpuType: fc.option(fc.constantFrom("L40S", "H100"), { nil: null }),
    resultPath: fc.option(fc.constant("/project/out/1.png"), { nil: null }),
    status: fc.constantFrom("succeeded" as const, "failed" as const),
    early: fc.array(
      fc.record({
        status: fc.constantFrom("running" as const, "abandoned" as const),
        handoverUrl: fc.option(fc.constant("https://acme--flux.modal.run/?h=3"), { nil: null }),
      }),
      { maxLength: 4 },
    ),
    late: fc.array(fc.record({ hides: fc.boolean() }), { maxLength: 3 }),
  })
  .map(({ early, late, ...fields }) => {
    const truth = call({ sessionId: "parts", endedAtMs: mondayMs + 5000, ...fields });
    const parts = [
      truth,
      ...early.map((each) => call({ sessionId: "parts", ...each })),
      ...late.map(({ hides }) =>
        hides ? { ...truth, reportedMicroUsd: null, resultPath: null, endedAtMs: null } : truth,
      ),
    ];
    return { truth, parts };
  });

const writeArbitrary: fc.Arbitrary<CallRecord> = fc
  .record({
    callId: fc.constantFrom("1", "2", "3"),
    startedAtMs: fc.integer({ min: 0, max: 4 }).map((quarter) => mondayMs + quarter * 900_000),
    status: fc.constantFrom(
      "running" as const,
      "abandoned" as const,
      "succeeded" as const,
      "failed" as const,
      "cancelled" as const,
    ),
    appName: fc.option(fc.constantFrom("flux-api", "wan2-api"), { nil: null }),
    endpoint: fc.option(fc.constantFrom("flux", "wan2"), { nil: null }),
    reportedMicroUsd: fc.option(money, { nil: null }),
  })
  .map(call);
