import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../src/base/log.ts";
import { systemClock } from "../../src/base/systemClock.ts";
import { callEndpoint } from "../../src/endpoints/call/call.ts";
import { httpProbe } from "../../src/endpoints/call/httpProbe.ts";
import { CallFailure } from "../../src/endpoints/callTypes.ts";
import { Redactor } from "../../src/endpoints/redactor.ts";
import { builtInEndpoints } from "../../src/endpoints/catalogue/catalogue.ts";
import { Settings } from "../../src/session/settings/settings.ts";
import { secretsOf } from "../../src/ui/calls/secrets.ts";
import { EndpointServer } from "../integration/endpoints/endpointServer.ts";
import { encodings } from "./encodings.ts";

const prompt = 'Zürich "canary" owl\n& violet tramway 🦉 marches';
const negative = "never a crooked lighthouse";
const token = { key: "wk-CaNaRyKey4711Ab9ZxQ2Lm", secret: "ws-QuietCanarySecret0815Yx" };

const secrets = [prompt, negative, token.key, token.secret];

const [flux] = builtInEndpoints;
const values = { prompt, negative_prompt: negative, steps: 4 };

describe("what an endpoint answers", () => {
  let folder = "";
  let said: string[] = [];
  const note = (...parts: readonly unknown[]): void => void said.push(parts.map(String).join(" "));
  const log: Log = { debug: note, info: note, warn: note, error: note };
  beforeEach(() => {
    said = [];
    folder = mkdtempSync(join(tmpdir(), "mm-echo-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function failureAt(origin: string, path = "/flux"): Promise<CallFailure> {
    try {
      await callEndpoint(
        {
          callId: "call-1",
          endpoint: "flux",
          expects: "image",
          folder,
          prompt,
          secrets: secretsOf(flux, values),
          method: "POST",
          url: new URL(`${origin}${path}`),
          body: values,
        },
        { clock: systemClock, log, proxyToken: () => Promise.resolve(token) },
      );
    } catch (error) {
      assert.ok(error instanceof CallFailure);
      said.push(error.message, error.evidence ?? "", ...error.facts.fields);
      return error;
    }
    throw new Error("It did not fail.");
  }

  /** No word of a secret that is long enough to be one is in anything that was said. */
  function assertSilent(what: string): void {
    const text = said.join("\n").toLowerCase();
    for (const word of ["canary", "violet", "tramway", "marches", "crooked", "lighthouse", "quiet"])
      assert.ok(!text.includes(word), `${what}: ${word} in ${text}`);
  }

  it("repeats no prompt, no other word of the person and no token, in no encoding", async () => {
    const echoes = secrets.flatMap((secret) =>
      [...encodings(secret)].map(([how, text]) => ({ how, text })),
    );
    let next = "";
    using server = await EndpointServer.http((_request, response) => {
      response.writeHead(500, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: `CUDA: cannot draw <${next}> at step 3` }));
    });
    for (const { how, text } of echoes) {
      next = text;
      said = [];
      const { message } = await failureAt(server.origin);
      const quoted = /It says: (.*)/.exec(message)?.[1] ?? "";
      assert.match(quoted, /^CUDA: cannot draw .*at step 3/, "the rest is still told");
      const inside = /draw <(.*)> at/.exec(quoted)?.[1] ?? "";
      assert.match(inside, /^[\\"'…]*$/, `${how}: ${quoted}`);
      assertSilent(how);
    }
    assert.ok(echoes.length > 80);
  });

  it("repeats nothing by a field, a header, a page, a path or an error with status 200", async () => {
    const escaped = encodeURIComponent(prompt);
    const answers: readonly (readonly [string, number, Record<string, string>, string])[] = [
      ["field", 422, {}, JSON.stringify({ detail: [{ loc: ["body", prompt], msg: negative }] })],
      ["page", 500, { "content-type": "text/html" }, `<html><title>${negative}</title>`],
      ["status 200", 200, {}, JSON.stringify({ error: `no ${JSON.stringify(prompt)}` })],
      ["moved", 301, { location: `https://elsewhere.example/${escaped}` }, ""],
      ["handed over", 303, { location: `/result/${escaped}?p=${escaped}` }, ""],
      ["media type", 200, { "content-type": `image/${escaped.slice(0, 60)}` }, "GIF89a;"],
    ];
    let next = answers[0];
    using server = await EndpointServer.http((request, response) => {
      const [, status = 500, headers = {}, body = ""] =
        request.method === "GET" ? [] : (next ?? []);
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(body);
    });
    for (const answer of answers) {
      next = answer;
      said = [];
      await failureAt(server.origin).catch(() => undefined);
      assertSilent(answer[0]);
    }
  });

  it("has no path of a hand-over in the log", async () => {
    using server = await EndpointServer.http((request, response) => {
      if (request.method === "POST") response.writeHead(303, { location: "/fc-PrivateResultKey" });
      else response.writeHead(500);
      response.end();
    });
    await failureAt(server.origin);
    assert.ok(said.some((line) => line.includes("POST http") && line.includes("/flux")));
    assert.ok(said.some((line) => line.includes("GET http")));
    assert.ok(
      said.every((line) => !line.includes("PrivateResultKey")),
      said.join("\n"),
    );
  });

  it("to a health check repeats no token", async () => {
    using server = await EndpointServer.http((_request, response) => {
      response.writeHead(401, { "content-type": "text/plain" });
      response.end(`modal-http: bad ${token.secret} of ${token.key}`);
    });
    const probe = httpProbe({ clock: systemClock, proxyToken: () => Promise.resolve(token) });
    await assert.rejects(
      async () => probe(`${server.origin}/health`, { timeoutMs: 5000 }),
      (error: unknown) => {
        assert.ok(error instanceof Error);
        assert.doesNotMatch(error.message, /canary/i);
        return true;
      },
    );
  });

  it("stays readable where it only shares words with a short prompt", () => {
    const redactor = new Redactor(["the", "cat"]);
    assert.equal(redactor.redact("Look at the app's log."), "Look at the app's log.");
    assert.equal(redactor.redact("no cat here"), "no … here");
    assert.equal(redactor.redact("cannot concatenate"), "cannot concatenate");
    assert.equal(new Redactor([]).redact("CUDA out of memory"), "CUDA out of memory");
  });

  it("of a mistyped setting with a password in it is shown without the password", () => {
    for (const url of [
      "htps://me:pAssCanary@acme--app.modal.run",
      "https:/me:pAssCanary@acme",
      "me:pAssCanary@acme--app.modal.run",
      "ftp://acme.modal.run/?token=pAssCanary",
    ]) {
      const { problems } = Settings.parse({ endpointBaseUrl: url, endpointUrls: { flux: url } });
      assert.ok(problems.length >= 2, url);
      assert.doesNotMatch(JSON.stringify(problems), /pAssCanary/, url);
    }
  });
});
