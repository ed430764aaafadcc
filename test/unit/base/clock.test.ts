import assert from "node:assert/strict";
import { delay } from "../../../src/base/clock.ts";
import { VirtualClock } from "../virtualClock.ts";

describe("delay", () => {
  it("resolves when the time has come, not before", async () => {
    const clock = new VirtualClock(0);
    let done = false;
    const waiting = delay(clock, 1000).then(() => (done = true));
    await clock.advance(999);
    assert.equal(done, false);
    await clock.advance(1);
    assert.equal(await waiting, true);
  });

  it("rejects with the reason when aborted, and leaves no timer", async () => {
    const clock = new VirtualClock(0);
    const abort = new AbortController();
    const waiting = delay(clock, 1000, abort.signal);
    abort.abort(new Error("enough"));
    await assert.rejects(waiting, /enough/);
    assert.equal(clock.pending, 0);
  });

  it("rejects at once when already aborted", async () => {
    const clock = new VirtualClock(0);
    await assert.rejects(delay(clock, 1000, AbortSignal.abort(new Error("enough"))), /enough/);
    assert.equal(clock.pending, 0);
  });
});
