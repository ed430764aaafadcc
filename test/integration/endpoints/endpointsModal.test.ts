import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { headerValue, readCostHeaders } from "../../../src/cost/reported/headers.ts";
import { callEndpoint, resumeCall } from "../../../src/endpoints/call/call.ts";
import { CallFailure, type CallOutcome } from "../../../src/endpoints/callTypes.ts";
import { emptyCall } from "../../../src/cost/call.ts";
import { ratesInForce } from "../../../src/cost/rates/rates.ts";
import { LogLineAssembler } from "../../../src/cost/reported/logLineAssembler.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import { LoggedCalls } from "../../../src/session/logs/loggedCalls.ts";
import { succeeded } from "../../../src/ui/calls/records.ts";
import { silentLog } from "../../unit/silentLog.ts";
import { testControl } from "../modal/controlAdapters.ts";
import { builtInEndpoints } from "../../../src/endpoints/catalogue/catalogue.ts";
import type { Endpoint } from "../../../src/endpoints/catalogue/endpoint.ts";
import { resolveUrl } from "../../../src/endpoints/catalogue/endpointUrl.ts";
import { fetchOpenApi } from "../../../src/endpoints/call/openApiFetch.ts";
import { buildRequest, type FieldValues } from "../../../src/endpoints/call/requestBody.ts";
import type { BodyVariant, WebFault } from "../../sim/admin/faults.ts";
import { startLocalModal, type LocalModal } from "../../sim/localModal.ts";
import type { App } from "../../sim/model/entities.ts";
import { CallBench, png } from "./endpointServer.ts";

const label = "acme--acme-pictures-fastapi-app";
const prompt = "A fox in the snow";
const values: Readonly<Record<string, FieldValues>> = {
  "flux-instantid": { reference_image: `data:image/png;base64,${png.toString("base64")}` },
  "flux-lora": { lora_id: "ink" },
  workflow: { workflow: { "1": { class_type: "KSampler", inputs: {} } } },
};

