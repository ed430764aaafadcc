import assert from "node:assert/strict";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EditorWindow } from "../host/window.ts";
import { liveApps, startDev, status } from "./mainJobSteps.ts";
import { cliFolder, needCli, Stage } from "./stage.ts";

const costs = "Modal Meter Costs";

async function invokeFlux(window: EditorWindow, prompt: string): Promise<void> {
  await window.runCommand("Modal Meter: Invoke Flux Schnell");
  await window.untilQuickInput("Prompt");
  await window.type(prompt);
  await window.accept();
}

const callsOf = (stage: Stage) =>
  stage.modal.journal.entries({}).filter(({ kind, path }) => kind === "web" && path === "/flux");

describe("the main job", function () {
  let stage: Stage | undefined;

  before(async function () {
    needCli(this);
    stage = await Stage.set();
  });
  after(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  it("starts a dev session, generates an image, shows its cost, and proves that nothing runs any more", async () => {
    assert.ok(stage);
    const window = await stage.host.open();
    await startDev(window);
    assert.deepEqual(liveApps(stage), ["flux"]);

    // A click on the status bar offers what makes sense now: to stop, before anything else.
    await window.clickStatusBarItem(status);
    const menu = await window.untilQuickInput("What now?");
    assert.match(menu.items[0] ?? "", /Stop All Apps/);
    assert.ok(
      menu.items.some((item) => item.includes("Invoke Flux Schnell")),
      menu.items.join(", "),
    );
    await window.dismiss();

    await invokeFlux(window, "a red fox in the snow");
    await window.until(
      "the image is open in an editor",
      async () => (await window.openEditors()).some((name) => name.includes("a-red-fox")),
      { withinMs: 60_000 },
    );
    const [call, ...more] = callsOf(stage);
    assert.equal(more.length, 0, "one prompt is one request");
    assert.equal(call?.outcome, "200");
    const image = (await stage.results()).find((name) => name.endsWith(".jpg"));
    assert.ok(image);
    const bytes = await readFile(join(stage.workspace, "modal-results", image));
    assert.equal(bytes.subarray(0, 3).toString("hex"), "ffd8ff");

    const text = await window.untilOutput(
      costs,
      /💰 Cost: \$\d\.\d{6} \| Time: \d+\.\d\ds \| GPU: L40S @/,
    );
    const cost = /💰 Cost: (\$\d\.\d{6})/.exec(text)?.[1];
    // The provenance of the file and the line in the channel are one row of the ledger.
    const sidecar = await readFile(join(stage.workspace, "modal-results", `${image}.json`), "utf8");
    assert.match(sidecar, /a red fox in the snow/);
    assert.ok(cost !== undefined && Number(cost.slice(1)) > 0);
    await window.untilStatus(status, /≈\$0\.0\d*[1-9]/, { withinMs: 60_000 });

    // A reload in the middle of a session loses neither the session nor its cost.
    await window.reload();
    await window.untilStatus(status, /^dev · 1 app · ≈\$0\.0\d*[1-9]/, { withinMs: 60_000 });

    await window.runCommand("Modal Meter: Stop All Apps");
    await window.untilNotification(/Stopped 1 app in acme\/main\. Nothing runs any more\./, {
      withinMs: 60_000,
    });
    assert.deepEqual(liveApps(stage), []);
    const receipt = await window.untilOutput(costs, "All clear! No Modal resources running.");
    assert.match(receipt, /✅ Stopped 1 app: flux/);
    await window.untilStatus(status, /nothing running/);
  });
});

describe("a Modal that is not there", () => {
  let stage: Stage | undefined;

  afterEach(async () => {
    await stage?.[Symbol.asyncDispose]();
    stage = undefined;
  });

  it("names the missing CLI when a session is to start, and starts nothing", async () => {
    stage = await Stage.set({ cli: "none" });
    const window = await stage.host.open();
    await window.untilStatus(status, /nothing running/, { withinMs: 60_000 });
    await window.runCommand("Modal Meter: Start Dev Session");
    const notification = await window.untilNotification(/modal command was not found/);
    assert.match(notification.message, /pip install modal|not found|cliPath/);
    assert.ok(notification.buttons.includes("Open Settings"));
    await window.until("nothing is asked", async () => (await window.quickInput()) === undefined);
    assert.deepEqual(liveApps(stage), []);
  });

  it("goes on by itself once the command is installed", async function () {
    needCli(this);
    stage = await Stage.set({ cli: "none", settings: { "modalMeter.control": "cli" } });
    const window = await stage.host.open();
    await window.untilStatus(status, "Modal: CLI not found", { withinMs: 60_000 });
    // As `pip install modal` in a terminal does.
    await symlink(join(cliFolder("current"), ".."), join(stage.workspace, ".venv"));
    await window.untilStatus(status, /no app running/, { withinMs: 60_000 });
  });

  it("says that it is offline long before the CLI would, which hangs for a minute", async () => {
    stage = await Stage.set({
      settings: { "modalMeter.control": "cli" },
      env: {
        MODAL_SERVER_URL: "http://127.0.0.1:1",
        MODAL_TOKEN_ID: "ak-test",
        MODAL_TOKEN_SECRET: "as-test",
      },
    });
    const window = await stage.host.open();
    await window.untilStatus(status, "Modal: offline", { withinMs: 45_000 });
    await window.runCommand("Modal Meter: Stop All Apps");
    const notification = await window.untilNotification(/reach|network|offline|connect/i, {
      withinMs: 45_000,
    });
    assert.equal(notification.severity, "error");
    const receipts = await window.outputChannel(costs);
    assert.doesNotMatch(receipts, /All clear/);
  });

  it("says that nobody is logged in when there is no token", async () => {
    stage = await Stage.set({ env: {} });
    const window = await stage.host.open();
    await window.untilStatus(status, "Modal: not logged in", { withinMs: 60_000 });
    await window.runCommand("View: Show Modal Meter");
    const sideBar = window.page.locator(".part.sidebar");
    await window.until("the side bar says that it does not know", async () =>
      /Nobody is logged in .*not known/.test(await sideBar.innerText()),
    );
    assert.doesNotMatch(await sideBar.innerText(), /Nothing is running|Start Dev/);
    await window.screenshot("side-bar-not-logged-in");
    await window.runCommand("Modal Meter: Stop All Apps");
    const notification = await window.untilNotification(/token|log|modal setup/i);
    assert.equal(notification.severity, "error");

    // As `modal setup` in a terminal does.
    const login = ["[acme]", "active = true", `token_id = "ak-acme"`, `token_secret = "as-acme"`];
    const server = `server_url = "${stage.modal.serverUrl}"`;
    await writeFile(join(stage.host.home, ".modal.toml"), [...login, server].join("\n"));
    await window.untilStatus(status, /nothing running/, { withinMs: 15_000 });
  });
});
