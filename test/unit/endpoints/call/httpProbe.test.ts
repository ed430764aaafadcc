import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server } from "node:http";
import { systemClock } from "../../../../src/base/systemClock.ts";
import { httpProbe } from "../../../../src/endpoints/call/httpProbe.ts";

describe("httpProbe", () => {
  let server: Server | undefined;
  let seen: { readonly method: string; readonly url: string; readonly key: string | undefined }[] =
    [];

  async function listen(listener: RequestListener): Promise<string> {
    seen = [];
    const started = createServer((request, response) => {
      const key = request.headers["modal-key"];
      seen.push({
        method: request.method ?? "",
        url: request.url ?? "",
        key: typeof key === "string" ? key : undefined,
      });
      listener(request, response);
    });
    server = started;
    await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
    const address = started.address();
    assert.ok(typeof address === "object" && address !== null);
    return `http://127.0.0.1:${address.port}`;
  }

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  const probe = httpProbe({ clock: systemClock, proxyToken: () => Promise.resolve(undefined) });

  it("follows Modal's hand-overs by GET", async () => {
    const base = await listen((request, response) => {
      if (request.url === "/health") {
        response.writeHead(303, { location: "/again?__modal_function_call_id=fc-1" }).end();
      } else response.end("ok");
    });
    assert.equal((await probe(`${base}/health`, { timeoutMs: 5000 })).status, 200);
    assert.deepEqual(
      seen.map(({ method, url }) => `${method} ${url}`),
      ["GET /health", "GET /again?__modal_function_call_id=fc-1"],
    );
  });

  it("gives the app's own status, also a bad one", async () => {
    const base = await listen((_request, response) => response.writeHead(500).end("broken"));
    assert.equal((await probe(base, { timeoutMs: 5000 })).status, 500);
  });

  it("does not take Modal's word for the app's", async () => {
    const base = await listen((_request, response) =>
      response.writeHead(404).end("modal-http: app for invoked web endpoint is stopped"),
    );
    await assert.rejects(probe(base, { timeoutMs: 5000 }), { reason: "endpoint-stopped" });
  });

  it("gives up after its time", async () => {
    const base = await listen(() => undefined);
    await assert.rejects(probe(base, { timeoutMs: 50 }), { reason: "timed-out" });
  });

  it("can be cancelled", async () => {
    const abort = new AbortController();
    const base = await listen(() => abort.abort());
    await assert.rejects(probe(base, { timeoutMs: 5000, signal: abort.signal }), {
      reason: "cancelled",
    });
  });

  it("says when nothing listens", async () => {
    const base = await listen(() => undefined);
    await new Promise((resolve) => server?.close(resolve));
    await assert.rejects(probe(base, { timeoutMs: 5000 }), { reason: "offline" });
  });

  it("sends a token to its own origin alone", async () => {
    const base = await listen((request, response) => {
      // The same server under another name is another origin.
      const location = `${base.replace("127.0.0.1", "localhost")}/elsewhere`;
      if (request.url === "/elsewhere") response.end("ok");
      else response.writeHead(303, { location }).end();
    });
    const withToken = httpProbe({
      clock: systemClock,
      proxyToken: (origin) =>
        Promise.resolve(origin === base ? { key: "wk-1", secret: "ws-1" } : undefined),
    });
    await withToken(base, { timeoutMs: 5000 });
    assert.deepEqual(
      seen.map(({ url, key }) => [url, key]),
      [
        ["/", "wk-1"],
        ["/elsewhere", undefined],
      ],
    );
  });
});
