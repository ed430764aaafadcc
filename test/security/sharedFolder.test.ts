import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { silentLog } from "../unit/silentLog.ts";
import { systemClock } from "../../src/base/systemClock.ts";
import { callEndpoint } from "../../src/endpoints/call/call.ts";
import { CallFailure, type CallOutcome, type CallRequest } from "../../src/endpoints/callTypes.ts";
import { ownFolder } from "../../src/endpoints/result/ownFolder.ts";
import { EndpointServer } from "../integration/endpoints/endpointServer.ts";

const gif = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

describe("a folder that others share", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mm-shared-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function call(
    origin: string,
    more: Partial<CallRequest> & { readonly signal?: AbortSignal } = {},
  ): Promise<CallOutcome> {
    const { signal, ...rest } = more;
    return callEndpoint(
      {
        callId: "call-1",
        endpoint: "flux",
        expects: "any",
        folder: join(folder, "results"),
        prompt: null,
        method: "POST",
        url: new URL(origin),
        body: {},
        ...rest,
      },
      { clock: systemClock, log: silentLog, ...(signal === undefined ? {} : { signal }) },
    );
  }

  it("is not where a paid result goes when its own folder has gone: that is ours alone", async () => {
    const results = join(folder, "results");
    const spareFolder = join(folder, "storage", "results");
    using server = await EndpointServer.http((_request, response) => {
      // It goes bad while the app works.
      rmSync(results, { recursive: true, force: true });
      writeFileSync(results, "a file");
      response.writeHead(200, { "content-type": "image/gif" });
      response.end(gif);
    });
    const before = readdirSync(tmpdir());
    const { resultPath } = await call(server.origin, { spareFolder });
    assert.ok(resultPath !== null && resultPath.startsWith(spareFolder), String(resultPath));
    assert.ok(readFileSync(resultPath).equals(gif));
    assert.equal(statSync(spareFolder).mode & 0o777, 0o700);
    const isNew = (name: string): boolean => name.startsWith("modal-meter-results");
    assert.deepEqual(readdirSync(tmpdir()).filter(isNew), before.filter(isNew));
  });

  it("is not taken for ours because it has its name", async () => {
    const theirs = join(folder, "theirs");
    mkdirSync(theirs);
    symlinkSync(theirs, join(folder, "linked"));
    await assert.rejects(async () => ownFolder(join(folder, "linked")));
    const open = join(folder, "open");
    mkdirSync(open);
    chmodSync(open, 0o777);
    await ownFolder(open);
    assert.equal(statSync(open).mode & 0o777, 0o700, "one of ours is closed to others");
    const file = join(folder, "file");
    writeFileSync(file, "");
    await assert.rejects(async () => ownFolder(file));
    // For root, who owns that folder, it stays as it is: 0700 is not for the system's own.
    if (process.getuid?.() !== 0) await assert.rejects(async () => ownFolder("/"));
  });

  it("has us write into nothing that took our file's name meanwhile", async () => {
    const results = join(folder, "results");
    const precious = join(folder, "precious.txt");
    writeFileSync(precious, "keep me");
    using server = await EndpointServer.http((_request, response) => {
      response.writeHead(200, { "content-type": "image/gif" });
      response.write(gif.subarray(0, 10));
      const swap = (): void => {
        const part = readdirSync(results).find((name) => name.endsWith(".part"));
        if (part === undefined) {
          setImmediate(swap);
          return;
        }
        renameSync(join(results, part), join(results, "moved"));
        symlinkSync(precious, join(results, part));
        response.end(gif.subarray(10));
      };
      swap();
    });
    await assert.rejects(
      async () => call(server.origin),
      (error: unknown) => {
        assert.ok(error instanceof CallFailure);
        assert.equal(error.reason, "disk");
        assert.ok(error.message.includes(join(results, "")), "it says where to look");
        assert.equal(error.facts.keptPath, null, "what has the name now is not the result");
        return true;
      },
    );
    assert.equal(readFileSync(precious, "utf8"), "keep me");
    assert.ok(existsSync(precious));
    assert.ok(readFileSync(join(results, "moved")).equals(gif), "what was paid for is whole");
  });

  it("gets no thousands of files from a small answer, and Cancel is heard at once", async () => {
    const picture = Buffer.concat([gif, Buffer.alloc(3200)]).toString("base64");
    const body = gzipSync(JSON.stringify(Array.from({ length: 15_000 }, () => picture)));
    assert.ok(body.length < 400_000, `${body.length} bytes`);
    using server = await EndpointServer.http((_request, response) => {
      response.writeHead(200, {
        "content-type": "application/json",
        "content-encoding": "gzip",
      });
      response.end(body);
    });
    const results = join(folder, "results");
    const cancel = new AbortController();
    let cancelledAtMs = 0;
    const waitForFile = (): void => {
      const isUnderWay =
        existsSync(results) && readdirSync(results).some((name) => /_1\./.test(name));
      if (!isUnderWay) {
        setImmediate(waitForFile);
        return;
      }
      cancelledAtMs = Date.now();
      cancel.abort();
    };
    waitForFile();
    await assert.rejects(async () => call(server.origin, { signal: cancel.signal }));
    const tookMs = Date.now() - cancelledAtMs;
    assert.ok(tookMs < 1000, `${tookMs} ms`);
    assert.deepEqual(readdirSync(results), []);
    const { extractedPaths } = await call(server.origin);
    assert.equal(extractedPaths.length, 200);
    assert.equal(readdirSync(results).length, 201);
  });
});
