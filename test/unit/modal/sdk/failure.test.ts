import assert from "node:assert/strict";
import { sdkFailure } from "../../../../src/modal/sdk/failure.ts";

function reasonOf(code: number, details: string): string {
  return sdkFailure("list the apps", { code, details, path: "/x" }, false).reason;
}

describe("sdkFailure", () => {
  it("knows the statuses of gRPC", () => {
    const reasons = [3, 4, 5, 7, 8, 12, 13, 14, 16, 2].map((code) => reasonOf(code, "text"));
    assert.deepEqual(reasons, [
      "invalid-argument",
      "timed-out",
      "not-found",
      "permission-denied",
      "rate-limited",
      "unsupported",
      "service-error",
      "service-error",
      "not-authenticated",
      "service-error",
    ]);
  });

  it("takes an environment that is not there for a wrong setting", () => {
    assert.equal(reasonOf(5, "Environment 'stagin' not found in workspace"), "bad-setting");
    assert.equal(reasonOf(5, "App 'x' not found in environment 'main'"), "not-found");
    assert.equal(reasonOf(13, "Environment 'x' not found"), "service-error");
  });

  it("tells a connection that cannot be made from a service that refuses", () => {
    assert.equal(
      reasonOf(14, "No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1"),
      "offline",
    );
    assert.equal(reasonOf(14, "Name resolution failed for target dns:api.modal.com"), "offline");
    assert.equal(reasonOf(14, "maintenance, come back later"), "service-error");
  });

  it("takes an answer that does not parse for none", () => {
    assert.equal(reasonOf(13, "Response message parsing error: index out of range"), "bad-output");
    assert.equal(sdkFailure("x", new RangeError("broke"), false).reason, "bad-output");
  });

  it("takes an RPC that the SDK does not have for unsupported", () => {
    assert.equal(
      sdkFailure("x", new TypeError("rpc.foo is not a function"), false).reason,
      "unsupported",
    );
  });

  it("says cancelled when the caller gave up, whatever the error", () => {
    assert.equal(sdkFailure("x", { code: 1, details: "Cancelled" }, true).reason, "cancelled");
  });

  it("knows a reached spend limit", () => {
    assert.equal(reasonOf(8, "workspace billing cycle spend limit reached"), "spend-limit");
  });
});