describe("endpoints on Local Modal", () => {
  let modal: LocalModal;
  let app: App;
  let bench: CallBench;

  beforeEach(async () => {
    bench = new CallBench();
    modal = await startLocalModal({ speed: 0, startMs: bench.clock.nowMs() });
    app = deploy(false);
  });
  afterEach(async () => {
    bench.dispose();
    await modal.stop();
  });

  function deploy(requiresProxyAuth: boolean): App {
    const web = [{ method: "", kind: 1, httpMethod: "", label, requiresProxyAuth }];
    const gpu = { type: "L40S", count: 1 };
    return modal.seedApp(
      { name: "pictures", functions: [{ name: "fastapi_app", gpu, web, timeoutMs: 3_600_000 }] },
      1,
    );
  }

  function start(
    endpoint: Endpoint,
    more: { signal?: AbortSignal; token?: { key: string; secret: string } } = {},
  ): Promise<CallOutcome> {
    const { url } = resolveUrl(endpoint, {
      perEndpoint: {},
      base: () => "",
      deployed: [
        {
          functionName: "fastapi_app",
          url: `${modal.webUrl}/${label}`,
        },
      ],
    });
    const own = buildRequest(endpoint, url, { prompt, ...values[endpoint.name] }, Math.random);
    const { expects, name } = endpoint;
    const { signal, token } = more;
    return callEndpoint(
      bench.request(own.url.href, { endpoint: name, expects, body: own.body, method: own.method }),
      bench.options({
        ...(signal === undefined ? {} : { signal }),
        ...(token === undefined ? {} : { proxyToken: async () => token }),
      }),
    );
  }

  /** Lets Modal's virtual time pass, a second at a time, until the call has an end. */
  async function finish<T>(call: Promise<T>): Promise<T> {
    const ended = { is: false };
    const mark = (): void => {
      ended.is = true;
    };
    call.then(mark, mark);
    await bench.until(() => {
      // While a body is on its way there is nothing to wait for on Modal's side.
      if (bench.progress.at(-1)?.phase !== "receiving") modal.advance(1_000);
      return ended.is;
    });
    return call;
  }

  function endpoint(name: string): Endpoint {
    const found = builtInEndpoints.find((each) => each.name === name);
    assert.ok(found);
    return found;
  }

  async function failureOf(call: Promise<CallOutcome>): Promise<CallFailure> {
    const outcome = await finish(call).catch((error: unknown) => error);
    assert.ok(outcome instanceof CallFailure, String(outcome));
    return outcome;
  }

  function fault(what: WebFault): void {
    modal.faults.addWeb({ path: "/flux", fault: what });
  }

  for (const each of builtInEndpoints) {
    it(`${each.name} gives a file of its kind and says what it cost`, async () => {
      const outcome = await finish(start(each));
      const extension = extname(outcome.resultPath ?? "");
      assert.ok([".jpg", ".png", ".webp"].includes(extension), extension);
      const cost = headerValue(readCostHeaders(outcome.headers).cost);
      assert.ok(cost !== null && cost > 0);
      assert.equal(modal.journal.count({ kind: "web", name: "POST" }), 1);
    });
  }

  for (const tells of ["Modal's id of it", "its figures and the clocks"] as const) {
    it(`is one call with its line in the log, by ${tells}`, async () => {
      modal.switches.tellsCallId = tells === "Modal's id of it";
      const { ledger } = await openLedger(":memory:");
      const control = testControl({ mode: "sdk", cli: null, env: modal.env });
      const known = { scope: "acme/main", source: "editor", status: "running" } as const;
      // The bench's own clock stands still while Modal's goes on.
      const startedAtMs = bench.clock.nowMs() - 600_000;
      const running = emptyCall({ ...known, callId: "own", startedAtMs });
      // Its address is in the settings: whose app it is, nobody knows.
      ledger.upsertCall(running);
      const outcome = await finish(start(endpoint("flux")));
      const nowMs = modal.clock.nowMs();
      const { call } = succeeded(running, outcome, { containerGpu: null, rates: ratesInForce() });
      ledger.upsertCall(call);
      const parts = { ledger, clock: bench.clock, log: silentLog, rates: () => ratesInForce() };
      const app1 = { scope: "acme/main", appId: app.id, appName: "pictures" };
      const logged = new LoggedCalls(app1, { ...parts, onCall: () => assert.fail("another's") });
      const lines = new LogLineAssembler(app.id);
      const range = { sinceMs: nowMs - 600_000, untilMs: nowMs + 1000 };
      for (const chunk of await control.fetchLogs(app.id, range)) logged.add(lines.add(chunk));
      const [only, ...others] = ledger.calls({});
      assert.deepEqual(others, []);
      assert.equal(only?.appId, app.id);
      assert.ok(only.logLineId?.startsWith(`log/${app.id}/ta-`));
      assert.match(only.functionCallId ?? "", /^fc-/);
      ledger.dispose();
    });
  }

  it("follows six hand-overs; the work is asked for once", async () => {
    fault({ kind: "duration", ms: 6 * 150_000 + 100_000 });
    const outcome = await finish(start(endpoint("flux")));
    assert.equal(bench.handovers.length, 6);
    assert.equal(modal.journal.count({ kind: "web", name: "POST" }), 1);
    assert.equal(modal.journal.count({ kind: "web", name: "GET" }), 6);
    const seconds = headerValue(readCostHeaders(outcome.headers).executionSeconds);
    assert.ok(seconds !== null && seconds >= 900, String(seconds));
  });

  it("is picked up after a reload; the work is asked for once", async () => {
    fault({ kind: "duration", ms: 400_000 });
    const window = new AbortController();
    const first = start(endpoint("flux"), { signal: window.signal });
    const failed = failureOf(first);
    await bench.until(() => bench.handovers.length === 1);
    window.abort();
    const { facts } = await failed;
    assert.equal(facts.handoverUrl, bench.handovers[0]);
    modal.journal.clear();
    const outcome = await finish(
      resumeCall(
        { ...bench.request(modal.webUrl), handoverUrl: facts.handoverUrl ?? "" },
        bench.options(),
      ),
    );
    assert.ok(readFileSync(outcome.resultPath ?? "").length > 0);
    assert.equal(modal.journal.count({ kind: "web", name: "POST" }), 0);
  });

  it("reads endpoints from the app's own OpenAPI document, and calls one", async () => {
    const url = new URL(`${modal.webUrl}/${label}/openapi.json`);
    const found = await finish(fetchOpenApi(url, bench.options()));
    const flux = found.endpoints.find(({ route }) => route === "/flux");
    assert.ok(flux);
    assert.deepEqual(
      found.endpoints.map(({ url: own }) => own?.startsWith(`${modal.webUrl}/${label}/`)),
      found.endpoints.map(() => true),
    );
    const outcome = await finish(start(flux));
    assert.equal(outcome.status, 200);
  });

  it("says of a stopped app that it is stopped, and that nothing was billed", async () => {
    modal.workspace.cloud.stopApp(app.id);
    modal.sync();
    const failure = await failureOf(start(endpoint("flux")));
    assert.equal(failure.reason, "endpoint-stopped");
    assert.equal(failure.facts.reached, "no");
  });

  it("says what else Modal says, in words", async () => {
    modal.workspace.disabled = true;
    assert.equal((await failureOf(start(endpoint("flux")))).reason, "spend-limit");
    modal.workspace.disabled = false;
    for (const [what, reason] of [
      ["timeout", "timed-out"],
      ["signal", "endpoint-failed"],
      ["lost", "endpoint-failed"],
    ] as const) {
      modal.faults.addWeb({ path: "/flux", times: 1, fault: { kind: "platform", what } });
      const failure = await failureOf(start(endpoint("flux")));
      assert.equal(failure.reason, reason);
      assert.equal(failure.facts.reached, "yes");
    }
    modal.faults.addWeb({
      path: "/flux",
      times: 1,
      fault: { kind: "error", message: "No node KSampler" },
    });
    assert.match((await failureOf(start(endpoint("flux")))).message, /No node KSampler/);
    const lora: Endpoint = {
      ...endpoint("flux-lora"),
      fixed: {},
      fields: endpoint("flux-lora").fields.map((field) => ({ ...field, required: false })),
    };
    assert.match((await failureOf(start({ ...lora, name: "no-lora" }))).message, /lora_id/);
  });

  it("opens a protected endpoint with the saved token alone", async () => {
    modal.workspace.cloud.stopApp(app.id);
    deploy(true);
    modal.workspace.proxyTokens.set("wk-1", "ws-1");
    assert.equal((await failureOf(start(endpoint("flux")))).reason, "missing-proxy-auth");
    const wrong = { key: "wk-1", secret: "ws-2" };
    assert.equal(
      (await failureOf(start(endpoint("flux"), { token: wrong }))).reason,
      "missing-proxy-auth",
    );
    const outcome = await finish(
      start(endpoint("flux"), { token: { key: "wk-1", secret: "ws-1" } }),
    );
    assert.equal(outcome.status, 200);
  });

  const bodies: readonly (readonly [BodyVariant, "result" | "failure"])[] = [
    ["too-short", "failure"],
    ["too-long", "failure"],
    ["truncated", "failure"],
    ["html", "failure"],
    ["gzip-bomb", "failure"],
    ["empty", "failure"],
    ["chunked", "result"],
    ["base64-json", "result"],
    ["wrong-type", "result"],
    ["path-name", "result"],
  ];
  for (const [variant, expected] of bodies) {
    it(`a body that is "${variant}" is a ${expected}, and no part of one poses as a result`, async () => {
      fault({ kind: "body", variant, ...(variant === "gzip-bomb" ? { megabytes: 200 } : {}) });
      const call = start(endpoint("flux"));
      if (expected === "failure") {
        const failure = await failureOf(call);
        assert.equal(failure.reason, "bad-response");
        assert.deepEqual(
          bench.files().filter((name) => !name.endsWith(".part")),
          [],
        );
      } else {
        const outcome = await finish(call);
        assert.deepEqual(
          bench.files().filter((name) => name.endsWith(".part")),
          [],
        );
        assert.ok((outcome.resultPath ?? "").startsWith(bench.folder));
      }
    });
  }
});
