import assert from "node:assert/strict";
import type { WebFault } from "../../sim/admin/faults.ts";
import { EndpointsScene } from "../endpointsScene.ts";
import { GarbageServer } from "../garbageServer.ts";

const patient = { withinMs: 90_000 };

const minutes = 60_000;

describe("calls that fail, in a real window", function () {
  const scene = EndpointsScene.forTests();

  describe("an error says what happened and what to do", () => {
    // What is called again; a new stage has no call.
    beforeEach(async () => {
      if ((await scene.files()).some((name) => name.includes("a-fox-that-fails"))) return;
      await scene.invoke("Invoke Flux Schnell", "a fox that fails");
      await scene.untilResult("a-fox-that-fails");
      await scene.window.clearNotifications();
      scene.stage.modal.journal.clear();
    });

    let cleanUp: (() => Promise<void>) | undefined;
    afterEach(async () => {
      await cleanUp?.();
      cleanUp = undefined;
    });

    const html = { "content-type": "text/html" };
    const cases: readonly {
      readonly what: string;
      readonly fault: WebFault;
      readonly says: RegExp;
    }[] = [
      {
        what: "the function's timeout",
        fault: { kind: "platform", what: "timeout" },
        says: /ran longer than its function's timeout.*the time until then is billed.*Raise timeout=/,
      },
      {
        what: "a killed container",
        fault: { kind: "platform", what: "signal" },
        says: /was killed, most often because it ran out of memory.*memory=/,
      },
      {
        what: "a GPU out of memory",
        fault: { kind: "error", message: "CUDA out of memory. Tried to allocate 2.00 GiB" },
        says: /The GPU of "flux" ran out of memory\. Ask for a smaller size/,
      },
      {
        what: "a rate limit without a time",
        fault: { kind: "answer", status: 429, body: "rate limited" },
        says: /Too many calls at once \(HTTP 429\)\. Wait a minute/,
      },
      {
        what: "an error page",
        fault: { kind: "answer", status: 500, headers: html, body: "<html><h1>Oops</h1></html>" },
        says: /"flux" failed \(HTTP 500 with a web page\)/,
      },
      {
        what: "a page of another server in place of a result",
        fault: { kind: "body", variant: "html" },
        says: /answered with a web page, not with a result/,
      },
      {
        what: "a body that breaks off",
        fault: { kind: "body", variant: "truncated" },
        says: /connection (broke|closed) in the middle of the result/,
      },
      {
        what: "a body that is shorter than its announced length",
        fault: { kind: "body", variant: "too-long" },
        says: /connection broke in the middle of the result, after .* of /,
      },
      {
        what: "a body that is longer than its announced length",
        fault: { kind: "body", variant: "too-short" },
        says: /announced a shorter result than it sent: the file has no end/,
      },
      {
        what: "an empty body",
        fault: { kind: "body", variant: "empty" },
        says: /answered with an empty body\. Look at the app's log/,
      },
      {
        what: "a decompression bomb",
        fault: { kind: "body", variant: "gzip-bomb", megabytes: 200 },
        says: /unpacks from .* to more than .*looks like a decompression bomb and was dropped/,
      },
      {
        what: "a body of 10 GB",
        fault: { kind: "body", variant: "huge", megabytes: 10_000 },
        says: /The result is larger than the limit \(10\.5 GB of 4\.3 GB\)/,
      },
      {
        what: "a spend limit",
        fault: {
          kind: "answer",
          status: 404,
          body: "modal-http: workspace ac-1 is disabled",
        },
        says: /disabled this workspace, most often because its spend limit is reached.*modal\.com/,
      },
    ];
    for (const { what, fault, says } of cases) {
      it(what, async () => {
        const before = await scene.files();
        scene.quicken({ path: "/flux", fault });
        await scene.repeat();
        const { message } = await scene.untilError(says);
        assert.doesNotMatch(message, /a fox that fails/, "a message never holds the prompt");
        assert.equal(scene.posts().length, 1, "it is not sent again by itself");
        const added = (await scene.files()).filter((name) => !before.includes(name));
        assert.ok(
          added.every((name) => name.endsWith(".part")),
          `${added.join()} poses as a result`,
        );
      });
    }

    it("a rate limit that says when to come back is waited out", async () => {
      scene.quicken({
        path: "/flux",
        times: 1,
        fault: { kind: "answer", status: 429, headers: { "retry-after": "1" }, body: "slow down" },
      });
      await scene.invoke("Invoke Flux Schnell", "a patient fox");
      await scene.untilResult("a-patient-fox");
      assert.deepEqual(
        scene.posts().map(({ outcome }) => outcome),
        ["429", "200"],
      );
    });

    it("a result above the limit of the setting", async () => {
      await scene.setting({ "modalMeter.maxResultGibibytes": 0.000_001 });
      cleanUp = async () => scene.setting({ "modalMeter.maxResultGibibytes": undefined });
      await scene.repeat();
      await scene.untilError(/The result is larger than the limit \(.* of 1\.1 kB\)/i);
    });

    it("cost headers that are garbage spoil no result, and are quoted shortened", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "cost-headers", variant: "garbage" } });
      await scene.invoke("Invoke Flux Schnell", "a fox in the garbage");
      const result = await scene.untilResult("a-fox-in-the-garbage");
      assert.equal(result.sidecar.cost.reportedMicroUsd, null);
      const text = await scene.window.untilOutput(
        "Modal Meter Costs",
        /🔎 X-Cost-USD is not an amount.*It is not counted/,
        patient,
      );
      assert.match(text, /X-Execution-Time-Sec is not a number of seconds \("9{1,60}…"\)/);
      assert.match(text, /💰 Cost: unknown \| Time: unknown \| GPU: unknown/);
      assert.doesNotMatch(text, /NaN|undefined/);
    });

    it("an answer that is not HTTP", async () => {
      await using garbage = await GarbageServer.listen(
        "HTTP/1.1 200 OK\r\nbad header\u0001: x\r\n\r\n",
      );
      await scene.setting({ "modalMeter.endpointUrls": { flux: `${garbage.origin}/flux` } });
      await scene.repeat();
      await scene.untilError(/answered with something that is not HTTP.*was not sent again/);
      assert.equal(garbage.connections, 1);
      await scene.setting({ "modalMeter.endpointUrls": undefined });
    });

    it("a wrong URL", async () => {
      const url = `${scene.stage.modal.webUrl}/acme--gone-web/flux`;
      await scene.setting({ "modalMeter.endpointUrls": { flux: url } });
      await scene.repeat();
      await scene.untilError(/There is no endpoint at 127\.0\.0\.1:\d+\. Check the URL of "flux"/);
      await scene.setting({ "modalMeter.endpointUrls": undefined });
    });

    it("a missing proxy auth token, which is saved and then used", async () => {
      const { window, stage } = scene;
      const { workspace, webUrl } = stage.modal;
      const label = "acme--locked-web";
      stage.modal.seedApp(
        {
          name: "locked",
          functions: [
            {
              name: "web",
              queueMs: 0,
              coldStartMs: 100,
              web: [{ method: "", kind: 1, httpMethod: "", label, requiresProxyAuth: true }],
            },
          ],
        },
        0,
      );
      workspace.proxyTokens.set("wk-one", "ws-two");
      // Another origin than that of the session's own app.
      const origin = `http://localhost:${new URL(webUrl).port}`;
      await scene.setting({ "modalMeter.endpointUrls": { flux: `${origin}/${label}/flux` } });
      await scene.invoke("Invoke Flux Schnell", "a guarded fox");
      const { message, buttons } = await scene.untilError(/"flux" requires a proxy token/);
      assert.match(message, /"Modal Meter: Save Proxy Auth Token…"\. Nothing was billed\./);
      assert.ok(buttons.includes("Save Proxy Auth Token…"), buttons.join());
      await window.pressNotificationButton(/requires a proxy token/, "Save Proxy Auth Token…");
      await window.untilQuickInput(/Address of the app/, patient);
      await window.until(
        "the address that wanted it is suggested",
        async () => (await window.quickInput())?.value === origin,
      );
      await window.accept();
      await window.untilQuickInput(/Modal-Key/);
      await window.type("wk-one");
      await window.accept();
      await window.untilQuickInput(/Modal-Secret/);
      await window.type("ws-two");
      await window.accept();
      await window.untilNotification(/Saved\. It is sent to http/, patient);
      await scene.repeat();
      await scene.untilResult("a-guarded-fox");
      assert.equal(scene.posts().at(-1)?.headers["modal-key"], "wk-one");

      await window.runCommand("Modal Meter: Forget Proxy Auth Token…");
      await window.untilQuickInput(/^Forget Proxy Auth Token \|.*Address of the app/, patient);
      await window.accept();
      await window.untilNotification(`The token for ${origin} is forgotten.`, patient);
      await window.runCommand("Modal Meter: Forget Proxy Auth Token…");
      await window.untilQuickInput(/Address of the app/, patient);
      await window.accept();
      await window.untilNotification(`No token is saved for ${origin}.`, patient);
      // What was refused once is not typed for nothing again: the token comes before the prompt.
      const sent = scene.posts().length;
      await window.runCommand("Modal Meter: Invoke Flux Schnell");
      await window.untilQuickInput(/It asks for a proxy token/, patient);
      await window.screenshot("proxy-token-first");
      await window.type("wk-one");
      await window.accept();
      await window.untilQuickInput(/Modal-Secret/);
      await window.type("ws-two");
      await window.accept();
      await window.untilQuickInput("Prompt", patient);
      await window.type("a guarded hare");
      await window.accept();
      await scene.untilResult("a-guarded-hare");
      assert.equal(scene.posts().length, sent + 1, "nothing was refused");
      await scene.setting({ "modalMeter.endpointUrls": undefined });
      const app = [...workspace.cloud.apps.values()].find(({ name }) => name === "locked");
      if (app !== undefined) workspace.cloud.stopApp(app.id);
      stage.modal.sync();
    });
  });

  describe("the diagnostics log", () => {
    it("holds neither a prompt nor a secret, at its most talkative", async () => {
      const { window, stage } = scene;
      await window.runCommand("Developer: Set Log Level...");
      await window.untilQuickInput(/./, patient);
      await window.type("Modal Meter");
      await window.pick(/^Modal Meter(?! Costs)/, patient);
      await window.untilQuickInput(/log level/i, patient);
      await window.pick(/^(check )?Trace/);

      const faults: readonly WebFault[] = [
        { kind: "error", message: "no ink for a confidential lynx" },
        { kind: "answer", status: 422, body: '{"detail":"a confidential lynx is no animal"}' },
        { kind: "answer", status: 500, body: "a confidential lynx broke it" },
        { kind: "body", variant: "html" },
        { kind: "body", variant: "truncated" },
      ];
      for (const [at, fault] of faults.entries()) {
        scene.quicken({ path: "/flux", fault });
        await scene.invoke("Invoke Flux Schnell", "a confidential lynx");
        await window.until(
          `call ${at + 1} is answered`,
          async () => scene.posts()[at] !== undefined && scene.posts()[at]?.outcome !== "pending",
          patient,
        );
      }
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 4 * minutes } });
      await scene.invoke("Invoke Flux Schnell", "a confidential lynx at last");
      const posts = scene.posts().length;
      await scene.untilPending("/flux", posts);
      scene.handOver();
      await scene.untilPending("/flux", posts + 1);
      stage.modal.advance(2 * minutes);
      await scene.untilResult("a-confidential-lynx-at-last");

      const log = await window.until(
        "the log tells of the last call",
        async () => {
          const text = await scene.diagnostics();
          return /GET http\S+\/flux → 200/.test(text) ? text : undefined;
        },
        patient,
      );
      assert.match(log, /POST http\S+\/flux → 303/);
      assert.match(log, /POST http\S+\/flux → 422/);
      for (const animal of ["lynx", "fox", "heron", "badger", "otter"]) {
        assert.ok(!log.includes(animal), `"${animal}" of a prompt in the log`);
      }
      // By the id in the address of a hand-over, anybody can fetch the result.
      assert.doesNotMatch(log, /__modal_function_call_id/);
      const tokens = Object.values(stage.modal.env).filter((value) => /^(ak|as)-/.test(value));
      assert.ok(tokens.length >= 2, "the token of the editor is looked for");
      for (const secret of [...tokens, "wk-one", "ws-two"]) {
        assert.ok(!log.includes(secret), `a secret (${secret.slice(0, 2)}-…) in the log`);
      }
    });
  });

  describe("a stopped app", () => {
    it("is offered to be started, and then called", async () => {
      const { window, stage } = scene;
      const { cloud } = stage.modal.workspace;
      await window.runCommand("Modal Meter: Invoke Flux Schnell");
      await window.untilQuickInput("Prompt", patient);
      // Only now: an app that the window has already seen stopped has no address, and asks for no prompt.
      for (const app of cloud.apps.values()) if (app.state === "deployed") cloud.stopApp(app.id);
      stage.modal.sync();
      await window.type("a fox after a stop");
      await window.accept();
      // The second, when the window has seen it before the prompt was there: then nothing is sent at all.
      const stopped =
        /app behind "flux" is stopped.*Nothing was billed|No address is known for "flux"/;
      const { buttons } = await scene.untilError(stopped);
      assert.ok(buttons.includes("Start Dev Session"), buttons.join());
      await window.pressNotificationButton(stopped, "Start Dev Session");
      await window.untilNotification("flux is ready in dev mode", patient);
      await scene.repeat();
      await scene.untilResult("a-fox-after-a-stop");
    });
  });
});
