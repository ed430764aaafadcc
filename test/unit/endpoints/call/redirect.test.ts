import assert from "node:assert/strict";
import { nextHop } from "../../../../src/endpoints/call/redirect.ts";

const from = { method: "POST", url: new URL("https://a.modal.run/flux?x=1") } as const;

function next(status: number, location: string, hop: Parameters<typeof nextHop>[0] = from): string {
  const { method, url } = nextHop(hop, status, location);
  return `${method} ${url.href}`;
}

describe("redirect", () => {
  it("303 is followed by GET, relative to the address that was asked", () => {
    assert.equal(
      next(303, "?__modal_function_call_id=fc-1"),
      "GET https://a.modal.run/flux?__modal_function_call_id=fc-1",
    );
    assert.equal(next(303, "/y"), "GET https://a.modal.run/y");
    assert.equal(next(303, "//b.example/y#z"), "GET https://b.example/y");
  });

  it("a GET may go anywhere that is safe", () => {
    const get = { method: "GET", url: from.url } as const;
    for (const status of [301, 302, 303, 307, 308]) {
      assert.equal(next(status, "https://b.example/", get), "GET https://b.example/");
    }
  });

  it("a POST is repeated on its own origin alone, and only where that is what was asked for", () => {
    assert.equal(next(307, "/flux/"), "POST https://a.modal.run/flux/");
    assert.equal(next(308, "/flux/"), "POST https://a.modal.run/flux/");
    for (const [status, location] of [
      [307, "https://b.example/"],
      [301, "/flux/"],
      [302, "/flux/"],
    ] as const) {
      assert.throws(() => next(status, location), {
        reason: "bad-setting",
        message: /has moved to.*modalMeter\.endpointUrls/,
      });
    }
  });

  it("never leaves https, reaches into this machine, or keeps a password", () => {
    for (const bad of [
      "http://a.modal.run/",
      "http://127.0.0.1:8000/",
      "https://localhost/",
      "file:///etc/passwd",
      "ftp://b.example",
      "http://[",
      "javascript:alert(1)",
    ]) {
      assert.throws(() => next(303, bad), { reason: "bad-response" }, bad);
    }
    assert.equal(next(303, "https://user:pw@b.example/"), "GET https://b.example/");
  });
});
