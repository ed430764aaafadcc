import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { orEndedByStop } from "../../../../src/ui/calls/endedByStop.ts";

describe("a call whose container is killed", () => {
  const killed = new Failure("endpoint-failed", "The container was killed: out of memory.");
  const call = { appId: "ap-1", endpoint: "flux" };
  const stop = (appId: string) => ({ planned: [{ appId, name: "flux" }] });

  it("was ended by a stop of its app from here, and by no other", () => {
    assert.match(orEndedByStop(killed, call, [stop("ap-1")]).message, /its app was stopped/);
    assert.equal(orEndedByStop(killed, call, [stop("ap-2")]), killed);
    assert.equal(orEndedByStop(killed, { ...call, appId: null }, [stop("ap-1")]), killed);
    const offline = new Failure("offline", "No network.");
    assert.equal(orEndedByStop(offline, call, [stop("ap-1")]), offline);
  });
});
