import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { skip } from "../skip.ts";
import type { WebFault } from "../sim/admin/faults.ts";
import { EndpointsScene } from "./endpointsScene.ts";
import { GarbageServer } from "./garbageServer.ts";
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
      // Its line in the app's log is the same call: told once, counted once.
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

    it("runs a workflow file from the explorer's context menu", async () => {
      const { window } = scene;
      const workflow = {
        "3": { class_type: "KSampler", inputs: { seed: 7, steps: 4, model: ["4", 0] } },
        "4": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "base.safetensors" } },
      };
      await writeFile(join(scene.stage.workspace, "castle-api.json"), JSON.stringify(workflow));
      await scene.explorerMenu("castle-api.json", "Invoke Workflow");
      const result = await scene.untilResult("workflow-");
      assert.match(result.name, /^workflow-\d{8}-\d{6}\.jpg$/);
      const [post, ...more] = scene.posts("/workflow");
      assert.equal(more.length, 0);
      assert.deepEqual(bodyOf(post)["workflow"], workflow);
      // Named, not copied.
      assert.match(
        String(result.sidecar.parameters["workflow"]),
        /^castle-api\.json \(\d+ bytes\)$/,
      );
      await scene.untilPicture("workflow-");
      await window.screenshot("endpoints-workflow");
    });

    it("refuses a workflow of ComfyUI's editor, and says which export to take", async () => {
      await writeFile(
        join(scene.stage.workspace, "castle-editor.json"),
        JSON.stringify({ last_node_id: 4, nodes: [{ id: 3, type: "KSampler" }], links: [] }),
      );
      await scene.explorerMenu("castle-editor.json", "Invoke Workflow");
      await scene.untilError(
        /castle-editor\.json is a workflow of ComfyUI's editor.*Export \(API\)/,
      );
      assert.equal(scene.posts("/workflow").length, 0);
    });

    it("makes a file of an image inside JSON, and opens it", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "body", variant: "base64-json" } });
      await scene.invoke("Invoke Flux", "a wrapped fox");
      const result = await scene.untilResult("a-wrapped-fox");
      assert.match(result.name, /^flux-\d{8}-\d{6}-a-wrapped-fox\.json$/);
      const image = result.name.replace(/\.json$/, "_1.jpg");
      assert.ok((await scene.files()).includes(image), (await scene.files()).join());
      const bytes = await readFile(join(result.path, "..", image));
      assert.equal(bytes.subarray(0, 3).toString("hex"), "ffd8ff");
      const text = result.bytes.toString("utf8");
      assert.match(
        text,
        /^\{\n {2}"image": "\[saved as flux-.*_1\.jpg, \d+ bytes\]",\n {2}"format"/,
      );
      const { width, height } = await scene.untilPicture("a-wrapped-fox_1");
      assert.deepEqual([width, height], [1024, 1024]);
    });

    it("asks above the limit, and sends nothing when the answer is no", async () => {
      const { window } = scene;
      await scene.setting({ "modalMeter.askAboveUsd": 0.001 });
      await scene.invoke("Invoke Flux", "a costly fox");
      await window.pressDialogButton("Cancel", patient);
      await scene.invoke("Invoke Flux", "a costly fox");
      const dialog = await window.until("the question", async () => window.dialog(), patient);
      assert.match(dialog.message, /Flux Schnell will cost about \$0\.\d+\. Call it\?/);
      assert.match(dialog.message, /\$\d+\.\d\d left of this (?:week|month)'s \$(?:100|500)\.00/);
      assert.match(dialog.message, /of it is the idle tail after the call/);
      assert.equal(scene.posts().length, 0);
      await window.pressDialogButton("Call");
      await scene.untilResult("a-costly-fox");
      assert.equal(scene.posts().length, 1);
      await scene.setting({ "modalMeter.askAboveUsd": undefined });
    });

    it("asks by the typical time that the settings give to an endpoint of the user's own", async () => {
      const { window } = scene;
      const train = { name: "train", title: "Train", route: "/flux", expects: "image" };
      await scene.setting({
        "modalMeter.endpoints": [{ ...train, typicalSeconds: [3600, 7200] }],
      });
      await window.runCommand("Modal Meter: Invoke Endpoint…");
      const offered = await window.untilQuickInput("Which one?", patient);
      const row = offered.items.find((item) => item.startsWith("Train")) ?? "";
      assert.match(row, /typically 3600 to 7200 s · \$1\.95 to \$3\.90/);
      await window.pick(/^Train/, patient);
      await window.untilQuickInput("prompt");
      await window.type("a slow fox");
      await window.accept();
      await window.pick(/Send/, patient);
      const dialog = await window.until("the question", async () => window.dialog(), patient);
      assert.match(dialog.message, /Train will cost about \$3\.9\d\. Call it\?/);
      await window.screenshot("asks-by-typical-time");
      await window.pressDialogButton("Cancel", patient);
      assert.equal(scene.posts().length, 0);
      await scene.setting({ "modalMeter.endpoints": undefined });
    });

    it("is told once: its line in the app's log is not another call, whatever its headers said", async () => {
      const { window } = scene;
      const { sidecar } = await scene.untilResult("a-silent-fox");
      // A call of somebody else, which takes as long as none of this window's did.
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 1770 } });
      const answer = await fetch(z.parse(z.url(), sidecar["url"]), {
        method: "POST",
        body: JSON.stringify({ prompt: "a fox of a teammate" }),
      });
      assert.equal(answer.status, 200);
      const logged = async (): Promise<readonly string[]> =>
        (await scene.costLines()).filter((line) => line.includes("from its log"));
      await window.until(
        "the teammate's call is told",
        async () => (await logged()).some((line) => line.includes("Time: 1.77s")),
        patient,
      );
      assert.equal((await logged()).length, 1, (await scene.costLines()).join("\n"));
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

    it("learn what their container cost when its tail is over, also after a reload", async () => {
      const { window } = scene;
      await scene.invoke("Invoke Flux", "a priced fox");
      const { sidecar } = await scene.untilResult("a-priced-fox");
      const { reportedMicroUsd } = sidecar.cost;
      assert.ok(reportedMicroUsd !== null);
      assert.equal(sidecar.cost.meteredMicroUsd, null, "its container still runs");
      await window.reload();
      await window.untilStatus("modalMeter.status", /dev · 1 app/, patient);
      await window.runCommand("Modal Meter: Release GPUs");
      await window.untilNotification(/Released 1 GPU container/, patient);
      const metered = await window.until(
        "the metered cost lies beside the result",
        async () => {
          const { cost } = (await scene.untilResult("a-priced-fox")).sidecar;
          return cost.meteredMicroUsd ?? undefined;
        },
        patient,
      );
      assert.ok(metered > reportedMicroUsd, `${metered} > ${reportedMicroUsd}`);
      await window.clearNotifications();
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

  describe("results outside the workspace", () => {
    after(async () => scene.setting({ "modalMeter.resultsFolder": undefined }));

    it("appear, and go, without a look of anybody", async () => {
      const { window } = scene;
      const outside = join(scene.stage.workspace, "..", "pictures", "of today");
      const shown = async (): Promise<string> =>
        (
          await window.page
            .locator(".pane:has(.pane-header:has-text('Results')) .monaco-list-row")
            .allInnerTexts()
        ).join("\n");
      await scene.setting({ "modalMeter.resultsFolder": outside });
      await window.runCommand("Modal Meter: Show Results");
      await window.until("nothing is there yet", async () => (await shown()) === "", patient);
      await scene.invoke("Invoke Flux", "a fox abroad");
      const appears = async (): Promise<boolean> => (await shown()).includes("a fox abroad");
      await window.until("the result is listed", appears, patient);
      await window.screenshot("endpoints-results-outside");
      for (const name of await readdir(outside)) await rm(join(outside, name));
      await window.until("it is listed no more", async () => !(await appears()), patient);
      await scene.setting({ "modalMeter.resultsFolder": undefined });
      await window.until(
        "those of the workspace are back",
        async () => (await shown()).includes("a red fox"),
        patient,
      );
    });
  });

  describe("several calls", () => {
    after(async () =>
      scene.setting({
        "modalMeter.maxParallelCalls": undefined,
        "modalMeter.maxResultGibibytes": undefined,
      }),
    );
    const minutes = 60_000;
    const queued = async (): Promise<readonly string[]> =>
      (await scene.window.notifications())
        .map(({ message }) => message)
        .filter((message) => message.includes("queued:"));
    const untilQueued = async (texts: readonly RegExp[]): Promise<void> => {
      await scene.window.until(
        `the queue is ${texts.join()}`,
        async () => {
          // A toast is put away after a while; this finds it in the centre.
          if (texts.length > 0) await scene.window.untilNotification(/queued:/, patient);
          const found = await queued();
          return (
            found.length === texts.length &&
            texts.every((text) => found.some((message) => text.test(message)))
          );
        },
        { ...patient, describe: async () => scene.window.describe() },
      );
    };
    const next = /Flux Schnell: queued: next in line\. Nothing is sent yet\./;

    it("wait in a queue, can be cancelled there with nothing spent, and survive the error of one", async () => {
      const { window } = scene;
      await scene.setting({ "modalMeter.maxParallelCalls": 1 });
      scene.quicken(
        { path: "/flux", times: 1, fault: { kind: "error", message: "the brush is dry" } },
        { path: "/flux", times: 1, fault: { kind: "duration", ms: minutes } },
      );
      await scene.invoke("Invoke Flux", "a queued fox that fails");
      await scene.untilPending("/flux", 1);
      await scene.invoke("Invoke Flux", "a queued fox that leaves");
      await untilQueued([next]);
      await scene.invoke("Invoke Flux", "a queued fox that arrives");
      await untilQueued([next, /queued: 1 call ahead\. Nothing is sent yet\./]);
      await window.screenshot("endpoints-queue");
      assert.equal(scene.posts().length, 1);

      await window.pressNotificationButton(next, "Cancel");
      await untilQueued([next]);
      assert.equal(scene.posts().length, 1);
      scene.stage.modal.advance(2 * minutes);
      await scene.untilError(/the brush is dry/);
      await scene.untilResult("a-queued-fox-that-arrives");
      assert.deepEqual(
        scene.posts().map((entry) => bodyOf(entry)["prompt"]),
        ["a queued fox that fails", "a queued fox that arrives"],
      );
      await window.untilOutput(
        costs,
        /⏹️ Not sent: flux\. Cancelled while it waited for its turn\. Nothing was sent/,
      );
    });

    it("begin at once when the setting grows, as many as it says", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: minutes } });
      await scene.invoke("Invoke Flux", "a hare of many");
      await scene.untilPending("/flux", 1);
      await scene.invoke("Invoke Flux", "an otter of many");
      await untilQueued([next]);
      await scene.setting({ "modalMeter.maxParallelCalls": undefined });
      await scene.untilPending("/flux", 2);
      await untilQueued([]);
      scene.stage.modal.advance(2 * minutes);
      await scene.untilResult("a-hare-of-many");
      await scene.untilResult("an-otter-of-many");
      assert.equal(scene.posts().length, 2);
    });

    it("that wait are sent away by a release of the GPUs, not sent after it", async () => {
      const { window } = scene;
      await scene.setting({ "modalMeter.maxParallelCalls": 1 });
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: minutes } });
      await scene.invoke("Invoke Flux", "a badger at work");
      await scene.untilPending("/flux", 1);
      await scene.invoke("Invoke Flux", "a badger in line");
      await untilQueued([next]);
      await window.runCommand("Modal Meter: Release GPUs");
      await window.untilOutput(
        costs,
        /Not sent: flux\. Removed from the queue because the apps were stopped/,
      );
      await untilQueued([]);
      scene.stage.modal.advance(2 * minutes);
      await window.until("the first is over", async () => scene.posts()[0]?.outcome !== "pending");
      await scene.setting({ "modalMeter.maxParallelCalls": undefined });
      await scene.invoke("Invoke Flux", "a badger after all");
      await scene.untilResult("a-badger-after-all");
      assert.ok(!scene.posts().some((entry) => bodyOf(entry)["prompt"] === "a badger in line"));
    });

    it("are refused by name where a limit is no number that can be", async () => {
      await scene.setting({ "modalMeter.maxParallelCalls": 0 });
      await scene.invoke("Invoke Flux", "a refused fox");
      const { buttons } = await scene.untilError(
        /The setting modalMeter\.maxParallelCalls is wrong: must be 1 or more \(it is 0\)/,
      );
      assert.ok(buttons.includes("Open Settings"), buttons.join());
      await scene.setting({
        "modalMeter.maxParallelCalls": undefined,
        "modalMeter.maxResultGibibytes": -4,
      });
      await scene.repeat();
      await scene.untilError(
        /The setting modalMeter\.maxResultGibibytes is wrong: must be above 0/,
      );
      assert.equal(scene.posts().length, 0);
      await scene.setting({ "modalMeter.maxResultGibibytes": undefined });
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

    it("has no words that become a command's link: not in its questions, nor while it runs", async () => {
      const { window } = scene;
      const link = "[Fix it](command:workbench.action.quit)";
      await scene.setting({
        "modalMeter.endpoints": [
          {
            name: "bait",
            title: `Bait ${link}`,
            route: "/flux",
            expects: "image",
            fields: [{ kind: "text", name: "prompt", description: link, required: true }],
          },
        ],
      });
      scene.quicken({ path: "/flux", fault: { kind: "delay", ms: 4000 } });
      await window.runCommand("Modal Meter: Invoke Endpoint…");
      await window.pick(/^Bait/, patient);
      await window.untilQuickInput(/Fix it/, patient);
      await window.screenshot("no-link-in-question");
      assert.equal(await window.page.locator(".quick-input-widget a[href^='command:']").count(), 0);
      await window.type("a baited fox");
      await window.accept();
      await window.pick(/Send/, patient);
      const { message } = await window.untilNotification(/Bait .*Fix it/, patient);
      assert.match(message, /\[Fix it\] \(command:workbench\.action\.quit\)/);
      assert.equal(await window.page.locator(".notification-list-item-message a").count(), 0);
      await scene.untilResult("a-baited-fox");
      scene.quicken();
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
      await scene.invoke("Invoke Flux", "a patient fox");
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
      await scene.invoke("Invoke Flux", "a fox in the garbage");
      const result = await scene.untilResult("a-fox-in-the-garbage");
      assert.equal(result.sidecar.cost.reportedMicroUsd, null);
      const text = await scene.untilShown(/🔎 X-Cost-USD is not an amount.*It is not counted/);
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
      await scene.setting({ "modalMeter.endpointUrls": undefined });
      const app = [...workspace.cloud.apps.values()].find(({ name }) => name === "locked");
      if (app !== undefined) workspace.cloud.stopApp(app.id);
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
      // The header claims 930 s of a request that took seconds by this machine's clock, which was not moved.
      assert.equal(result.sidecar.cost.reportedMicroUsd, null);
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

  describe("the diagnostics log", () => {
    it("holds neither a prompt nor a secret, at its most talkative", async () => {
      const { window, stage } = scene;
      await window.runCommand("Developer: Set Log Level...");
      await window.untilQuickInput(/./, patient);
      await window.type("Modal Meter");
      await window.pick(/^Modal Meter(?! Costs)/, patient);
      await window.untilQuickInput(/log level/i, patient);
      await window.pick(/^(check )?Trace/);

      const minutes = 60_000;
      const faults: readonly WebFault[] = [
        { kind: "error", message: "no ink for a confidential lynx" },
        { kind: "answer", status: 422, body: '{"detail":"a confidential lynx is no animal"}' },
        { kind: "answer", status: 500, body: "a confidential lynx broke it" },
        { kind: "body", variant: "html" },
        { kind: "body", variant: "truncated" },
      ];
      for (const [at, fault] of faults.entries()) {
        scene.quicken({ path: "/flux", fault });
        await scene.invoke("Invoke Flux", "a confidential lynx");
        await window.until(
          `call ${at + 1} is answered`,
          async () => scene.posts()[at] !== undefined && scene.posts()[at]?.outcome !== "pending",
          patient,
        );
      }
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 4 * minutes } });
      await scene.invoke("Invoke Flux", "a confidential lynx at last");
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
      for (const app of cloud.apps.values()) if (app.state === "deployed") cloud.stopApp(app.id);
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
