import assert from "node:assert/strict";
import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { maxFiles } from "../../src/modal/deploy/targets.ts";
import { root } from "../host/paths.ts";
import { skip } from "../skip.ts";
import { patient, settings, status } from "./sessionScene.ts";
import { cliFolder, Stage } from "./stage.ts";

function needCli(context: Mocha.Context, version: "current" | "old"): void {
  if (!existsSync(cliFolder(version))) {
    skip(context, "cli", `the ${version} Modal CLI is not installed (node scripts/venv.mjs)`);
  }
}

/** Apps that Local Modal itself has in service, with the longest scaledown window in force: a small job beside has its own. */
function live({ modal }: Stage, workspace = modal.workspace): Readonly<Record<string, number>> {
  modal.sync();
  return Object.fromEntries(
    [...workspace.cloud.apps.values()]
      .filter(({ state }) => state === "deployed")
      .map(({ description, functions }) => {
        const windows = [...functions.values()].map(
          ({ override, spec }) => override.scaledownMs ?? spec.scaledownMs,
        );
        return [description, Math.max(...windows) / 1000];
      }),
  );
}

describe("a window with two folders, each with an app of its own", function () {
  this.timeout(300_000);
  let stage: Stage | undefined;
  let file: string;

  before(async function () {
    needCli(this, "current");
    stage = await Stage.set({ settings: { "modalMeter.idleReminderMinutes": 0 } });
    const parent = join(stage.workspace, "..");
    await rm(join(stage.workspace, "inference_app.py"));
    await mkdir(join(parent, "llm"));
    await cp(
      join(root, "test", "sample", "inference_app.py"),
      join(parent, "llm", "inference_app.py"),
    );
    file = join(parent, "two.code-workspace");
    await writeFile(file, JSON.stringify({ folders: [{ path: "comfy" }, { path: "llm" }] }));
  });
  after(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  it("asks which of them, shows its session, and stops what belongs to either", async () => {
    assert.ok(stage);
    const window = await stage.host.open(file);
    await window.untilStatus(status, /nothing running/, patient);

    await window.runCommand("Modal Meter: Start Dev Session");
    const folders = await window.untilQuickInput("In which folder?", patient);
    assert.equal(folders.items.length, 2);
    assert.match(folders.items[0] ?? "", /^comfy, flux/);
    assert.match(folders.items[1] ?? "", /^llm, inference/);
    await window.screenshot("two-folders");
    await window.pick(/^llm/);
    await window.untilNotification("inference is ready in dev mode", patient);
    assert.deepEqual(live(stage), { inference: 120 });
    // It is not the first folder's session, and no editor says which folder is meant.
    await window.untilStatus(status, /^dev · 1 app/, patient);

    await window.clearNotifications();
    await window.runCommand("Modal Meter: Start Demo Session");
    await window.untilQuickInput("In which folder?", patient);
    await window.pick(/^comfy/);
    await window.untilQuickInput("Already running: inference", patient);
    await window.pick(/Deploy Anyway/);
    await window.untilNotification("flux is ready in demo mode", patient);
    assert.deepEqual(live(stage), { inference: 120, flux: 600 });
    await window.untilStatus(status, /^demo · .*left/, patient);

    await window.clearNotifications();
    await window.runCommand("Modal Meter: Stop This Project's Apps");
    await window.untilNotification(/Stopped 2 apps in acme\/main\. Nothing runs/, patient);
    assert.deepEqual(live(stage), {});
  });
});

describe("a Modal whose autoscaler cannot be changed (a CLI of before 1.4.2 alone)", function () {
  this.timeout(300_000);
  let stage: Stage | undefined;

  before(async function () {
    needCli(this, "old");
    stage = await Stage.set({
      cli: "old",
      settings: { ...settings, "modalMeter.control": "cli" },
    });
  });
  after(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  it("switches by a deploy; one that fails leaves the mode that is in force on the status bar", async () => {
    assert.ok(stage);
    const { modal, workspace } = stage;
    const window = await stage.host.open();
    await window.untilStatus(status, /nothing running/, patient);
    await window.runCommand("Modal Meter: Start Dev Session");
    await window.untilNotification("flux is ready in dev mode", patient);
    await window.untilStatus(status, /^dev · 1 app/, patient);
    assert.deepEqual(live(stage), { flux: 120 });
    await window.clearNotifications();

    modal.journal.clear();
    await window.runCommand("Modal Meter: Switch Mode…");
    await window.untilQuickInput("Switch Mode (now dev)");
    await window.pick(/^demo/);
    await window.untilNotification("demo mode is in force.", patient);
    assert.equal(modal.journal.count({ name: "AppPublish" }), 1);
    assert.deepEqual(live(stage), { flux: 600 });
    await window.untilStatus(status, /^demo · 1 h (30|2\d) min left/, patient);

    await window.clearNotifications();
    await writeFile(join(workspace, "flux_app.py"), "import modal\n\ndef broken(:\n");
    await window.runCommand("Modal Meter: Switch Mode…");
    await window.untilQuickInput("Switch Mode (now demo)");
    await window.pick(/^dev/);
    const failed = await window.untilNotification("Still in demo mode: flux", patient);
    assert.equal(failed.severity, "error");
    assert.match(failed.message, /SyntaxError.*flux_app\.py, line 3/);
    assert.deepEqual(live(stage), { flux: 600 });
    await window.untilStatus(status, /^demo · 1 h (30|2\d) min left/, patient);
    await window.screenshot("switch-failed");

    await window.clearNotifications();
    await window.runCommand("Modal Meter: Stop All Apps");
    await window.untilNotification(/Nothing runs any more/, patient);
    assert.deepEqual(live(stage), {});
  });
});

describe("two windows on two workspaces of Modal", function () {
  this.timeout(300_000);
  let stage: Stage | undefined;

  before(async function () {
    needCli(this, "current");
    stage = await Stage.set({ env: {}, settings: { "modalMeter.idleReminderMinutes": 0 } });
  });
  after(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  it("each see, start and stop in their own", async () => {
    assert.ok(stage);
    const { modal, host } = stage;
    const { workspace: rival } = modal.addWorkspace("rival");
    const profiles = ["acme", "rival"].map((name) =>
      [
        `[${name}]`,
        `token_id = "ak-${name}"`,
        `token_secret = "as-${name}"`,
        `server_url = "${modal.serverUrl}"`,
      ].join("\n"),
    );
    await writeFile(join(host.home, ".modal.toml"), profiles.join("\n\n"));
    const folders: string[] = [];
    for (const profile of ["acme", "rival"]) {
      const folder = join(stage.workspace, "..", `of-${profile}`);
      await mkdir(join(folder, ".vscode"), { recursive: true });
      await cp(join(root, "test", "sample", "flux_app.py"), join(folder, "flux_app.py"));
      await writeFile(
        join(folder, ".vscode", "settings.json"),
        JSON.stringify({ "modalMeter.profile": profile }),
      );
      folders.push(folder);
    }

    const [ours, theirs] = [await host.open(folders[0]), await host.open(folders[1])];
    for (const window of [ours, theirs]) {
      await window.untilStatus(status, /nothing running/, patient);
      await window.runCommand("Modal Meter: Start Dev Session");
      await window.untilNotification("flux is ready in dev mode", patient);
      await window.untilStatus(status, /dev · 1 app/, patient);
    }
    assert.match(await ours.statusBarTooltip(status), /acme\/main/);
    assert.match(await theirs.statusBarTooltip(status), /rival\/main/);
    assert.deepEqual([live(stage), live(stage, rival)], [{ flux: 120 }, { flux: 120 }]);

    await ours.clearNotifications();
    await ours.runCommand("Modal Meter: Stop All Apps");
    await ours.untilNotification(/Stopped 1 app in acme\/main\. Nothing runs/, patient);
    assert.deepEqual([live(stage), live(stage, rival)], [{}, { flux: 120 }]);
    await theirs.untilStatus(status, /dev · 1 app/);
    await theirs.clearNotifications();
    await theirs.runCommand("Modal Meter: Stop All Apps");
    await theirs.untilNotification(/Stopped 1 app in rival\/main\. Nothing runs/, patient);
    assert.deepEqual(live(stage, rival), {});
  });
});

describe("a folder whose app files change between starts", function () {
  this.timeout(300_000);
  let stage: Stage | undefined;

  before(async function () {
    needCli(this, "current");
    stage = await Stage.set({ settings: { "modalMeter.idleReminderMinutes": 0 } });
  });
  after(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  it("is asked about when another app is found than was started, or not all files were read", async () => {
    assert.ok(stage);
    const { workspace, modal } = stage;
    const app = join(workspace, "flux_app.py");
    const other = join(workspace, "inference_app.py");
    await rename(other, `${other}.txt`);
    const window = await stage.host.open();
    await window.untilStatus(status, /nothing running/, patient);

    // The only app there is, and nothing else was ever started here: no question.
    await window.runCommand("Modal Meter: Start Dev Session");
    await window.untilNotification("flux is ready in dev mode", patient);
    await window.runCommand("Modal Meter: Stop All Apps");
    await window.untilNotification(/Nothing runs any more/, patient);
    await window.clearNotifications();
    modal.journal.clear();

    await rename(app, `${app}.txt`);
    await rename(`${other}.txt`, other);
    await window.runCommand("Modal Meter: Start Dev Session");
    const gone = await window.untilQuickInput(
      "Which app should run? The last one was not found: flux_app.py.",
      patient,
    );
    assert.equal(gone.items.length, 1);
    assert.match(gone.items[0] ?? "", /^inference, inference_app\.py/);
    await window.screenshot("another-app-found");
    await window.dismiss();

    await rename(`${app}.txt`, app);
    const many = join(workspace, "many");
    await mkdir(many);
    const files = Array.from({ length: maxFiles }, (_, at) => join(many, `part${at}.py`));
    for (const file of files) await writeFile(file, "");
    await window.runCommand("Modal Meter: Start Dev Session");
    await window.untilQuickInput(
      `Which app should run? Only the first ${maxFiles} Python files were read.`,
      patient,
    );
    await window.screenshot("not-all-files-read");
    await window.dismiss();
    assert.equal(modal.journal.count({ name: "AppCreate" }), 0);
    assert.deepEqual(live(stage), {});

    // Installed packages do not use the limit up.
    await rename(many, join(workspace, ".venv"));
    await window.runCommand("Modal Meter: Start Dev Session");
    await window.untilNotification("flux is ready in dev mode", patient);
    assert.deepEqual(live(stage), { flux: 120 });
    await window.runCommand("Modal Meter: Stop All Apps");
    await window.untilNotification(/Nothing runs any more/, patient);
  });
});
