import assert from "node:assert/strict";
import { errorAnswer } from "../../../../src/endpoints/result/errorAnswer.ts";
import type { ResultKind } from "../../../../src/endpoints/resultKind.ts";

const json = { extension: "json", type: "application/json" };
const text = { extension: "txt", type: "text/plain" };

const cases: readonly (readonly [ResultKind, unknown, string | null])[] = [
  // Caught exceptions, as apps return them.
  ["video", { error: "CUDA out of memory" }, "CUDA out of memory"],
  ["json", { error: "CUDA out of memory" }, "CUDA out of memory"],
  ["any", { error: { message: "no such model" } }, "no such model"],
  ["json", { success: false, message: "queue is full" }, "queue is full"],
  ["any", { ok: false }, ""],
  ["json", { status: "error", message: "no GPU" }, "no GPU"],
  ["image", { detail: "Not Found" }, "Not Found"],
  // Results that look a little like it.
  ["json", { detail: "a cat on a mat" }, null],
  ["json", { error: null, text: "hello" }, null],
  ["json", { error: "", text: "hello" }, null],
  ["any", { status: "ok" }, null],
  ["image", { url: "https://example.com/cat.png" }, null],
  ["video", { job_id: "7", status: "queued" }, null],
  ["json", [{ error: "in a row of many" }], null],
  ["image", { url: "https://cdn/x.png", detail: "high" }, null],
  ["image", { images: ["https://a/1.png"], error: "1 of 3 was filtered" }, null],
  ["json", { ok: false, score: 0.31, labels: ["cat"] }, null],
  ["any", { text: "Hello", error: "none" }, null],
  ["json", { status: "failed", tests: 12 }, null],
  ["any", { success: false, output: "long and paid for" }, null],
];

describe("An answer with status 200", () => {
  for (const [expects, body, error] of cases)
    it(`${JSON.stringify(body)} of an endpoint for ${expects} is ${error === null ? "a result" : "an error"}`, () => {
      assert.equal(errorAnswer(JSON.stringify(body), json, expects, []), error);
    });

  it("in plain words is an error where a picture was promised, unless it is its address", () => {
    assert.equal(errorAnswer("Traceback: boom", text, "image", []), "Traceback: boom");
    for (const picture of [
      "https://example.com/cat.png",
      "s3://bucket/out.png",
      "/vol/out/a.png",
      "iVBORw0KGgo".repeat(30),
    ])
      assert.equal(errorAnswer(picture, text, "image", []), null, picture);
    assert.equal(errorAnswer("Once upon a time", text, "any", []), null);
  });

  it("does not repeat the prompt, and may be anything", () => {
    const body = JSON.stringify({ error: "cannot draw a secret cat" });
    assert.equal(errorAnswer(body, json, "image", ["a secret cat"]), "cannot draw …");
    for (const odd of ["", "{", "null", "3", '"error"'])
      assert.equal(errorAnswer(odd, json, "image", []), null);
  });
});
