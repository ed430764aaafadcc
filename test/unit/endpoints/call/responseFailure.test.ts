import assert from "node:assert/strict";
import { Redactor } from "../../../../src/endpoints/redactor.ts";
import type { FailureReason } from "../../../../src/base/failure.ts";
import type { CallFailure, Reached } from "../../../../src/endpoints/callTypes.ts";
import { responseFailure } from "../../../../src/endpoints/call/responseFailure.ts";

function failure(
  status: number,
  body: unknown,
  more: { headers?: Record<string, string>; url?: string; secrets?: readonly string[] } = {},
): CallFailure {
  const isText = typeof body === "string";
  return responseFailure({
    endpoint: "flux",
    url: new URL(more.url ?? "https://acme--app.modal.run/flux"),
    status,
    headers: { "content-type": isText ? "text/plain" : "application/json", ...more.headers },
    body: isText ? body : JSON.stringify(body),
    redactor: new Redactor(more.secrets ?? ['A fox in the "snow"']),
  });
}

describe("an answer that is no result", () => {
  it("is recognised whatever words of it the prompt has too", () => {
    const secrets = ["an owl that ran out of memory of the snow", "terminated by signal 9, a film"];
    const oom = failure(500, { error: "CUDA out of memory in KSampler" }, { secrets });
    assert.match(oom.message, /^The GPU of "flux" ran out of memory/);
    const killed = "modal-http: internal error: function was terminated by signal 9";
    assert.match(failure(500, killed, { secrets }).message, /^The container of "flux" was killed/);
  });

  it("has our own words whole, and those of others without what the prompt has", () => {
    const secrets = ["its time is billed; the app's log tells more of a violet owl"];
    const { message } = failure(500, { error: "no violet owl today" }, { secrets });
    assert.equal(
      message,
      '"flux" failed (HTTP 500); its time is billed. It says: no… today The app\'s log tells more.',
    );
    const url = "https://elsewhere.example/a-violet-owl-that-flies";
    const found = failure(404, "", { secrets: ["a violet owl that flies"], url });
    assert.doesNotMatch(found.message, /violet|owl/);
  });

  const modal: readonly (readonly [number, string, FailureReason, Reached, RegExp])[] = [
    [
      404,
      "modal-http: app for invoked web endpoint is stopped",
      "endpoint-stopped",
      "no",
      /Start a session.*Nothing was billed/,
    ],
    [
      404,
      "modal-http: invalid function call",
      "endpoint-not-found",
      "no",
      /no endpoint at acme--app\.modal\.run/,
    ],
    [404, "modal-http: workspace ac-123 is disabled", "spend-limit", "no", /spend limit/],
    [
      401,
      "modal-http: missing credentials for proxy authorization",
      "missing-proxy-auth",
      "no",
      /Save Proxy Auth Token…/,
    ],
    [
      401,
      "modal-http: invalid credentials for proxy authorization",
      "missing-proxy-auth",
      "no",
      /Save Proxy Auth Token…/,
    ],
    [400, "modal-http: bad redirect method", "bad-response", "yes", /did not hand over the result/],
    [
      500,
      "modal-http: internal error: function execution timed out",
      "timed-out",
      "yes",
      /Raise timeout=/,
    ],
    [
      500,
      "modal-http: internal error: function was terminated by signal SIGKILL",
      "endpoint-failed",
      "yes",
      /ran out of memory.*memory=/,
    ],
    [
      500,
      "Server has lost track of input",
      "endpoint-failed",
      "yes",
      /Modal lost the call.*may be billed/,
    ],
    [
      408,
      "Missing request, possibly due to expiry or cancellation",
      "not-found",
      "yes",
      /no longer has the result/,
    ],
    [429, "rate limited", "rate-limited", "no", /Wait a minute/],
  ];
  for (const [status, text, reason, reached, words] of modal) {
    it(`of Modal's: ${status} ${text}`, () => {
      const made = failure(status, text);
      assert.equal(made.reason, reason);
      assert.equal(made.facts.reached, reached);
      assert.match(made.message, words);
    });
  }

  it("of an app that quotes Modal's words is the app's", () => {
    const made = failure(500, { error: "app for invoked web endpoint is stopped" });
    assert.equal(made.reason, "endpoint-failed");
    assert.equal(made.facts.reached, "yes");
  });

  it("of FastAPI's validation names the fields and hides what was sent", () => {
    const made = failure(422, {
      detail: [
        {
          type: "int_parsing",
          loc: ["body", "steps"],
          msg: "Input should be a valid integer",
          input: 'A fox in the "snow"',
        },
        { type: "missing", loc: ["body", "image", 0, "url"], msg: "Field required", input: {} },
      ],
    });
    assert.equal(made.reason, "invalid-argument");
    assert.deepEqual(made.facts.fields, ["steps", "image.0.url"]);
    assert.match(
      made.message,
      /refused "steps", "image\.0\.url".*steps: Input should be a valid integer/,
    );
    assert.doesNotMatch(made.message, /fox/);
  });

  it("of the seed's app says what it says", () => {
    const lora = failure(404, {
      error: "LoRA not found",
      details: "No file ink.safetensors",
      type: "NotFound",
      path: "/flux-lora",
    });
    assert.equal(lora.reason, "invalid-argument");
    assert.match(lora.message, /NotFound: LoRA not found: No file ink\.safetensors/);
    const crashed = failure(500, {
      error: "CUDA out of memory. Tried to allocate 2 GiB",
      type: "OutOfMemoryError",
      path: "/wan2",
    });
    assert.equal(crashed.reason, "endpoint-failed");
    assert.match(crashed.message, /GPU of "flux" ran out of memory/);
  });

  it("keeps headers, which can say what the failure cost", () => {
    const made = failure(500, { error: "x" }, { headers: { "x-cost-usd": "0.01" } });
    assert.equal(made.facts.headers["x-cost-usd"], "0.01");
    assert.equal(made.facts.status, 500);
  });

  it("never repeats the prompt, whole or cut", () => {
    for (const text of [
      'bad: A fox in the "snow"!',
      "bad: A fox in the",
      "bad: A fox in the mist",
    ]) {
      assert.doesNotMatch(failure(500, { error: text }).message, /fox/, text);
    }
  });

  it("tells a route that is not there from an app that is not there", () => {
    const made = failure(404, { detail: "Not Found" });
    assert.equal(made.reason, "endpoint-not-found");
    assert.match(made.message, /has nothing at \/flux/);
    assert.equal(failure(405, { detail: "Method Not Allowed" }).reason, "endpoint-not-found");
  });

  it("of a server that is not Modal's is an error page in words", () => {
    const page = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head></html>";
    const html = { "content-type": "text/html" };
    assert.match(
      failure(404, page, { headers: html, url: "https://example.com/flux" }).message,
      /example\.com answers \(HTTP 404 with a web page\)/,
    );
    assert.equal(failure(502, page, { headers: html }).reason, "service-error");
    assert.match(failure(418, page, { headers: html }).message, /HTTP 418 with a web page/);
    for (const status of [401, 403, 407]) {
      const made = failure(status, page, { headers: html, url: "https://example.com/flux" });
      assert.equal(made.reason, "permission-denied");
    }
  });

  it("is one short line whatever the server sent", () => {
    for (const body of [
      "",
      "\0\x1b[31m\n\n\u202e".repeat(50),
      "x".repeat(60_000),
      "{",
      "[]",
      "null",
      { error: { message: "y".repeat(9000) } },
      { detail: 5 },
    ]) {
      for (const status of [200, 299, 301, 400, 404, 418, 500, 503, 504, 599]) {
        const { message } = failure(status, body);
        assert.ok(message.length < 700, `${status}: ${message.length}`);
        assert.doesNotMatch(message, /[\p{Cc}\p{Cf}]/u);
      }
    }
  });
});
