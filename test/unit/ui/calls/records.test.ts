import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { CallRecord } from "../../../../src/cost/call.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { estimateCall } from "../../../../src/cost/spending/callEstimate.ts";
import { CallFailure, type CallOutcome } from "../../../../src/endpoints/callTypes.ts";
import { Redactor } from "../../../../src/endpoints/redactor.ts";
import { errorAnswer } from "../../../../src/endpoints/result/errorAnswer.ts";
import { outcomeSample } from "./outcomeSample.ts";
import { callLines, failed, failedLines, succeeded } from "../../../../src/ui/calls/records.ts";
import { mergeCall } from "../../../../src/ledger/tables/mergeCall.ts";
import { call, t0 } from "../../cost/arbitraries.ts";

const running = call({
  status: "running",
  endedAtMs: null,
  reportedMicroUsd: null,
  executionSeconds: null,
  gpuType: null,
});

const basis = { containerGpu: "L40S", rates: ratesInForce() };

function outcome(headers: Readonly<Record<string, string>>, seconds = 2.5): CallOutcome {
  return outcomeSample(t0, headers, { answeredAtMs: t0 + seconds * 1000 });
}

function row(headers: Readonly<Record<string, string>>, seconds?: number): CallRecord {
  return succeeded(running, outcome(headers, seconds), basis).call;
}

/** The highest price that Modal charges for a GPU, 8 GPUs, the dearest region; µ$ per second. */
const mostPerSecond = (7.1 * 8 * 2.5 * 1e6) / 3600;

