import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { skip } from "../skip.ts";
import type { WebFault } from "../sim/admin/faults.ts";
import { EndpointsScene } from "./endpointsScene.ts";
import { cliFolder } from "./stage.ts";

const costs = "Modal Meter Costs";
const patient = { withinMs: 90_000 };

/** Body of a recorded request. */
const body = z.record(z.string(), z.unknown());
const bodyOf = (entry: { readonly request: Readonly<Record<string, unknown>> } | undefined) =>
  z.parse(body, entry?.request["body"]);

describe("endpoints in a real window", function () {
  let scene: EndpointsScene;

  before(async function () {
    if (!existsSync(cliFolder("current"))) {
      skip(this, "cli", "the current Modal CLI is not installed (node scripts/venv.mjs)");
    }
    scene = await EndpointsScene.set();
  });
  beforeEach(async () => {
    scene.quicken();
    scene.stage.modal.journal.clear();
    await scene.window.dismiss();
    await scene.window.clearNotifications();
  });
  after(async () => {
    await scene?.[Symbol.asyncDispose]();
  });

  describe("a call", () => {
    it("opens the image that was made, beside it what made it, and tells its cost", async () => {
      const { window } = scene;
      await scene.invoke("Invoke Flux", "a red fox in the snow");
      const result = await scene.untilResult("a-red-fox");
      assert.match(result.name, /^flux-\d{8}-\d{6}-a-red-fox-in-the-snow\.jpg$/);
      assert.equal(result.bytes.subarray(0, 3).toString("hex"), "ffd8ff");
      const { width, height } = await scene.untilPicture("a-red-fox");
      assert.deepEqual([width, height], [1024, 1024]);

      const [post, ...more] = scene.posts();
      assert.equal(more.length, 0, "one prompt is one request");
      const sent = bodyOf(post);
      assert.equal(sent["prompt"], "a red fox in the snow");
      assert.equal(typeof sent["seed"], "number");
      assert.deepEqual(result.sidecar.parameters, sent);
      assert.equal(result.sidecar.seed, sent["seed"]);
      assert.equal(result.sidecar.mode, "dev");
      assert.equal(result.sidecar.gpu, "L40S");
      assert.equal(result.sidecar.cost.billedMicroUsd, null);

      const text = await window.untilOutput(costs, /💰 Cost: \$\d\.\d{6}/);
      const [, cost = "", seconds = ""] =
        /💰 Cost: \$(\d\.\d{6}) \| Time: (\d+\.\d\d)s \| GPU: L40S @/.exec(text) ?? [];
      assert.equal(result.sidecar.cost.reportedMicroUsd, Math.round(Number(cost) * 1e6));
      assert.equal(Number(seconds), 0.6);
      assert.ok(text.includes(result.path), "the line has a link to the file");
      assert.match(text, /Session: \$0\.\d+ reported/);
      await window.screenshot("endpoints-image");
    });

    it("shows an animated WebP that moves", async () => {
      await scene.invoke("Invoke Wan2", "waves at dawn");
      const result = await scene.untilResult("waves-at-dawn");
      assert.match(result.name, /\.webp$/);
      assert.equal(result.sidecar.mediaType, "image/webp");
      const { frame, width, height } = await scene.untilPicture("waves-at-dawn");
      assert.deepEqual([width, height], [832, 480]);
      const first = await frame.locator("img").screenshot({ animations: "allow" });
      await scene.window.until("the picture moves", async () => {
        const now = await frame.locator("img").screenshot({ animations: "allow" });
        return !now.equals(first);
      });
      await scene.window.screenshot("endpoints-video");
    });

    it("remarks a header at a former price", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "cost-headers", variant: "wrong-rate" } });
      await scene.invoke("Invoke Flux", "an overpriced fox");
      await scene.untilResult("an-overpriced-fox");
      const text = await scene.untilShown(/🔎 X-Cost-USD says/);
      assert.match(text, /That is a former price for L40S/);
      assert.match(text, /Update the price in the app's cost tracker/);
    });

    it("says that a cost is unknown where the endpoint does not tell it", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "cost-headers", variant: "none" } });
      await scene.invoke("Invoke Flux", "a silent fox");
      const result = await scene.untilResult("a-silent-fox");
      assert.equal(result.sidecar.cost.reportedMicroUsd, null);
      const text = await scene.untilShown(/unknown.*🔎 The response has no X-Cost-USD header/);
      assert.doesNotMatch(text, /NaN|undefined|null/);
    });

    it("takes the selected text as prompt", async () => {
      const { window } = scene;
      await writeFile(join(scene.stage.workspace, "prompts.txt"), "a heron that was selected\n");
      await window.page.keyboard.press("ControlOrMeta+p");
      await window.type("prompts.txt");
      await window.pick(/prompts\.txt/, patient);
      await window.until("the file is open", async () =>
        (await window.openEditors()).some((name) => name.startsWith("prompts")),
      );
      await window.until(
        "the text has the focus",
        async () => (await window.page.locator(".part.editor .monaco-editor.focused").count()) > 0,
      );
      await window.page.keyboard.press("ControlOrMeta+a");
      await window.runCommand("Modal Meter: Invoke with Selection");
      const offered = await window.untilQuickInput("Which one?", patient);
      assert.ok(offered.items.length >= 6, offered.items.join("\n"));
      await window.pick(/^Flux Schnell/);
      await scene.untilResult("a-heron-that-was-selected");
      assert.equal(bodyOf(scene.posts()[0])["prompt"], "a heron that was selected");
    });

    it("repeats the last call with the same values", async () => {
      const { window } = scene;
      await window.runCommand("Modal Meter: Invoke Endpoint…");
      await window.untilQuickInput("Which one?", patient);
      await window.pick(/^Flux Schnell/);
      await window.untilQuickInput("Prompt");
      await window.type("an owl with many steps");
      await window.accept();
      const values = await window.untilQuickInput("Send, or pick a value to change");
      const shown = values.items.join("\n");
      for (const label of [
        "Prompt",
        "Negative prompt",
        "Width in pixels",
        "Height in pixels",
        "Steps",
        "CFG scale",
        "Seed",
      ]) {
        assert.ok(
          values.items.some((item) => item.startsWith(label)),
          `${label} in\n${shown}`,
        );
      }
      await window.pick(/^Steps/);
      await window.untilQuickInput("Steps");
      await window.type("0");
      await window.untilQuickInput(/1 or more|at least 1|between 1/);
      await window.type("8");
      await window.accept();
      await window.untilQuickInput("Send, or pick a value to change");
      await window.pick(/^Seed/);
      await window.untilQuickInput(/Seed/);
      await window.type("1234");
      await window.accept();
      const changed = await window.untilQuickInput("Send, or pick a value to change");
      assert.ok(
        changed.items.some((item) => /^Steps.*8/.test(item)),
        changed.items.join("\n"),
      );
      await window.pick(/Send/);
      await scene.untilResult("an-owl");
      const [first] = scene.posts();
      assert.equal(bodyOf(first)["steps"], 8);
      assert.equal(bodyOf(first)["seed"], 1234);

      await scene.repeat();
      await window.until(
        "a second request is answered",
        async () => scene.posts()[1]?.outcome === "200",
        patient,
      );
      assert.deepEqual(bodyOf(scene.posts()[1]), bodyOf(first));
    });

    it("sends a picked file as it is, and keeps its name in the provenance", async () => {
      const { window } = scene;
      const face = await scene.untilResult("a-red-fox");
      await window.runCommand("Modal Meter: Invoke Flux InstantID");
      await window.untilQuickInput("Prompt", patient);
      await window.type("a portrait");
      await window.accept();
      await window.untilQuickInput(/Reference image/, patient);
      await window.type(face.path);
      // The dialog looks at the path while it is typed, and takes Enter when it is done.
      await window.until(
        "the file is picked",
        async () => {
          const open = await window.quickInput();
          if (open === undefined || !open.title.includes("Reference image")) return true;
          await window.accept();
          return false;
        },
        { ...patient, everyMs: 500 },
      );
      const result = await scene.untilResult("a-portrait");
      const sent = bodyOf(scene.posts("/flux-instantid")[0]);
      assert.equal(
        sent["reference_image"],
        `data:image/jpeg;base64,${face.bytes.toString("base64")}`,
      );
      assert.match(JSON.stringify(result.sidecar.parameters["reference_image"]), /a-red-fox/);
    });

    it("asks above the limit, and sends nothing when the answer is no", async () => {
      const { window } = scene;
      await scene.setting({ "modalMeter.askAboveUsd": 0.001 });
      await scene.invoke("Invoke Flux", "a costly fox");
      await window.pressDialogButton("Cancel", patient);
      await scene.invoke("Invoke Flux", "a costly fox");
      const dialog = await window.until("the question", async () => window.dialog(), patient);
      assert.match(dialog.message, /Flux Schnell will cost about \$0\.\d+\. Call it\?/);
      assert.match(dialog.message, /of it is the idle tail after the call/);
      assert.equal(scene.posts().length, 0);
      await window.pressDialogButton("Call");
      await scene.untilResult("a-costly-fox");
      assert.equal(scene.posts().length, 1);
      await scene.setting({ "modalMeter.askAboveUsd": undefined });
    });
  });

  describe("results", () => {
    const rows = async (): Promise<readonly string[]> =>
      scene.window.page
        .locator(".pane:has(.pane-header:has-text('Results')) .monaco-list-row")
        .allInnerTexts();
    const untilRows = async (what: string, fits: (texts: readonly string[]) => boolean) =>
      scene.window.until(
        `the results view shows ${what}`,
        async () => {
          const texts = await rows();
          return fits(texts) ? texts : undefined;
        },
        { ...patient, describe: async () => (await rows()).join("\n") },
      );
    const filter = async (text: string): Promise<void> => {
      await scene.window.page.locator(".pane-header:has-text('Results')").hover();
      await scene.window.page.locator('.pane-header [aria-label="Filter Results…"]').click();
      await scene.window.untilQuickInput(/least cost/);
      await scene.window.type(text);
      await scene.window.accept();
    };
    const menu = async (row: string, entry: string): Promise<void> => {
      await scene.window.page
        .locator(".pane:has(.pane-header:has-text('Results')) .monaco-list-row")
        .filter({ hasText: row })
        .first()
        .click({ button: "right" });
      const action = scene.window.page.locator(`.monaco-menu .action-label[aria-label="${entry}"]`);
      await action.waitFor();
      // A click in the menu's first moments is taken for the end of the one that opened it.
      await scene.window.until(`"${entry}" is chosen`, async () => {
        if ((await action.count()) === 0) return true;
        await action.click({ timeout: 1000 });
        return false;
      });
    };

    it("are listed with their costs, and filtered by prompt and by cost", async () => {
      await scene.window.runCommand("Modal Meter: Show Results");
      const all = await untilRows("all", (texts) => texts.length >= 6);
      assert.match(
        all.find((text) => text.includes("a red fox in the snow")) ?? "",
        /flux · \$0\.0003/,
      );
      assert.match(all.find((text) => text.includes("a silent fox")) ?? "", /cost unknown/);
      await scene.window.screenshot("endpoints-results");
      await filter("FOX red");
      await untilRows(
        "one fox",
        (texts) => texts.length === 1 && (texts[0] ?? "").includes("a red fox"),
      );
      await filter(">0.0001");
      const known = await untilRows("known costs", (texts) => texts.length > 1);
      assert.ok(!known.some((text) => text.includes("a silent fox")));
      await filter("");
      await untilRows("all again", (texts) => texts.length === all.length);
    });

    it("are made once more with the same seed, and put into Markdown", async () => {
      const before = await scene.untilResult("a-red-fox");
      await menu("a red fox in the snow", "Repeat with This Seed");
      await scene.window.until(
        "the repeated call is answered",
        async () => scene.posts()[0]?.outcome === "200",
        patient,
      );
      assert.deepEqual(bodyOf(scene.posts()[0]), before.sidecar.parameters);
      await untilRows(
        "two of them",
        (texts) => texts.filter((text) => text.includes("a red fox")).length === 2,
      );
      const names = (await scene.files()).filter((name) => /a-red-fox.*\.jpg$/.test(name));
      const [one, two] = await Promise.all(
        names.map(async (name) => readFile(join(scene.stage.workspace, "modal-results", name))),
      );
      assert.ok(one !== undefined && two?.equals(one), "the same seed makes the same image");
      await menu("a silent fox", "Insert as Markdown");
      await scene.window.untilNotification("The Markdown is on the clipboard.", patient);
    });

    it("are deleted with their provenance, after a question", async () => {
      const { name } = await scene.untilResult("a-silent-fox");
      await menu("a silent fox", "Delete Result");
      await scene.window.pressDialogButton("Move to Trash", patient);
      await untilRows(
        "it no more",
        (texts) => !texts.some((text) => text.includes("a silent fox")),
      );
      assert.deepEqual(
        (await scene.files()).filter((one) => one.startsWith(name)),
        [],
      );
    });
  });

  describe("an endpoint of the user's own", () => {
    it("comes from the settings, and a refused value is named", async () => {
      const { window } = scene;
      await scene.setting({
        "modalMeter.endpoints": [
          {
            name: "sketch",
            title: "Sketch",
            route: "/flux",
            expects: "image",
            fields: [
              { kind: "text", name: "prompt", required: true, prompt: true },
              { kind: "integer", name: "steps", default: 4 },
            ],
          },
        ],
      });
      await window.runCommand("Modal Meter: Invoke Endpoint…");
      await window.pick(/^Sketch/, patient);
      await window.untilQuickInput("prompt");
      await window.type("a sketched fox");
      await window.accept();
      await window.pick(/^steps/, patient);
      await window.untilQuickInput("steps");
      await window.type("500");
      await window.accept();
      await window.pick(/Send/, patient);
      const { message } = await scene.untilError(/"sketch" refused "steps"/);
      assert.doesNotMatch(message, /a sketched fox/);
      await window.runCommand("Modal Meter: Invoke Endpoint…");
      await window.pick(/^Sketch/, patient);
      await window.untilQuickInput("prompt");
      await window.accept();
      await window.pick(/^steps/, patient);
      await window.untilQuickInput("steps");
      await window.type("6");
      await window.accept();
      await window.pick(/Send/, patient);
      const result = await scene.untilResult("a-sketched-fox");
      assert.match(result.name, /^sketch-/);
      assert.deepEqual(result.sidecar.parameters, { prompt: "a sketched fox", steps: 6 });
    });

    it("comes from an OpenAPI document, with no code", async () => {
      const { window } = scene;
      await window.runCommand("Modal Meter: Add Endpoints from OpenAPI…");
      await window.until(
        "the address of the session's app is suggested",
        async () => {
          const open = await window.quickInput();
          return /^http:\/\/127\.0\.0\.1:\d+\/[\w-]+\/openapi\.json$/.test(open?.value ?? "");
        },
        patient,
      );
      await window.accept();
      const found = await window.untilQuickInput(/Which endpoints\?/, patient);
      assert.equal(found.items.length, 8, found.items.join("\n"));
      await window.accept();
      await window.untilNotification(
        /Added: .*health.*They are in Invoke Endpoint… now\./,
        patient,
      );
      await scene.untilOffered(/^Health/);
      await window.runCommand("Modal Meter: Invoke Endpoint…");
      await window.pick(/^Health/, patient);
      await window.pick(/Send/, patient);
      const result = await scene.untilResult("health-");
      assert.deepEqual(JSON.parse(result.bytes.toString("utf8")), { status: "healthy" });
      await scene.setting({ "modalMeter.endpoints": undefined });
    });
  });

  describe("an error says what happened and what to do", () => {
    before(async () => {
      scene.quicken();
      await scene.invoke("Invoke Flux", "a fox that fails");
      await scene.untilResult("a-fox-that-fails");
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
        says: /"flux" failed \(HTTP 500\) with a web page/,
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
      await scene.invoke("Invoke Flux", "a patient fox");
      await scene.untilResult("a-patient-fox");
      assert.deepEqual(
        scene.posts().map(({ outcome }) => outcome),
        ["429", "200"],
      );
    });

    it("a wrong URL", async () => {
      const url = `${scene.stage.modal.webUrl}/acme--gone-web/flux`;
      await scene.setting({ "modalMeter.endpointUrls": { flux: url } });
      await scene.repeat();
      await scene.untilError(
        /Modal knows no endpoint at 127\.0\.0\.1:\d+\. Check the URL of "flux"/,
      );
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
      await scene.invoke("Invoke Flux", "a guarded fox");
      const { message, buttons } = await scene.untilError(/"flux" wants a proxy token/);
      assert.match(message, /"Modal Meter: Save Proxy Auth Token…"\. Nothing was billed\./);
      assert.ok(buttons.includes("Save Proxy Auth Token…"), buttons.join());
      await window.pressNotificationButton(/wants a proxy token/, "Save Proxy Auth Token…");
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
      await scene.setting({ "modalMeter.endpointUrls": undefined });
      const app = [...workspace.world.apps.values()].find(({ name }) => name === "locked");
      if (app !== undefined) workspace.world.stopApp(app.id);
      stage.modal.sync();
    });
  });

  describe("a long call", () => {
    const minutes = 60_000;

    it("may stay silent, and says that it waits", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 140_000 } });
      await scene.invoke("Invoke Flux", "a silent heron");
      await scene.untilPending("/flux", 1);
      await scene.window.untilNotification(/Flux Schnell: waiting… [2-9]\.\d s/, patient);
      scene.stage.modal.advance(145_000);
      await scene.untilResult("a-silent-heron");
      assert.deepEqual([scene.posts().length, scene.requests("GET", "/flux").length], [1, 0]);
    });

    it("follows six hand-overs by GET", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 15.5 * minutes } });
      await scene.invoke("Invoke Flux", "a heron over six hills");
      for (let request = 1; request <= 6; request += 1) {
        await scene.untilPending("/flux", request);
        scene.handOver();
      }
      await scene.untilPending("/flux", 7);
      await scene.window.untilNotification(/hand-over 6\. A reload does not lose it/, patient);
      scene.stage.modal.advance(minutes);
      const result = await scene.untilResult("a-heron-over-six-hills");
      assert.deepEqual([scene.posts().length, scene.requests("GET", "/flux").length], [1, 6]);
      await scene.untilPicture("a-heron-over-six-hills");
      // 930 s of an L40S at $1.95/h.
      assert.equal(result.sidecar.cost.reportedMicroUsd, Math.round((930 * 1.95e6) / 3600));
    });

    it("is picked up after a reload, and never sent again", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 4 * minutes } });
      await scene.invoke("Invoke Flux", "a heron that survives a reload");
      await scene.untilPending("/flux", 1);
      scene.handOver();
      await scene.untilPending("/flux", 2);
      await scene.window.reload();
      await scene.untilPending("/flux", 3);
      scene.stage.modal.advance(2 * minutes);
      const result = await scene.untilResult("a-heron-that-survives-a-reload");
      assert.equal(scene.posts().length, 1);
      assert.deepEqual(result.sidecar.parameters, bodyOf(scene.posts()[0]));
      await scene.untilPicture("a-heron-that-survives-a-reload");
    });

    it("is picked up after its extension host was killed, and never sent again", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 4 * minutes } });
      await scene.invoke("Invoke Flux", "a heron that survives a crash");
      await scene.untilPending("/flux", 1);
      scene.handOver();
      await scene.untilPending("/flux", 2);
      await scene.window.killExtensionHost();
      await scene.window.reload();
      await scene.untilPending("/flux", 3);
      scene.stage.modal.advance(2 * minutes);
      await scene.untilResult("a-heron-that-survives-a-crash");
      assert.equal(scene.posts().length, 1);
      await scene.untilPicture("a-heron-that-survives-a-crash");
    });

    it("says when it is cancelled that the container goes on", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 1 * minutes } });
      await scene.invoke("Invoke Flux", "a cancelled heron");
      await scene.untilPending("/flux", 1);
      await scene.window.pressNotificationButton(/Flux Schnell/, "Cancel");
      const { severity } = await scene.window.untilNotification(
        /Cancelled here\. The request had reached Modal, so its container may go on and is billed/,
        patient,
      );
      assert.equal(severity, "warning");
      scene.stage.modal.advance(2 * minutes);
    });

    it("that was cancelled after its hand-over can be followed again", async () => {
      const { window } = scene;
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 4 * minutes } });
      await scene.invoke("Invoke Flux", "a heron that comes back");
      await scene.untilPending("/flux", 1);
      scene.handOver();
      await scene.untilPending("/flux", 2);
      await window.pressNotificationButton(/Flux Schnell/, "Cancel");
      await window.untilNotification(/Cancelled here\. Modal still works on the call/, patient);
      await window.runCommand("Modal Meter: Follow Call Again…");
      await window.untilQuickInput("Which call? Nothing is paid twice.", patient);
      await window.pick(/^flux/);
      await scene.untilPending("/flux", 3);
      scene.stage.modal.advance(2 * minutes);
      await scene.untilResult("a-heron-that-comes-back");
      assert.equal(scene.posts().length, 1);
    });
  });

  describe("a stopped app", () => {
    it("is offered to be started, and then called", async () => {
      const { window, stage } = scene;
      const { world } = stage.modal.workspace;
      for (const app of world.apps.values()) if (app.state === "deployed") world.stopApp(app.id);
      stage.modal.sync();
      await scene.invoke("Invoke Flux", "a fox after a stop");
      // The second, when the window has already seen that nothing runs: then nothing is sent at all.
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
