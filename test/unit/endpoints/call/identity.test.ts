import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  clockOffsetMs,
  functionCallIdIn,
  functionCallIdOf,
} from "../../../../src/endpoints/call/identity.ts";

describe("what Modal's front tells of a call", () => {
  it("is its id, in the answer and in the hand-over", () => {
    assert.equal(functionCallIdIn({ "modal-function-call-id": " fc-01JX " }), "fc-01JX");
    assert.equal(functionCallIdIn({}), null);
    const url = "https://acme--flux.modal.run/flux?x=1&__modal_function_call_id=fc-01JX";
    assert.equal(functionCallIdOf(url), "fc-01JX");
    assert.equal(functionCallIdOf("https://acme--flux.modal.run/flux"), null);
  });

  it("is the time there", () => {
    const answeredAtMs = Date.UTC(2026, 10, 26, 12, 0, 0, 250);
    const date = "Thu, 26 Nov 2026 12:00:06 GMT";
    assert.equal(clockOffsetMs({ date }, answeredAtMs), 6250);
    assert.equal(clockOffsetMs({}, answeredAtMs), null);
  });

  it("is nothing that can throw, or pose as an id", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const id of [
          functionCallIdIn({ "modal-function-call-id": text }),
          functionCallIdOf(text),
        ])
          assert.ok(id === null || /^fc-\w+$/.test(id));
        const offset = clockOffsetMs({ date: text }, 0);
        assert.ok(offset === null || Number.isFinite(offset));
      }),
    );
  });
});
