import assert from "node:assert/strict";
import { clockOffset } from "../../../../src/cost/reported/clockOffset.ts";
import { fateOfLogCall } from "../../../../src/cost/reported/ownCall.ts";
import { microUsd } from "../../../../src/cost/money.ts";
import type { CallRecord } from "../../../../src/cost/call.ts";
import { call, minute, t0 } from "../arbitraries.ts";
import { line } from "./lineSample.ts";

const own = call();
const completed = { ...own, logLineId: line.callId };
const silent = { reportedMicroUsd: null, executionSeconds: null, gpuType: null } as const;

function fate(one: CallRecord, calls: readonly CallRecord[], offsetMs: number | null = 0) {
  return fateOfLogCall(one, calls, offsetMs);
}

describe("a cost line that has just been read", () => {
  it("waits while a call of this editor's runs that it may belong to", () => {
    const running = call({ ...silent, status: "running", endedAtMs: null });
    assert.deepEqual(fate(line, [running]), { do: "wait" });
    assert.deepEqual(fate(line, [{ ...running, appId: null, appName: null }]), { do: "wait" });
    const others = [
      { ...running, appId: "ap-2" },
      { ...running, startedAtMs: t0 + minute },
    ];
    for (const other of others) assert.deepEqual(fate(line, [other]), { do: "write", call: line });
  });

  it("completes the call that it belongs to, once and for all", () => {
    assert.deepEqual(fate(line, [own]), { do: "complete", call: completed });
    assert.deepEqual(fate(line, [call(silent)]), { do: "complete", call: completed });
    assert.deepEqual(fate(line, [completed]), { do: "nothing" });
    const equal = { ...line, callId: "log/ap-1/2" };
    assert.deepEqual(fate(equal, [completed]), { do: "write", call: equal });
  });

  it("belongs to a call whatever else they say where Modal tells one id for both, and else to none", () => {
    const told = { ...line, functionCallId: "fc-1" };
    const odd = call({
      ...silent,
      functionCallId: "fc-1",
      appId: null,
      appName: null,
      startedAtMs: t0 - 60 * minute,
      endedAtMs: t0 - 59 * minute,
      status: "failed",
    });
    const found = fate(told, [odd]);
    assert.ok(found.do === "complete");
    assert.deepEqual([found.call.appId, found.call.reportedMicroUsd], ["ap-1", 1084]);
    assert.equal(fate(told, [call({ functionCallId: "fc-2" })]).do, "write");
    assert.equal(fate(told, [own]).do, "complete", "one of them does not tell");
  });

  it("is compared by Modal's clock", () => {
    const late = { ...line, startedAtMs: t0 + 6400, endedAtMs: t0 + 8400 };
    assert.equal(fate(late, [own], 6000).do, "complete");
    assert.equal(fate(late, [own], 0).do, "write", "another call with the same figures");
    assert.equal(fate(late, [own], null).do, "complete", "nobody compared the clocks");
    assert.equal(fate(late, [call({ clockOffsetMs: 6000 })], 0).do, "complete");
  });

  it("belongs to a call with one wrong header, and not to one on another GPU", () => {
    for (const wrong of [{ reportedMicroUsd: microUsd(9) }, { executionSeconds: 2000 }]) {
      assert.equal(fate(line, [call(wrong)]).do, "complete");
    }
    const h100 = call({ reportedMicroUsd: microUsd(2194), gpuType: "H100" });
    assert.equal(fate(line, [h100]).do, "write");
    const other = call({ reportedMicroUsd: microUsd(9), executionSeconds: 3 });
    assert.equal(fate(line, [other]).do, "write");
  });

  it("belongs to the call that tells the same in all points, before one that is merely not another", () => {
    const overpriced = call({ callId: "first", reportedMicroUsd: microUsd(9) });
    const bare = call({ ...silent, callId: "bare" });
    assert.deepEqual(fate(line, [overpriced, bare, own]), { do: "complete", call: completed });
  });

  it("is no failed call's, which printed none", () => {
    assert.equal(fate(line, [call({ ...silent, status: "failed" })]).do, "write");
  });
});

describe("the difference between the clocks", () => {
  it("is what all answers allow, finer than one of them tells", () => {
    const trueOffsetMs = 6123;
    const samples = Array.from({ length: 20 }, (_, n) => {
      const answeredAtMs = t0 + n * 7919;
      const date = Math.floor((answeredAtMs + trueOffsetMs) / 1000) * 1000;
      return date + 500 - answeredAtMs;
    });
    assert.ok(Math.abs((clockOffset(samples) ?? 0) - trueOffsetMs) < 60);
    assert.equal(clockOffset([]), null);
  });

  it("is that of the newest where the clock was set meanwhile", () => {
    assert.equal(clockOffset([6000, 6000, -600_000]), 6000);
  });
});
