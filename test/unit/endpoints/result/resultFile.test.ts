import assert from "node:assert/strict";
import { idOf } from "../../../../src/endpoints/result/resultFile.ts";

describe("a result's file", () => {
  it("is recognised on Windows, where a handle and a name give different devices", () => {
    const [handle, name] = [
      { dev: 3_221_225_472n, ino: 42n },
      { dev: 77n, ino: 42n },
    ];
    assert.equal(idOf(handle, "win32"), idOf(name, "win32"));
    assert.notEqual(idOf(handle, "linux"), idOf(name, "linux"));
    assert.notEqual(idOf(handle, "win32"), idOf({ ...name, ino: 43n }, "win32"));
  });
});
