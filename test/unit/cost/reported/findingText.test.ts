import assert from "node:assert/strict";
import { countedFindings, isAboutHeaders } from "../../../../src/cost/reported/findingText.ts";

describe("what the audit found in several calls", () => {
  it("is counted in plain words, the most frequent first", () => {
    assert.equal(
      countedFindings(["not-reached", "rate-out-of-date", "rate-out-of-date", "cost-missing"]),
      "2 at another price than Modal's, 1 did not reach the app, 1 without a cost",
    );
  });

  it("is a fault of the headers only where there were any", () => {
    assert.ok(!["not-reached", "call-failed"].some(isAboutHeaders));
    assert.ok(isAboutHeaders("rate-out-of-date"));
  });
});
