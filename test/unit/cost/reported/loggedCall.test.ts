import assert from "node:assert/strict";
import { loggedCall } from "../../../../src/cost/reported/loggedCall.ts";
import {
  loggedContainerId,
  LogLineAssembler,
} from "../../../../src/cost/reported/logLineAssembler.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { t0 } from "../arbitraries.ts";

const app = { scope: "acme/main", appId: "ap-1", appName: "flux-api" };

function callOf(text: string, atMs: number | null) {
  const piece = {
    text: `${text}\n`,
    containerId: "ta-1",
    functionCallId: null,
    atMs,
    entryId: null,
  };
  const [logged] = new LogLineAssembler("ap-1").add(piece);
  assert.ok(logged);
  return loggedCall(logged, app, ratesInForce(), t0 + 99_000);
}

describe("a call that the log tells of", () => {
  it("ends when its line was written, and knows its container", () => {
    const call = callOf("💰 Cost: $0.001083 | Time: 2.00s | GPU: L40S @ $0.001083", t0);
    assert.deepEqual([call.startedAtMs, call.endedAtMs], [t0 - 2000, t0]);
    assert.deepEqual([call.reportedMicroUsd, call.source, call.status], [1083, "log", "succeeded"]);
    assert.deepEqual(call.audit, []);
    assert.equal(loggedContainerId(call.callId), "ta-1");
    assert.equal(loggedContainerId("editor/ap-1/ta-1"), null);
  });

  it("is audited like a header", () => {
    const old = callOf("💰 Cost: $0.001388 | Time: 2.00s | GPU: L40S @ $0.001388", t0);
    assert.deepEqual(old.audit, ["rate-out-of-date"]);
    const absurd = callOf("💰 Cost: $9000 | Time: 2.00s | GPU: L40S", t0);
    assert.deepEqual([absurd.audit, absurd.reportedMicroUsd], [["cost-absurd"], null]);
  });

  it("ends now when the log tells no time", () => {
    assert.equal(callOf("💰 Cost: $0.001083 | Time: 2.00s", null).endedAtMs, t0 + 99_000);
  });
});
