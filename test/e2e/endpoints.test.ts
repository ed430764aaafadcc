import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { bodyOf, EndpointsScene } from "./endpointsScene.ts";

const costs = "Modal Meter Costs";
const patient = { withinMs: 90_000 };

const minutes = 60_000;

describe("endpoints in a real window", function () {
  const scene = EndpointsScene.forTests();

  describe("a call", () => {
    it("asks above the limit, also before anything was called, and sends nothing when the answer is no", async () => {
      const { window } = scene;
      await scene.setting({ "modalMeter.askAboveUsd": 0.001 });
      await scene.invoke("Invoke Flux Schnell", "a costly fox");
      await window.pressDialogButton("Cancel", patient);
      await scene.invoke("Invoke Flux Schnell", "a costly fox");
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

    it("opens the image that was made, beside it what made it, and tells its cost", async () => {
      const { window } = scene;
      await scene.invoke("Invoke Flux Schnell", "a red fox in the snow");
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
      await scene.invoke("Invoke Wan 2.1", "waves at dawn");
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
      await scene.invoke("Invoke Flux Schnell", "an overpriced fox");
      await scene.untilResult("an-overpriced-fox");
      const text = await scene.window.untilOutput(costs, /🔎 X-Cost-USD says/, patient);
      assert.match(text, /That is a former price for L40S/);
      assert.match(text, /Update the price in the app's cost tracker/);
      // Its line in the app's log is the same call: told once, counted once.
    });

    it("says that a cost is unknown where the endpoint does not tell it", async () => {
      scene.quicken({ path: "/flux", fault: { kind: "cost-headers", variant: "none" } });
      await scene.invoke("Invoke Flux Schnell", "a silent fox");
      const result = await scene.untilResult("a-silent-fox");
      assert.equal(result.sidecar.cost.reportedMicroUsd, null);
      const text = await scene.window.untilOutput(
        costs,
        /unknown[^]*🔎 The response has no X-Cost-USD header/,
        patient,
      );
      assert.doesNotMatch(text, /NaN|undefined|null/);
    });

    it("takes the selected text as prompt", async () => {
      const { window } = scene;
      await scene.openText("prompts.txt", "a heron that was selected\n");
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

    it("takes no editor away from somebody who types, and looks at its container at once", async () => {
      const { window, stage } = scene;
      // Virtual minutes: it is not over before the person has typed, however slow the machine is.
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: 2 * minutes } });
      await scene.openText("notes.txt", "");
      await scene.invoke("Invoke Flux Schnell", "a crane while I write");
      await scene.untilPending("/flux", 1);
      stage.modal.journal.clear();
      const text = window.page.locator(".part.editor .monaco-editor");
      await text.first().click();
      await window.page.keyboard.type("nine char");
      await window.until(
        "its container is looked for",
        async () => stage.modal.journal.count({ name: "TaskList" }) >= 2,
        { withinMs: 40_000 },
      );
      stage.modal.advance(2 * minutes);
      const told = await window.untilToast(/^Flux Schnell is ready · \$0\.\d+$/, patient);
      assert.deepEqual(told.buttons, ["Open"]);
      await window.screenshot("result-while-typing");
      assert.match(await text.first().locator(".view-lines").innerText(), /nine.char/);
      await scene.untilResult("a-crane");
      await window.pressNotificationButton(/is ready/, "Open");
      await scene.untilPicture("a-crane");
      await window.runCommand("View: Revert and Close Editor");
      await window.runCommand("File: Revert File");
      await window.runCommand("View: Close All Editors");
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
      const face = await scene.redFox();
      await window.runCommand("Modal Meter: Invoke Flux InstantID");
      await window.untilQuickInput("Prompt", patient);
      await window.type("a portrait");
      await window.accept();
      await window.enterPath(/Reference image/, face.path, patient);
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
      await scene.invoke("Invoke Flux Schnell", "a wrapped fox");
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

    it("asks by the typical time that the settings give to an endpoint that the user added", async () => {
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

    it("is counted once: its line in the app's log is not another call, whatever its headers said", async () => {
      const { window } = scene;
      const { sidecar } = await scene.silentFox();
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

    it("takes the editor once of several that are under way, and offers the others in one toast", async () => {
      const { window, stage } = scene;
      await scene.setting({ "modalMeter.maxParallelCalls": 3 });
      scene.quicken({ path: "/flux", fault: { kind: "duration", ms: minutes } });
      for (const [at, bird] of ["a first stork", "a second stork", "a third stork"].entries()) {
        await scene.invoke("Invoke Flux Schnell", bird);
        await scene.untilPending("/flux", at + 1);
      }
      stage.modal.advance(2 * minutes);
      const told = await window.untilToast(/^2 results are ready · \$0\.\d+$/, patient);
      assert.deepEqual(told.buttons, ["Open"]);
      const storks = async (): Promise<readonly string[]> =>
        (await window.openEditors()).filter((name) => name.includes("stork"));
      assert.equal((await storks()).length, 1, "one took the editor");
      await window.screenshot("results-open-once");
      assert.equal((await window.notifications()).length, 1, "and one toast is there");
      await window.pressNotificationButton(/are ready/, "Open");
      await window.until("all are open", async () => (await storks()).length === 3, patient);
      await window.runCommand("View: Close All Editors");
      await scene.setting({ "modalMeter.maxParallelCalls": undefined });
      // The others of its containers would be in the way of tests that count them.
      await window.runCommand("Modal Meter: Release GPUs");
      await window.untilNotification(/Released [2-9] GPU containers/, patient);
    });
  });

  describe("results", () => {
    beforeEach(async () => scene.window.runCommand("Modal Meter: Show Results"));

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
      await scene.window.untilQuickInput(/minimum cost/);
      await scene.window.type(text);
      await scene.window.accept();
    };
    const menu = async (row: string, entry: string): Promise<void> =>
      scene.window.chooseInMenu(
        scene.window.page
          .locator(".pane:has(.pane-header:has-text('Results')) .monaco-list-row")
          .filter({ hasText: row })
          .first(),
        entry,
      );

    it("are listed with their costs, and filtered by prompt and by cost", async () => {
      await scene.redFox();
      await scene.silentFox();
      const made = await scene.results();
      const all = await untilRows(
        `all ${made.length}`,
        (texts) =>
          texts.length === made.length &&
          ["a red fox", "a silent fox"].every((words) =>
            texts.some((text) => text.includes(words)),
          ),
      );
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
      const priced = all.filter((text) => !text.includes("cost unknown"));
      await untilRows(
        `${priced.length} known costs`,
        (texts) =>
          texts.length === priced.length &&
          texts.some((text) => text.includes("a red fox")) &&
          !texts.some((text) => text.includes("a silent fox")),
      );
      await filter("");
      await untilRows("all again", (texts) => texts.length === all.length);
    });

    it("learn what their container cost when its tail is over, also after a reload", async () => {
      const { window } = scene;
      await scene.invoke("Invoke Flux Schnell", "a priced fox");
      const { sidecar } = await scene.untilResult("a-priced-fox");
      const { reportedMicroUsd } = sidecar.cost;
      assert.ok(reportedMicroUsd !== null);
      assert.equal(sidecar.cost.meteredMicroUsd, null, "its container still runs");
      await window.reload();
      await window.untilStatus("modalMeter.status", /dev · 1 app/, patient);
      await window.runCommand("Modal Meter: Release GPUs");
      await window.untilNotification(/Released 1 GPU container\b/, patient);
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
      const before = await scene.redFox();
      await scene.silentFox();
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
      const { name } = await scene.silentFox();
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
      await scene.redFox();
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
      await scene.invoke("Invoke Flux Schnell", "a fox abroad");
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

  describe("an endpoint that the user added", () => {
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
      const flux = found.items.find((item) => item.includes("/flux"));
      assert.match(flux ?? "", /replaces the built-in endpoint of this name/);
      await window.screenshot("import-says-what-it-replaces");
      await window.accept();
      // What takes another's place is not ticked.
      await window.untilQuickInput(/^((?!Replaced).)*Where are they kept\?/, patient);
      await window.pick(/^User Settings/, patient);
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
});
