import assert from "node:assert/strict";
import {
  costHeaderVariants,
  type BodyVariant,
  type CostHeaderVariant,
} from "../../sim/admin/faults.ts";
import { startLocalModal, type LocalModal } from "../../sim/localModal.ts";
import type { App, WebSpec } from "../../sim/model/entities.ts";

const MINUTE = 60_000;

describe("Local Modal's web endpoints", () => {
  let local: LocalModal;
  let app: App;
  let base: string;

  beforeEach(async () => {
    local = await startLocalModal({ speed: 0 });
    app = local.seedApp(
      {
        name: "flux",
        functions: [
          {
            name: "web",
            gpu: { type: "L40S", count: 1 },
            timeoutMs: 30 * MINUTE,
            queueMs: 1000,
            coldStartMs: 40_000,
            web: [web("acme--flux-web")],
          },
        ],
      },
      0,
    );
    base = `${local.webUrl}/acme--flux-web`;
  });
  afterEach(() => local.stop());

  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(base + path, {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });

  /** Lets a request arrive, then as much virtual time pass as it needs. */
  const answered = async (request: Promise<Response>, ms = 2 * MINUTE): Promise<Response> => {
    const before = local.workspace.cloud.fleet.inputs.size;
    await until(() => local.workspace.cloud.fleet.inputs.size > before);
    local.advance(ms);
    return request;
  };

  it("makes a JPEG that costs what its headers say, and a container that costs more", async () => {
    const response = await answered(
      post("/flux", { prompt: "a red fox", width: 256, height: 128 }),
    );
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "image/jpeg");
    const [container] = local.workspace.cloud.fleet.containers.values();
    const [input] = local.workspace.cloud.fleet.inputs.values();
    assert.ok(container && input);
    const seconds = ((input.finishedAtMs ?? 0) - (input.startedAtMs ?? 0)) / 1000;
    assert.equal(response.headers.get("x-execution-time-sec"), seconds.toFixed(3));
    assert.equal(response.headers.get("x-cost-usd"), ((seconds * 1.95) / 3600).toFixed(6));
    assert.equal(response.headers.get("x-gpu-type"), "L40S");
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.deepEqual([...bytes.subarray(0, 2), ...bytes.subarray(-2)], [0xff, 0xd8, 0xff, 0xd9]);
    assert.ok(
      Number(response.headers.get("x-cost-usd")) * 5 < (local.workspace.cloud.bill()[0]?.usd ?? 0),
    );
    const line = app.logs.at(-1)?.text ?? "";
    const cost = response.headers.get("x-cost-usd") ?? "";
    assert.equal(line, `💰 Cost: $${cost} | Time: ${seconds.toFixed(2)}s | GPU: L40S @ $${cost}\n`);
  });

  it("makes an animated WebP of the frames that were asked for", async () => {
    const response = await answered(
      post("/wan2", { prompt: "waves", width: 96, height: 64, length: 5 }),
    );
    assert.equal(response.headers.get("content-type"), "image/webp");
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.equal(bytes.toString("latin1", 0, 4) + bytes.toString("latin1", 8, 16), "RIFFWEBPVP8X");
    assert.equal(bytes.readUInt32LE(4) + 8, bytes.length);
    assert.equal(bytes.toString("latin1").split("ANMF").length - 1, 5);
  });

  it("draws another picture for another prompt or seed, and the same one again", async () => {
    const draw = async (prompt: string, seed: number): Promise<string> => {
      const response = await answered(post("/flux", { prompt, seed, width: 64, height: 64 }));
      return Buffer.from(await response.arrayBuffer()).toString("base64");
    };
    const fox = await draw("fox", 1);
    assert.equal(await draw("fox", 1), fox);
    assert.notEqual(await draw("fox", 2), fox);
    assert.notEqual(await draw("owl", 1), fox);
  });

  it("refuses bad input as the app would, and bills the container all the same", async () => {
    const cases: [string, unknown, number, RegExp][] = [
      ["/flux", {}, 422, /"loc":\["body","prompt"\].*Field required/],
      ["/flux", "{", 422, /JSON decode error/],
      ["/flux", { prompt: "x", width: "wide" }, 422, /"loc":\["body","width"\]/],
      ["/flux-lora", { prompt: "x" }, 400, /lora_id is required/],
      ["/flux-lora", { prompt: "x", lora_id: "missing-1" }, 404, /LoRA not found: missing-1/],
      [
        "/flux-instantid",
        { prompt: "x", reference_image: "<no base64>" },
        500,
        /"error":.*"details":.*"type":"ValueError","path":"\/flux-instantid"/,
      ],
      ["/workflow", { workflow: {} }, 500, /"path":"\/workflow"/],
      ["/nowhere", {}, 404, /Not Found/],
    ];
    for (const [path, body, status, text] of cases) {
      const response = await answered(post(path, body));
      assert.equal(response.status, status, path);
      assert.match(await response.text(), text);
      assert.equal(response.headers.get("x-cost-usd"), null);
    }
    const wrong = await answered(fetch(`${base}/flux`));
    assert.equal(wrong.status, 405);
    assert.ok((local.workspace.cloud.bill()[0]?.units ?? 0n) > 0n);
  });

  it("hands a long call over again and again, and runs it once", async () => {
    local.faults.addWeb({
      path: "/wan2",
      method: "POST",
      fault: { kind: "duration", ms: 15 * MINUTE },
    });
    let response = await answered(
      post("/wan2", { prompt: "long", width: 64, height: 64, length: 2 }),
      151_000,
    );
    let hops = 0;
    while (response.status === 303) {
      hops += 1;
      const next = response.headers.get("location") ?? "";
      assert.match(next, /\/wan2\?__modal_function_call_id=fc-[0-9A-Z]{26}$/);
      assert.equal(new URL(next).origin, local.webUrl);
      if (hops === 1) {
        const again = await fetch(next, { method: "POST", body: "{}", redirect: "manual" });
        assert.equal(again.status, 400);
        assert.equal(await again.text(), "modal-http: bad redirect method");
      }
      const before = local.journal.count({ kind: "web", name: "GET" });
      const waiting = fetch(next, { redirect: "manual" });
      await until(() => local.journal.count({ kind: "web", name: "GET" }) > before);
      local.advance(151_000);
      response = await waiting;
    }
    assert.equal(hops, 6);
    assert.equal(response.status, 200);
    await response.arrayBuffer();
    assert.equal(local.workspace.cloud.fleet.inputs.size, 1);
    assert.equal(app.logs.length, 1);
    const expired = await fetch(`${base}/wan2?__modal_function_call_id=fc-nothing`);
    assert.equal(expired.status, 408);
  });

  it("answers for what Modal refuses itself, and starts nothing", async () => {
    local.workspace.disabled = true;
    const disabled = await post("/flux", { prompt: "x" });
    assert.deepEqual(
      [disabled.status, await disabled.text()],
      [404, `modal-http: workspace ${local.workspace.id} is disabled`],
    );
    local.workspace.disabled = false;
    const unknown = await fetch(`${local.webUrl}/acme--no-such-app/flux`);
    assert.deepEqual(
      [unknown.status, await unknown.text()],
      [404, "modal-http: invalid function call"],
    );
    local.workspace.cloud.stopApp(app.id);
    const stopped = await post("/flux", { prompt: "x" });
    assert.deepEqual(
      [stopped.status, await stopped.text()],
      [404, "modal-http: app for invoked web endpoint is stopped"],
    );
    assert.equal(local.workspace.cloud.fleet.containers.size, 0);
  });

  it("lets only proxy tokens through where the function asks for them", async () => {
    local.seedApp(
      {
        name: "safe",
        functions: [{ name: "web", web: [{ ...web("acme--safe"), requiresProxyAuth: true }] }],
      },
      1,
    );
    local.workspace.proxyTokens.set("wk-1", "ws-1");
    const ask = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${local.webUrl}/acme--safe/health`, { headers });
    for (const headers of [
      {},
      { "Modal-Key": "wk-1", "Modal-Secret": "wrong" },
      { Authorization: "Bearer wk-1.no" },
    ]) {
      const refused = await ask(headers);
      assert.equal(refused.status, 401);
      assert.equal(await refused.text(), "modal-http: missing credentials for proxy authorization");
    }
    assert.equal(local.workspace.cloud.fleet.inputs.size, 0);
    for (const headers of [
      { "Modal-Key": "wk-1", "Modal-Secret": "ws-1" },
      { Authorization: "Bearer wk-1.ws-1" },
    ])
      assert.equal((await answered(ask(headers))).status, 200);
  });

  it("limits the rate with Retry-After", async () => {
    local.switches.rateLimit = 0;
    const response = await post("/flux", { prompt: "x" });
    assert.deepEqual([response.status, response.headers.get("retry-after")], [429, "1"]);
  });

  it("times a function out, and loses it when its app is stopped", async () => {
    local.faults.addWeb({ path: "/flux", fault: { kind: "duration", ms: 31 * MINUTE }, times: 1 });
    const request = post("/flux", { prompt: "x" });
    const handed = await answered(request, 151_000);
    const location = handed.headers.get("location") ?? "";
    local.advance(30 * MINUTE);
    const late = await fetch(location);
    assert.deepEqual(
      [late.status, await late.text()],
      [500, "modal-http: internal error: function execution timed out"],
    );
    const second = post("/flux", { prompt: "y" });
    await until(() => local.workspace.cloud.fleet.inputs.size === 2);
    local.workspace.cloud.stopApp(app.id);
    const lost = await second;
    assert.equal(lost.status, 500);
    assert.match(await lost.text(), /terminated by signal/);
  });

  it("spoils cost headers in each way", async () => {
    const seen = new Map<CostHeaderVariant, string | null>();
    for (const variant of costHeaderVariants) {
      const id = local.faults.addWeb({ fault: { kind: "cost-headers", variant } });
      const response = await answered(post("/flux", { prompt: "x", width: 64, height: 64 }));
      assert.equal(response.status, 200);
      seen.set(
        variant,
        [
          response.headers.get("x-cost-usd"),
          response.headers.get("x-execution-time-sec"),
          response.headers.get("x-gpu-type"),
        ].join(" "),
      );
      await response.arrayBuffer();
      local.faults.remove(id);
    }
    assert.equal(new Set(seen.values()).size, costHeaderVariants.length);
    assert.match(seen.get("negative") ?? "", /^-0\.00/);
    assert.match(seen.get("wrong-gpu") ?? "", /H100$/);
  });

  it("spoils bodies in each way", async () => {
    const read = async (
      variant: BodyVariant,
      megabytes?: number,
    ): Promise<{ size: number; failed: boolean; type: string | null }> => {
      const id = local.faults.addWeb({
        fault: { kind: "body", variant, ...(megabytes === undefined ? {} : { megabytes }) },
      });
      const response = await answered(post("/flux", { prompt: "x", width: 64, height: 64 }));
      local.faults.remove(id);
      const type = response.headers.get("content-type");
      try {
        return { size: (await response.arrayBuffer()).byteLength, failed: false, type };
      } catch {
        return { size: 0, failed: true, type };
      }
    };
    const whole = await read("chunked");
    assert.ok(whole.size > 100 && !whole.failed);
    assert.equal((await read("truncated")).failed, true);
    assert.equal((await read("too-long")).failed, true);
    assert.equal((await read("empty")).size, 0);
    assert.equal((await read("html")).type, "text/html");
    assert.equal((await read("huge", 3)).size, whole.size + 3 * 1024 * 1024);
    assert.equal((await read("gzip-bomb", 8)).size, 8 * 1024 * 1024);
    assert.equal((await read("base64-json")).type, "application/json");
    assert.equal((await read("too-short")).size < whole.size, true);
  });

  it("hangs, closes and answers in place of the app", async () => {
    local.faults.addWeb({ times: 1, fault: { kind: "close" } });
    await assert.rejects(post("/flux", { prompt: "x" }));
    local.faults.addWeb({ times: 1, fault: { kind: "answer", status: 503, body: "no container" } });
    const busy = await post("/flux", { prompt: "x" });
    assert.deepEqual([busy.status, await busy.text()], [503, "no container"]);
    local.faults.addWeb({ times: 1, fault: { kind: "hang" } });
    const abort = new AbortController();
    const silent = fetch(base, { signal: abort.signal });
    await until(() => local.journal.count({ kind: "web" }) === 3);
    abort.abort();
    await assert.rejects(silent);
    await until(() => local.journal.entries({ kind: "web" })[2]?.outcome === "aborted");
    assert.equal(local.workspace.cloud.fleet.inputs.size, 0);
  });

  it("counts what was asked", async () => {
    await answered(post("/flux", { prompt: "count me", width: 64, height: 64 }));
    const [entry] = local.journal.entries({
      kind: "web",
      name: "POST",
      path: "/flux",
      appId: app.id,
    });
    assert.equal(local.journal.count({ kind: "web" }), 1);
    assert.equal(JSON.stringify(entry?.request["body"]).includes("count me"), true);
  });

  it("describes its routes", async () => {
    const response = await answered(fetch(`${base}/openapi.json`));
    const text = await response.text();
    for (const path of [
      "/flux",
      "/flux-dev",
      "/flux-instantid",
      "/flux-lora",
      "/wan2",
      "/workflow",
    ])
      assert.ok(text.includes(`"${path}"`));
  });
});

function web(label: string): WebSpec {
  return { method: "", kind: 1, httpMethod: "GET", label, requiresProxyAuth: false };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo())
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
}
