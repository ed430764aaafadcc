import assert from "node:assert/strict";
import { Redactor } from "../../../../src/endpoints/redactor.ts";
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
  ["json", { error: true }, ""],
  ["video", { error: true, message: "CUDA out of memory" }, "CUDA out of memory"],
  ["any", { error: 500, msg: "worker died" }, "worker died"],
  ["json", { error: { code: 7, details: "no such LoRA" } }, "no such LoRA"],
  ["json", { error: ["bad seed", "bad size"] }, "bad seed"],
  ["json", { errors: [{ message: "bad seed" }] }, "bad seed"],
  ["json", { success: "false", reason: "queue is full" }, "queue is full"],
  ["json", { status: "ERROR", exception: "ValueError: bad size" }, "ValueError: bad size"],
  ["any", { status_code: 503, message: "no GPU" }, "no GPU"],
  ["json", [{ error: "no GPU" }, { error: "no GPU" }], "no GPU"],
  ["image", [{ detail: "no such model" }], "no such model"],
  // Results that look a little like it.
  ["json", [{ error: "one of many" }, { text: "hello" }], null],
  ["json", [], null],
  ["json", {}, null],
  ["json", { error: false }, null],
  ["json", { error: 0, code: 200 }, null],
  ["json", { errors: [], message: "done" }, null],
  ["json", { error: "None", message: "done" }, null],
  ["json", { error: {}, message: "done" }, null],
  ["json", { status: 200, message: "done" }, null],
  ["json", { detail: "a cat on a mat" }, null],
  ["json", { error: null, text: "hello" }, null],
  ["json", { error: "", text: "hello" }, null],
  ["any", { status: "ok" }, null],
  ["image", { url: "https://example.com/cat.png" }, null],
  ["video", { job_id: "7", status: "queued" }, null],
  ["json", [{ error: "in a row of many", output: "paid for" }], null],
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
      assert.equal(errorAnswer(JSON.stringify(body), json, expects, new Redactor()), error);
    });

  it("in plain words is an error where a picture was promised, unless it is its address", () => {
    assert.equal(errorAnswer("Traceback: boom", text, "image", new Redactor()), "Traceback: boom");
    for (const picture of [
      "https://example.com/cat.png",
      "s3://bucket/out.png",
      "/vol/out/a.png",
      "iVBORw0KGgo".repeat(30),
    ])
      assert.equal(errorAnswer(picture, text, "image", new Redactor()), null, picture);
    assert.equal(errorAnswer("Once upon a time", text, "any", new Redactor()), null);
  });

  it("does not repeat the prompt, and may be anything", () => {
    const body = JSON.stringify({ error: "cannot draw a secret cat" });
    assert.equal(errorAnswer(body, json, "image", new Redactor(["a secret cat"])), "cannot draw …");
    for (const odd of ["", "{", "null", "3", '"error"'])
      assert.equal(errorAnswer(odd, json, "image", new Redactor()), null);
  });
});
