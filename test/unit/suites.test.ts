import assert from "node:assert/strict";
import { orphans } from "../../scripts/testing/suites.ts";

describe("the suites of a test run", () => {
  it("run each test file that there is", () => {
    assert.deepEqual(orphans(), []);
  });
});
