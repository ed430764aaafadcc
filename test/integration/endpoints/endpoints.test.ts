import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { ClientRequest } from "node:http";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { callEndpoint, resumeCall } from "../../../src/endpoints/call/call.ts";
import { CallFailure, type CallOutcome } from "../../../src/endpoints/callTypes.ts";
import { CallBench, png } from "./endpointServer.ts";

const minute = 60_000;
/** Bytes that are nowhere the same, so that one piece in another's place is noticed. */
const large = createHash("shake256", { outputLength: 20_000_000 }).update("large").digest();

async function failureOf(call: Promise<CallOutcome>): Promise<CallFailure> {
  const outcome = await call.catch((error: unknown) => error);
  assert.ok(outcome instanceof CallFailure, String(outcome));
  return outcome;
}

describe("calls to web endpoints", () => {
  let bench: CallBench;
  beforeEach(() => {
    bench = new CallBench();
  });
  afterEach(() => bench.dispose());

  describe("a result", () => {
    it("is saved whole, under a name of ours", async () => {
      const server = await bench.serve((_request, response) => {
        response.writeHead(200, {
          "content-type": "image/png",
          "content-disposition": 'attachment; filename="../../evil.exe"',
          "X-Cost-USD": "0.001388",
        });
        response.end(png);
      });
      const outcome = await callEndpoint(bench.request(`${server.origin}/flux`), bench.options());
      assert.match(bench.files().join(), /^flux-20261121-\d{6}-a-fox-in-the-snow\.png$/);
      assert.deepEqual(readFileSync(outcome.resultPath ?? ""), png);
      assert.equal(outcome.headers["x-cost-usd"], "0.001388");
      assert.equal(server.requests[0]?.body, '{"prompt":"A fox in the snow"}');
    });

    it("of two calls in one second has two names", async () => {
      const server = await bench.serve((_request, response) => response.end(png));
      const url = `${server.origin}/flux`;
      await Promise.all([1, 2, 3].map(() => callEndpoint(bench.request(url), bench.options())));
      await callEndpoint(bench.request(url), bench.options());
      assert.equal(bench.files().filter((name) => name.endsWith(".png")).length, 4);
      assert.equal(bench.files().length, 4);
    });

    for (const [encoding, pack] of [
      ["gzip", gzipSync],
      ["deflate", deflateSync],
      ["br", brotliCompressSync],
    ] as const) {
      it(`is unpacked from ${encoding}`, async () => {
        const server = await bench.serve((_request, response) => {
          response.setHeader("content-encoding", encoding);
          response.end(pack(png));
        });
        const { resultPath } = await callEndpoint(bench.request(server.origin), bench.options());
        assert.deepEqual(readFileSync(resultPath ?? ""), png);
      });
    }

    for (const [how, headers, pack] of [
      ["with a length", { "content-length": String(large.length) }, (body: Buffer) => body],
      ["in chunks", {}, (body: Buffer) => body],
      ["packed", { "content-encoding": "gzip" }, (body: Buffer) => gzipSync(body, { level: 1 })],
    ] as const) {
      it(`of 20 MB arrives byte for byte, ${how}, however its pieces come`, async () => {
        const server = await bench.serve((_request, response) => {
          response.writeHead(200, { "content-type": "video/mp4", ...headers });
          const body = pack(large);
          // Pieces of all sizes, at times a pause in which the client has read everything.
          const pieces = function* (): Generator<Buffer> {
            for (let at = 0, size = 1; at < body.length; at += size, size = (size * 7) % 300_007) {
              yield body.subarray(at, at + size);
            }
          };
          Readable.from(pieces()).pipe(response);
        });
        const { resultPath, bytes } = await callEndpoint(
          bench.request(server.origin),
          bench.options(),
        );
        assert.equal(bytes, large.length);
        assert.ok(readFileSync(resultPath ?? "").equals(large));
      });
    }

    it("in JSON is made readable, and its images become files", async () => {
      const server = await bench.serve((_request, response) => {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ seed: 7, image: png.toString("base64") }));
      });
      const outcome = await callEndpoint(
        bench.request(server.origin, { expects: "any" }),
        bench.options(),
      );
      const [image] = outcome.extractedPaths;
      assert.deepEqual(readFileSync(image ?? ""), png);
      const text = readFileSync(outcome.resultPath ?? "", "utf8");
      assert.match(
        text,
        /^\{\n {2}"seed": 7,\n {2}"image": "\[saved as flux-.*_1\.png, \d+ bytes\]"\n\}\n$/,
      );
      assert.equal(bench.files().length, 2);
    });

    it("that is not what its type says gets its true extension and a remark", async () => {
      const server = await bench.serve((_request, response) => {
        response.setHeader("content-type", "image/jpeg");
        response.end(png);
      });
      const outcome = await callEndpoint(bench.request(server.origin), bench.options());
      assert.match(outcome.resultPath ?? "", /\.png$/);
      assert.match(outcome.remarks.join(), /image\/jpeg.*image\/png/);
    });
  });

  describe("an incomplete or false result never poses as one", () => {
    for (const [name, header] of [
      ["cut short of its length", { "content-length": "9000" }],
      ["chunked and cut", { "transfer-encoding": "chunked" }],
    ] as const) {
      it(name, async () => {
        let cut: (() => void) | undefined;
        const server = await bench.serve((_request, response) => {
          response.writeHead(200, { "content-type": "image/png", "x-cost-usd": "0.5", ...header });
          response.write(png.subarray(0, 2000));
          cut = () => response.destroy();
        });
        const failed = failureOf(callEndpoint(bench.request(server.origin), bench.options()));
        await bench.until(() => bench.progress.at(-1)?.receivedBytes === 2000);
        cut?.();
        const failure = await failed;
        assert.equal(failure.reason, "bad-response");
        assert.match(failure.message, /connection broke in the middle/);
        // What was paid for stays, under a name that is no result's, and so does its price.
        assert.match(bench.files().join(), /^flux-[^.]*\.part$/);
        assert.equal(join(bench.folder, bench.files()[0] ?? ""), failure.facts.keptPath);
        assert.equal(failure.facts.headers["x-cost-usd"], "0.5");
        assert.equal(failure.facts.reached, "yes");
        assert.equal(server.requests.length, 1);
      });
    }

    it("without a length, ended by a broken connection", async () => {
      const head = "HTTP/1.0 200 OK\r\ncontent-type: image/png\r\n\r\n";
      const server = await bench.serveRaw(
        Buffer.concat([Buffer.from(head), png.subarray(0, 2000)]),
      );
      const failure = await failureOf(callEndpoint(bench.request(server.origin), bench.options()));
      assert.match(failure.message, /the file has no end/);
      assert.deepEqual(
        bench.files().filter((name) => !name.endsWith(".part")),
        [],
      );
    });

    it("with more bytes than its length says", async () => {
      const head = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 100\r\n\r\n";
      const server = await bench.serveRaw(Buffer.concat([Buffer.from(head), png]));
      const failure = await failureOf(callEndpoint(bench.request(server.origin), bench.options()));
      assert.equal(failure.reason, "bad-response");
      assert.deepEqual(
        bench.files().filter((name) => !name.endsWith(".part")),
        [],
      );
    });

    it("packed and damaged", async () => {
      const packed = gzipSync(png);
      packed.fill(0xaa, 20, 40);
      const server = await bench.serve((_request, response) => {
        response.setHeader("content-encoding", "gzip");
        response.end(packed);
      });
      const failure = await failureOf(callEndpoint(bench.request(server.origin), bench.options()));
      assert.match(failure.message, /compressed result is damaged/);
      assert.deepEqual(bench.files(), []);
    });

    it("packed and cut, though the length is right", async () => {
      const server = await bench.serve((_request, response) => {
        response.setHeader("content-encoding", "gzip");
        response.end(gzipSync(png).subarray(0, 40));
      });
      const failure = await failureOf(callEndpoint(bench.request(server.origin), bench.options()));
      assert.match(failure.message, /compressed result is damaged/);
      assert.deepEqual(bench.files(), []);
    });

    it("packed in a way that nobody asked for", async () => {
      const server = await bench.serve((_request, response) => {
        response.setHeader("content-encoding", "zstd");
        response.end("x");
      });
      const failure = await failureOf(callEndpoint(bench.request(server.origin), bench.options()));
      assert.match(failure.message, /packed the result as "zstd"/);
      assert.deepEqual(bench.files(), []);
    });

    it("a decompression bomb is dropped", async () => {
      const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
      const server = await bench.serve((_request, response) => {
        response.setHeader("content-encoding", "gzip");
        response.end(bomb);
      });
      const failure = await failureOf(callEndpoint(bench.request(server.origin), bench.options()));
      assert.match(failure.message, /decompression bomb/);
      assert.deepEqual(bench.files(), []);
    });

    it("a body of 10 GB is refused before it is loaded", async () => {
      const server = await bench.serveRaw(
        `HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\ncontent-length: ${10 * 1024 ** 3}\r\n\r\n`,
        false,
      );
      const failure = await failureOf(callEndpoint(bench.request(server.origin), bench.options()));
      assert.match(failure.message, /larger than the limit \(10\.7 GB of 4\.3 GB\)/);
      assert.deepEqual(bench.files(), []);
    });

    it("a body without a length stops at the limit", async () => {
      const server = await bench.serve((_request, response) => {
        const more = (): void => {
          while (response.writable && response.write(Buffer.alloc(65_536, 1)));
        };
        response.on("drain", more);
        more();
      });
      const limits = { maxResultBytes: 3_000_000 };
      const failure = await failureOf(
        callEndpoint(bench.request(server.origin), bench.options({ limits })),
      );
      assert.match(failure.message, /larger than the limit/);
      assert.deepEqual(bench.files(), []);
    });

    it("a web page with status 200", async () => {
      const server = await bench.serve((_request, response) => {
        response.setHeader("content-type", "text/html");
        response.end("<!doctype html><title>Sign in</title>");
      });
      const failure = await failureOf(callEndpoint(bench.request(server.origin), bench.options()));
      assert.match(failure.message, /answered with a web page/);
      assert.deepEqual(bench.files(), []);
    });

    it("an error with status 200, which is kept and shown", async () => {
      const server = await bench.serve((_request, response) => {
        response.setHeader("content-type", "application/json");
        response.setHeader("x-cost-usd", "0.001");
        response.end(JSON.stringify({ error: "CUDA out of memory" }));
      });
      const failure = await failureOf(callEndpoint(bench.request(server.origin), bench.options()));
      assert.equal(failure.reason, "endpoint-failed");
      assert.match(failure.message, /"flux" answered that it failed: CUDA out of memory/);
      assert.deepEqual([failure.facts.reached, failure.facts.status], ["yes", 200]);
      assert.match(readFileSync(failure.facts.keptPath ?? "", "utf8"), /CUDA out of memory/);
      assert.equal(bench.files().length, 1);
    });

    it("an empty body", async () => {
      const server = await bench.serve((_request, response) => response.end());
      const failure = await failureOf(callEndpoint(bench.request(server.origin), bench.options()));
      assert.match(failure.message, /empty body/);
      assert.deepEqual(bench.files(), []);
    });

    it("headers that are not HTTP", async () => {
      for (const garbage of [
        "\x16\x03\x01garbage\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad header\x01: x\r\n\r\n",
        `HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}\r\n\r\n`,
      ]) {
        const server = await bench.serveRaw(garbage);
        const failure = await failureOf(
          callEndpoint(bench.request(server.origin), bench.options()),
        );
        assert.equal(failure.reason, "bad-response");
        assert.match(failure.message, /not HTTP .* was not sent again/);
        assert.equal(server.requests.length, 1);
      }
      assert.deepEqual(bench.files(), []);
    });
  });

  describe("a long call", () => {
    it("waits through 29 silent minutes", async () => {
      let answer: (() => void) | undefined;
      const server = await bench.serve((_request, response) => {
        answer = () => response.end(png);
      });
      const call = callEndpoint(bench.request(server.origin), bench.options());
      await bench.until(() => answer !== undefined);
      await bench.clock.advance(29 * minute);
      answer?.();
      assert.equal((await call).endedAtMs - (await call).startedAtMs, 29 * minute);
    });

    it("has no timer of Node's on its socket", async () => {
      const requests: ClientRequest[] = [];
      const watch = (message: unknown): void => {
        if (
          typeof message === "object" &&
          message !== null &&
          "request" in message &&
          message.request instanceof ClientRequest
        ) {
          requests.push(message.request);
        }
      };
      subscribe("http.client.request.start", watch);
      try {
        let answer: (() => void) | undefined;
        const server = await bench.serve((_request, response) => {
          answer = () => response.end(png);
        });
        const call = callEndpoint(bench.request(server.origin), bench.options());
        await bench.until(() => answer !== undefined);
        assert.equal(requests.length, 1);
        // Node's own agent may set a timeout for idle sockets; on a request it only emits an event.
        assert.equal(requests[0]?.listenerCount("timeout"), 0);
        answer?.();
        await call;
      } finally {
        unsubscribe("http.client.request.start", watch);
      }
    });

    it("gives up after 30 minutes and says that the container may go on", async () => {
      const server = await bench.serve(() => undefined);
      const failed = failureOf(callEndpoint(bench.request(server.origin), bench.options()));
      await bench.until(() => server.requests.length === 1);
      await bench.clock.advance(30 * minute);
      const failure = await failed;
      assert.equal(failure.reason, "timed-out");
      assert.equal(failure.facts.containerMayGoOn, true);
      assert.match(failure.message, /has not answered for 30 minutes/);
    });

    it("follows six hand-overs by GET and posts once", async () => {
      const server = await bench.serve((request, response) => {
        const hop = Number(/hop=(\d+)/.exec(request.url)?.[1] ?? 0);
        if (hop === 6) response.end(png);
        else
          response
            .writeHead(303, { location: `?__modal_function_call_id=fc-1&hop=${hop + 1}` })
            .end();
      });
      await callEndpoint(bench.request(`${server.origin}/wan2`), bench.options());
      assert.deepEqual(
        server.requests.map(({ method }) => method),
        ["POST", "GET", "GET", "GET", "GET", "GET", "GET"],
      );
      assert.equal(server.requests.at(-1)?.body, "");
      assert.equal(bench.handovers.length, 6);
      assert.equal(bench.handovers[0], `${server.origin}/wan2?__modal_function_call_id=fc-1&hop=1`);
    });

    it("is picked up after a reload without a second POST", async () => {
      let done = false;
      const server = await bench.serve((request, response) => {
        if (request.method === "POST") {
          response.writeHead(303, { location: "/flux?__modal_function_call_id=fc-1" }).end();
        } else if (done) response.end(png);
      });
      const window = new AbortController();
      const failed = failureOf(
        callEndpoint(
          bench.request(`${server.origin}/flux`),
          bench.options({ signal: window.signal }),
        ),
      );
      await bench.until(() => server.count("GET") === 1);
      window.abort();
      const failure = await failed;
      assert.equal(failure.reason, "cancelled");
      assert.equal(failure.facts.handoverUrl, bench.handovers[0]);
      assert.equal(failure.facts.containerMayGoOn, true);
      assert.match(failure.message, /without paying twice/);
      done = true;
      const outcome = await resumeCall(
        { ...bench.request(server.origin), handoverUrl: failure.facts.handoverUrl ?? "" },
        bench.options(),
      );
      assert.deepEqual(readFileSync(outcome.resultPath ?? ""), png);
      assert.equal(server.count("POST"), 1);
    });

    it("survives lost connections while Modal works", async () => {
      let gets = 0;
      const server = await bench.serve((request, response) => {
        if (request.method === "POST") {
          response.writeHead(303, { location: "/flux?__modal_function_call_id=fc-1" }).end();
          return;
        }
        gets += 1;
        if (gets < 4) response.destroy();
        else if (gets === 4) {
          response.writeHead(200, { "content-length": png.length });
          response.write(png.subarray(0, 100), () => response.destroy());
        } else response.end(png);
      });
      const call = callEndpoint(bench.request(`${server.origin}/flux`), bench.options());
      for (const [lost, waitMs] of [1_000, 2_000, 5_000].entries()) {
        await bench.until(() => bench.retries > lost);
        await bench.clock.advance(waitMs);
      }
      const outcome = await call;
      assert.deepEqual(readFileSync(outcome.resultPath ?? ""), png);
      assert.equal(bench.files().length, 1);
      assert.equal(server.count("POST"), 1);
      assert.equal(gets, 5);
    });

    it("says so when its result is gone", async () => {
      const server = await bench.serve((_request, response) => {
        response.writeHead(408, { "content-type": "text/plain" });
        response.end("modal-http: Missing request, possibly due to expiry or cancellation");
      });
      const failure = await failureOf(
        resumeCall(
          { ...bench.request(server.origin), handoverUrl: `${server.origin}/flux?x=1` },
          bench.options(),
        ),
      );
      assert.equal(failure.reason, "not-found");
      assert.equal(failure.facts.handoverUrl, null);
      assert.equal(server.count("POST"), 0);
    });

    it("that stops in the middle of its body is ended", async () => {
      const server = await bench.serve((_request, response) => {
        response.writeHead(200, { "content-length": png.length });
        response.write(png.subarray(0, 1000));
      });
      const failed = failureOf(callEndpoint(bench.request(server.origin), bench.options()));
      await bench.until(() => bench.progress.at(-1)?.receivedBytes === 1000);
      await bench.clock.advance(5 * minute);
      const failure = await failed;
      assert.equal(failure.reason, "timed-out");
      assert.match(failure.message, /nothing came for 5 minutes/);
      assert.deepEqual(bench.files(), []);
    });
  });

  describe("nothing is paid twice", () => {
    it("a POST whose connection broke is not sent again", async () => {
      const server = await bench.serve((_request, response) => response.destroy());
      const failure = await failureOf(callEndpoint(bench.request(server.origin), bench.options()));
      assert.equal(server.count("POST"), 1);
      assert.equal(failure.facts.reached, "maybe");
      assert.equal(failure.facts.containerMayGoOn, true);
      assert.match(failure.message, /was not sent again/);
    });

    it("a refused connection is tried again, and nothing was billed", async () => {
      const server = await bench.serve(() => undefined);
      const { origin } = server;
      server.close();
      const failed = failureOf(callEndpoint(bench.request(origin), bench.options()));
      for (const [lost, waitMs] of [500, 2_000].entries()) {
        await bench.until(() => bench.retries > lost);
        await bench.clock.advance(waitMs);
      }
      const failure = await failed;
      assert.equal(failure.reason, "offline");
      assert.equal(failure.facts.reached, "no");
      assert.match(failure.message, /nothing is billed/);
      assert.equal(bench.logged.length, 3);
    });

    it("429 with Retry-After waits as long as it says", async () => {
      const server = await bench.serve((_request, response) => {
        if (server.requests.length < 3)
          response.writeHead(429, { "retry-after": "7" }).end("rate limited");
        else response.end(png);
      });
      const call = callEndpoint(bench.request(server.origin), bench.options());
      for (const tries of [1, 2]) {
        await bench.until(() => bench.retries === tries);
        await bench.clock.advance(6_999);
        assert.equal(server.requests.length, tries);
        await bench.clock.advance(1);
      }
      const outcome = await call;
      assert.equal(outcome.endedAtMs - outcome.startedAtMs, 14_000);
    });

    it("429 without Retry-After is reported at once", async () => {
      const server = await bench.serve((_request, response) => response.writeHead(429).end());
      const failure = await failureOf(callEndpoint(bench.request(server.origin), bench.options()));
      assert.equal(failure.reason, "rate-limited");
      assert.equal(server.requests.length, 1);
    });

    it("a cancel before the connection stands says that nothing is billed", async () => {
      const server = await bench.serve(() => undefined);
      const failure = await failureOf(
        callEndpoint(bench.request(server.origin), bench.options({ signal: AbortSignal.abort() })),
      );
      assert.equal(failure.facts.reached, "no");
      assert.match(failure.message, /Nothing is billed/);
      assert.equal(server.requests.length, 0);
    });

    it("a cancel while the app works says that the container may go on", async () => {
      const server = await bench.serve(() => undefined);
      const cancel = new AbortController();
      const failed = failureOf(
        callEndpoint(bench.request(server.origin), bench.options({ signal: cancel.signal })),
      );
      await bench.until(() => server.requests.length === 1);
      cancel.abort();
      const failure = await failed;
      assert.equal(failure.facts.containerMayGoOn, true);
      assert.match(failure.message, /container may keep running, and is billed/);
    });

    it("a folder that is gone when the result comes is made again", async () => {
      const folder = join(bench.folder, "results");
      const server = await bench.serve((_request, response) => {
        rmSync(folder, { recursive: true });
        response.end(png);
      });
      const outcome = await callEndpoint(bench.request(server.origin, { folder }), bench.options());
      assert.equal(dirname(outcome.resultPath ?? ""), folder);
    });

    it("a folder that was replaced by a file does not lose the paid result", async () => {
      const folder = join(bench.folder, "results");
      const server = await bench.serve((_request, response) => {
        rmSync(folder, { recursive: true });
        writeFileSync(folder, "");
        response.end(png);
      });
      const outcome = await callEndpoint(bench.request(server.origin, { folder }), bench.options());
      assert.deepEqual(readFileSync(outcome.resultPath ?? ""), png);
      assert.match(outcome.remarks.join(), /cannot be written; saved in/);
    });

    it("a result that can be kept nowhere says what it cost, and is fetched again without paying twice", async () => {
      const folder = join(bench.folder, "results");
      const blocked = join(bench.folder, "no-folder");
      writeFileSync(blocked, "");
      const server = await bench.serve((request, response) => {
        if (request.method === "POST") {
          response.writeHead(303, { location: "/flux?__modal_function_call_id=fc-1" }).end();
          return;
        }
        if (server.count("GET") === 1) {
          rmSync(folder, { recursive: true });
          writeFileSync(folder, "");
        }
        response.writeHead(200, { "x-cost-usd": "0.001083" }).end(png);
      });
      const places = { folder, spareFolder: blocked };
      const failure = await failureOf(
        callEndpoint(bench.request(`${server.origin}/flux`, places), bench.options()),
      );
      assert.equal(failure.reason, "disk");
      assert.match(failure.message, /could not be saved/);
      const { reached, status, headers, handoverUrl } = failure.facts;
      assert.deepEqual([reached, status, headers["x-cost-usd"]], ["yes", 200, "0.001083"]);
      rmSync(folder);
      const outcome = await resumeCall(
        { ...bench.request(server.origin, { folder }), handoverUrl: handoverUrl ?? "" },
        bench.options(),
      );
      assert.deepEqual(readFileSync(outcome.resultPath ?? ""), png);
      assert.equal(server.count("POST"), 1);
    });

    it("a folder that cannot be written is noticed before anything is sent", async () => {
      const server = await bench.serve((_request, response) => response.end(png));
      const folder = join(bench.folder, "taken");
      writeFileSync(folder, "");
      const failure = await failureOf(
        callEndpoint(bench.request(server.origin, { folder }), bench.options()),
      );
      assert.equal(failure.reason, "disk");
      assert.equal(server.requests.length, 0);
    });
  });

  describe("secrets", () => {
    it("a token goes to its origin alone, also across a redirect", async () => {
      const server = await bench.serve((request, response) => {
        if (request.url === "/result") {
          response.end(png);
          return;
        }
        const location = request.method === "POST" ? "/again" : `${server.otherOrigin}/result`;
        response.writeHead(303, { location }).end();
      });
      const proxyToken = async (
        origin: string,
      ): Promise<{ key: string; secret: string } | undefined> =>
        origin === server.origin ? { key: "wk-1", secret: "ws-1" } : undefined;
      await callEndpoint(bench.request(server.origin), bench.options({ proxyToken }));
      assert.deepEqual(
        server.requests.map(({ headers }) => [headers["modal-key"], headers["modal-secret"]]),
        [
          ["wk-1", "ws-1"],
          ["wk-1", "ws-1"],
          [undefined, undefined],
        ],
      );
    });

    it("neither prompt, token nor the id of a call are in the log", async () => {
      const server = await bench.serve((request, response) => {
        if (request.method === "POST") {
          response.writeHead(303, { location: "/flux?__modal_function_call_id=fc-secret" }).end();
          return;
        }
        response.writeHead(500, { "content-type": "application/json" });
        response.end(
          JSON.stringify({
            error: "bad prompt: A fox in the snow",
            details: "A fox in the",
            type: "ValueError",
            path: "/flux",
          }),
        );
      });
      const failure = await failureOf(
        callEndpoint(
          bench.request(`${server.origin}/flux?prompt=A+fox`),
          bench.options({ proxyToken: async () => ({ key: "wk-1", secret: "ws-1" }) }),
        ),
      );
      const all = [...bench.logged, failure.message, failure.evidence].join("\n");
      assert.match(all, /ValueError/);
      for (const secret of [/fox/, /wk-1/, /ws-1/, /fc-secret/]) assert.doesNotMatch(all, secret);
    });
  });

  describe("redirects", () => {
    it("that never end are given up", async () => {
      const server = await bench.serve((_request, response) =>
        response.writeHead(303, { location: "/x" }).end(),
      );
      const failure = await failureOf(
        callEndpoint(bench.request(server.origin), bench.options({ limits: { maxHops: 8 } })),
      );
      assert.match(failure.message, /keeps redirecting/);
      assert.equal(server.count("POST"), 1);
      assert.equal(server.count("GET"), 8);
    });

    it("307 on the same origin repeats the POST, elsewhere it does not", async () => {
      const server = await bench.serve((request, response) => {
        const location = request.url === "/flux" ? "/flux/" : `${server.otherOrigin}/elsewhere`;
        if (request.url === "/flux" || request.url === "/away")
          response.writeHead(307, { location }).end();
        else response.end(png);
      });
      await callEndpoint(bench.request(`${server.origin}/flux`), bench.options());
      assert.equal(server.requests[1]?.body, server.requests[0]?.body);
      const failure = await failureOf(
        callEndpoint(bench.request(`${server.origin}/away`), bench.options()),
      );
      assert.match(failure.message, /has moved to/);
      assert.ok(server.requests.every(({ url }) => url !== "/elsewhere"));
    });
  });
});
