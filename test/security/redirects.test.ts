import assert from "node:assert/strict";
import { systemClock } from "../../src/base/systemClock.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callEndpoint } from "../../src/endpoints/call/call.ts";
import { nextHop } from "../../src/endpoints/call/redirect.ts";
import { EndpointServer } from "../integration/endpoints/endpointServer.ts";
import { silentLog } from "../unit/silentLog.ts";

const modal = { method: "GET", url: new URL("https://acme--app.modal.run/flux") } as const;

/** This machine, its network, and where clouds keep a machine's secrets, in each spelling. */
const inward = [
  "127.0.0.1 127.1 2130706433 0x7f000001 0177.0.0.1 127.0.0.1. 0.0.0.0 0 localhost localhost.",
  "LOCALHOST a.localhost 10.0.0.1 0xa000001 172.16.0.1 172.31.255.255 192.168.1.1 3232235777",
  "169.254.169.254 2852039166 0xA9FEA9FE 100.64.0.1 224.0.0.1 255.255.255.255 router nas.local",
  "metadata.google.internal [::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1]",
  "[::127.0.0.1] [::ffff:10.0.0.1] [::ffff:0:169.254.169.254] [64:ff9b::127.0.0.1]",
  "[64:ff9b::a00:1] [64:ff9b:1::1] [2002:7f00:1::] [2002:a00:1::1] [fe80::1] [fc00::1]",
  "[fd12:3456::1] [fec0::1] [ff02::1] ①②⑦.0.0.1 127。0。0。1",
].flatMap((line) => line.split(" "));

describe("an answer that sends us elsewhere", () => {
  it("reaches neither this machine nor its network, in no spelling", () => {
    for (const host of inward)
      for (const scheme of ["https", "http"])
        for (const port of ["", ":443", ":8000"])
          for (const status of [301, 303, 307]) {
            const location = `${scheme}://${host}${port}/x`;
            assert.throws(
              () => nextHop(modal, status, location),
              { reason: "bad-response" },
              location,
            );
          }
    assert.ok(inward.length > 45);
  });

  it("may lead to any server of the world, by https", () => {
    for (const host of [
      ..."b.example 8.8.8.8 172.32.0.1 100.128.0.1 11.0.0.1 192.169.0.1 [2606:4700::1]".split(" "),
      ..."[64:ff9b::808:808] [2002:808:808::1] mylocalhost.example internal.example".split(" "),
    ])
      assert.equal(nextHop(modal, 303, `https://${host}/`).url.protocol, "https:", host);
  });

  it("keeps an endpoint of this machine on its own port", async () => {
    const local = { method: "GET", url: new URL("http://127.0.0.1:8000/flux") } as const;
    assert.equal(
      nextHop(local, 303, "http://localhost:8000/y").url.href,
      "http://localhost:8000/y",
    );
    for (const elsewhere of [
      "http://127.0.0.1:9000/",
      "http://127.0.0.1/",
      "https://10.0.0.1:8000/",
    ])
      assert.throws(() => nextHop(local, 303, elsewhere), { reason: "bad-response" }, elsewhere);
    const folder = mkdtempSync(join(tmpdir(), "mm-redirect-"));
    using inner = await EndpointServer.http((_request, response) => response.end("private"));
    using outer = await EndpointServer.http((_request, response) => {
      response.writeHead(303, { location: inner.origin }).end();
    });
    await assert.rejects(
      async () =>
        callEndpoint(
          {
            callId: "call-1",
            endpoint: "flux",
            expects: "any",
            folder,
            prompt: null,
            method: "POST",
            url: new URL(outer.origin),
            body: {},
          },
          { clock: systemClock, log: silentLog },
        ),
      { reason: "bad-response" },
    );
    assert.equal(inner.requests.length, 0);
    rmSync(folder, { recursive: true });
  });
});
