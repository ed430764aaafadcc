import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { parseCliJson } from "../../../../src/modal/cli/json.ts";

function failureOf(bytes: Uint8Array | string): Failure {
  try {
    parseCliJson("list the apps", typeof bytes === "string" ? Buffer.from(bytes) : bytes);
  } catch (error) {
    assert.ok(error instanceof Failure);
    return error;
  }
  return assert.fail("parsed");
}

describe("parseCliJson", () => {
  it("reads JSON", () => {
    assert.deepEqual(parseCliJson("x", Buffer.from('[{"app_id": "ap-é"}]\n')), [
      { app_id: "ap-é" },
    ]);
  });

  for (const [name, output] of [
    ["truncated JSON", '[{"app_id": "ap-1", "desc'],
    ["HTML", "<!doctype html><html><body>502 Bad Gateway</body></html>"],
    ["colours", '\u001B[1m[\u001B[0m{"app_id": "ap-1"}]'],
    ["a trailing line", "[]\nUsing acme workspace based on environment variables\n"],
    ["a leading banner", "Welcome!\n[]"],
    ["nothing", ""],
  ] as const) {
    it(`refuses ${name}, with the first lines as evidence`, () => {
      const failure = failureOf(output);
      assert.equal(failure.reason, "bad-output");
      assert.equal((failure.evidence ?? "") === "", output === "");
    });
  }

  it("refuses bytes that are not UTF-8", () => {
    const failure = failureOf(Uint8Array.from([0x5b, 0x22, 0xff, 0xfe, 0x22, 0x5d]));
    assert.equal(failure.reason, "bad-output");
    assert.match(failure.message, /UTF-8/);
  });
});
