import assert from "node:assert/strict";
import { distinctCalls, fateOfLogCall } from "../../../../src/cost/reported/distinctCalls.ts";
import { microUsd } from "../../../../src/cost/money.ts";
import { call, minute, t0 } from "../arbitraries.ts";

const own = call();
const line = call({
  callId: "log/ap-1/1",
  source: "log",
  sessionId: null,
  startedAtMs: t0 + 400,
  endedAtMs: t0 + 2400,
});

describe("a call that is known twice", () => {
  it("is one: the log line of this editor's own call adds nothing", () => {
    assert.deepEqual(distinctCalls([line, own]), [own]);
  });

  it("takes the line's figures where the headers were lost", () => {
    const bare = call({ reportedMicroUsd: null, executionSeconds: null, gpuType: null });
    assert.deepEqual(distinctCalls([bare, line]), [own]);
  });

  it("is two when the app, the figures or the time differ", () => {
    const others = [
      { ...line, appId: "ap-2" },
      { ...line, reportedMicroUsd: microUsd(9), executionSeconds: 3 },
      { ...line, startedAtMs: t0 + minute, endedAtMs: t0 + minute + 2000 },
    ];
    for (const other of others) assert.equal(distinctCalls([own, other]).length, 2);
  });

  it("is one when a header is wrong: a former price, or a time in other units", () => {
    for (const wrong of [{ reportedMicroUsd: microUsd(9) }, { executionSeconds: 2000 }]) {
      const claimed = call(wrong);
      assert.deepEqual(distinctCalls([claimed, line]), [claimed]);
      assert.equal(fateOfLogCall(line, [claimed]).do, "complete");
    }
  });

  it("is the one that tells the same in all points, before one that is merely not another", () => {
    const overpriced = call({ callId: "first", reportedMicroUsd: microUsd(9) });
    const fate = fateOfLogCall(line, [overpriced, own]);
    assert.deepEqual(fate, { do: "complete", call: own });
    const bare = call({ callId: "bare", startedAtMs: t0 - 1, reportedMicroUsd: null });
    const [first, second] = distinctCalls([bare, own, line]);
    assert.deepEqual([first?.reportedMicroUsd, second], [null, own]);
  });

  it("is paired one to one: a teammate's equal call stays", () => {
    assert.equal(distinctCalls([own, line, { ...line, callId: "log/ap-1/2" }]).length, 2);
  });
});

describe("a cost line that has just been read", () => {
  it("waits while this editor's own call of the app runs", () => {
    const running = call({ status: "running", endedAtMs: null, reportedMicroUsd: null });
    assert.deepEqual(fateOfLogCall(line, [running]), { do: "wait" });
    assert.deepEqual(fateOfLogCall(line, [{ ...running, appId: "ap-2" }]), {
      do: "write",
      call: line,
    });
  });

  it("completes the call that it belongs to, and is written when it belongs to none", () => {
    const bare = call({ reportedMicroUsd: null });
    assert.deepEqual(fateOfLogCall(line, [bare]), { do: "complete", call: own });
    const earlier = call({ startedAtMs: t0 - 10 * minute, endedAtMs: t0 - 9 * minute });
    assert.deepEqual(fateOfLogCall(line, [earlier]), { do: "write", call: line });
  });
});
