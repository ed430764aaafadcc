import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import * as z from "zod/mini";
import { until } from "../host/until.ts";
import { Stage } from "./stage.ts";

/** Longer than Node's own fetch waits for the first byte of an answer (300 s, in the extension host too). */
const silentMs = 310_000;
const patient = { withinMs: 90_000, everyMs: 250 };
/** One white pixel. */
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII=",
  "base64",
);

/** Answered never: on a busy machine the timer of Node's fetch runs slower than the clock. */
const neverPath = "/fetch";

/** Says nothing for five minutes and ten seconds, and then answers. */
function silentServer(posts: string[]): Server {
  return createServer((request, response) => {
    posts.push(request.url ?? "");
    request.resume();
    if (request.url === neverPath) return;
    const timer = setTimeout(() => {
      response.writeHead(200, {
        "content-type": "image/png",
        "x-cost-usd": "0.167917",
        "x-execution-time-sec": "310.000",
        "x-gpu-type": "L40S",
      });
      response.end(png);
    }, silentMs);
    response.on("close", () => clearTimeout(timer));
  });
}

describe("a call in real time, in a real window", () => {
  it("outlives five minutes without a byte, where fetch gives up", async function () {
    this.timeout(silentMs + 240_000);
    this.retries(0);
    const posts: string[] = [];
    const server = silentServer(posts);
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const { port } = z.parse(z.object({ port: z.number() }), server.address());
    const origin = `http://127.0.0.1:${port}`;
    await using stage = await Stage.set({ settings: { "modalMeter.endpointBaseUrl": origin } });
    try {
      const window = await stage.host.open();
      await window.untilStatus("modalMeter.status", /nothing running/, patient);
      const startedAtMs = performance.now();
      await window.runCommand("Modal Meter: Invoke Flux Schnell");
      await window.untilQuickInput("Prompt");
      await window.type("a patient fox");
      await window.accept();
      await until("the call is sent", () => posts.includes("/flux"), patient);
      const byFetch = fetch(`${origin}${neverPath}`).then(
        () => "an answer",
        (error: unknown) => String(error instanceof Error ? error.cause : error),
      );
      await window.untilNotification(/Flux Schnell: waiting…/, patient);
      const result = await window.until(
        "the result is saved",
        async () => (await stage.results()).find((name) => name.endsWith(".png")),
        { withinMs: silentMs + 60_000, everyMs: 1000 },
      );
      assert.match(result, /a-patient-fox/);
      assert.ok(performance.now() - startedAtMs >= silentMs);
      assert.deepEqual(
        posts.filter((path) => path === "/flux"),
        ["/flux"],
        "sent once",
      );
      const costs = await window.untilOutput("Modal Meter Costs", /💰 Cost: \$0\.167917/, patient);
      assert.match(costs, /Time: 310\.00s .* flux, 5 min \d+ s in all/);
      assert.match(await byFetch, /HeadersTimeoutError/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