describe("the row of a call", () => {
  it("does not count a cost of which the audit says that it is not counted", () => {
    const headers = { "x-cost-usd": "5000", "x-execution-time-sec": "2", "x-gpu-type": "L40S" };
    const ended = succeeded(running, outcome(headers), basis);
    const { reportedMicroUsd, audit } = ended.call;
    assert.deepEqual([reportedMicroUsd, audit], [null, ["cost-absurd"]]);
    assert.match(callLines(ended, [], undefined).join("\n"), /Cost: unknown.*not counted/s);
  });

  it("does not count a cost that only an untrue time makes possible", () => {
    const headers = {
      "x-cost-usd": "1000",
      "x-execution-time-sec": "80000",
      "x-gpu-type": "L40S",
    };
    const ended = row(headers);
    assert.equal(ended.reportedMicroUsd, null);
    assert.equal(ended.executionSeconds, null);
    assert.deepEqual(ended.audit, ["cost-absurd", "longer-than-request"]);
  });

  it("counts the amount, and not the time, of a header in other units", () => {
    const ended = row({
      "x-cost-usd": "0.001083",
      "x-execution-time-sec": "2000",
      "x-gpu-type": "L40S",
    });
    assert.deepEqual([ended.reportedMicroUsd, ended.executionSeconds], [1083, null]);
  });

  it("costs nothing when its request reached no app, and kept none of its containers warm", () => {
    const failure = new CallFailure("offline", "No network.", { reached: "no" });
    const ended = failed({ ...running, appId: "ap-1" }, failure, t0 + 2500, basis);
    assert.deepEqual([ended.appId, ended.audit], [null, ["not-reached"]]);
    assert.equal(mergeCall({ ...running, appId: "ap-1" }, ended).appId, null, "in the ledger too");
    const lines = failedLines(ended, failure).join("\n");
    assert.match(lines, /Cost: none; the request did not reach the app$/);
    const maybe = new CallFailure("offline", "It broke off.", { reached: "maybe" });
    assert.equal(failed({ ...running, appId: "ap-1" }, maybe, t0 + 2500, basis).appId, "ap-1");
    assert.match(failedLines(ended, maybe).join("\n"), /Cost: unknown/);
  });

  it("that brought an error with status 200 is no part of what the next call is expected to take", () => {
    const asked = (callId: string, seconds: number) => ({
      running: { ...running, callId, endpoint: "wan2", startedAtMs: t0 },
      endMs: t0 + seconds * 1000,
    });
    const videos = Array.from({ length: 10 }, (_, i) => {
      const one = asked(`v${i}`, 95 + i);
      return succeeded(one.running, outcome({}, 95 + i), basis).call;
    });
    const json = { extension: "json", type: "application/json" };
    const errors = Array.from({ length: 12 }, (_, i) => {
      const one = asked(`e${i}`, 0.4);
      const body = `{"error": "CUDA out of memory ${i}"}`;
      const why = errorAnswer(body, json, "video", new Redactor());
      assert.ok(why !== null, "the body is an error");
      const facts = { reached: "yes", status: 200, headers: {} } as const;
      const failure = new CallFailure("endpoint-failed", why, facts);
      return failed(one.running, failure, one.endMs, basis);
    });
    const estimate = estimateCall({
      endpoint: "wan2",
      typical: null,
      gpu: "L40S",
      rates: basis.rates,
      calls: [...errors, ...videos],
      spans: [],
      temperature: null,
    });
    assert.ok(estimate.basis === "history");
    assert.deepEqual([estimate.sample, estimate.p50Seconds], [10, 99.5]);
  });

  it("holds nothing of what a failed call claims", () => {
    const failure = new CallFailure("endpoint-failed", "It broke.", {
      reached: "yes",
      status: 500,
      headers: { "x-cost-usd": "0.001", "x-execution-time-sec": "2", "x-gpu-type": "L40S" },
    });
    const ended = failed(running, failure, t0 + 2500, basis);
    assert.deepEqual(
      [ended.reportedMicroUsd, ended.executionSeconds, ended.gpuType, ended.audit],
      [null, null, null, ["call-failed"]],
    );
  });

  it("counts what the app says of a result that only could not be kept here, if it can be true", () => {
    const headers = { "x-cost-usd": "0.001083", "x-execution-time-sec": "2", "x-gpu-type": "L40S" };
    const unkept = (cost: string) =>
      new CallFailure("disk", "The disk is full.", {
        reached: "yes",
        status: 200,
        headers: { ...headers, "x-cost-usd": cost },
        handoverUrl: "https://acme--flux.modal.run/?__modal_function_call_id=fc-1",
      });
    const ended = failed(running, unkept("0.001083"), t0 + 2500, basis);
    assert.deepEqual(
      [ended.status, ended.reportedMicroUsd, ended.executionSeconds, ended.audit],
      ["failed", 1083, 2, []],
    );
    const lines = failedLines(ended, unkept("0.001083")).join("\n");
    assert.match(lines, /Failed: .*The disk is full\..*Cost: \$0\.0011.*Follow Call Again/s);
    const absurd = failed(running, unkept("5000"), t0 + 2500, basis);
    assert.deepEqual([absurd.reportedMicroUsd, absurd.audit], [null, ["cost-absurd"]]);
    assert.match(failedLines(absurd, unkept("5000")).join(), /Cost: unknown/);
  });

  it("never reports more than the dearest GPUs cost while the request lasted, whatever the headers", () => {
    const number = fc.oneof(
      fc.double({ min: 0, noNaN: true }).map(String),
      fc.integer({ min: 0, max: 1_000_000 }).map(String),
      fc.constantFrom("1e300", "86400", "1e9", "0.000001", "1,234.56"),
    );
    const gpu = fc.constantFrom("L40S", "H100:8", "B300:8", "X900", "", "8xB300");
    fc.assert(
      fc.property(number, number, gpu, fc.integer({ min: 0, max: 4000 }), (cost, time, type, s) => {
        const ended = row(
          { "x-cost-usd": cost, "x-execution-time-sec": time, "x-gpu-type": type },
          s,
        );
        const most = mostPerSecond * Math.max(1, s + 0.25);
        assert.ok((ended.reportedMicroUsd ?? 0) <= most + 1, `${ended.reportedMicroUsd}`);
        assert.ok((ended.executionSeconds ?? 0) <= s + 0.25);
      }),
      { numRuns: 500 },
    );
  });
});
