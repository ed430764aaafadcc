import assert from "node:assert/strict";
import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { maxFiles } from "../../../src/modal/deploy/targets.ts";
import { root } from "../../host/paths.ts";
import { patient, settings, status } from "../sessionScene.ts";
import { needCli, Stage } from "../stage.ts";

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

describe("a window with two folders, each with its app", function () {
  this.timeout(300_000);
  let stage: Stage | undefined;
  let file: string;

  beforeEach(async function () {
    needCli(this);
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
  afterEach(async () => {
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
    // Its file names no window: Modal's own is in force until somebody says otherwise.
    await window.untilQuickInput(
      /inference_app\.py leaves it at 1 min; use dev's 2 min until the session ends\?/,
      patient,
    );
    await window.pick("Use 2 min");
    await window.untilNotification("inference is ready in dev mode", patient);
    assert.deepEqual(live(stage), { inference: 120 });
    // It is not the first folder's session, and no editor says which folder is meant.
    await window.untilStatus(status, /^dev · 1 app/, patient);

    await window.clearNotifications();
    await window.runCommand("Modal Meter: Start Demo Session");
    await window.untilQuickInput("In which folder?", patient);
    await window.pick(/^comfy/);
    await window.untilQuickInput(
      /Already running: inference \(0 containers.*Apps with another name stay deployed/,
      patient,
    );
    await window.dismiss();
    // Now it costs, and goes on to beside the other one.
    const { modal } = stage;
    const [inference] = modal.workspace.cloud.apps.values();
    assert.ok(inference);
    const [fn] = inference.functions.values();
    assert.ok(fn);
    modal.workspace.cloud.startWarm(fn);
    modal.sync();
    await window.runCommand("Modal Meter: Start Demo Session");
    await window.untilQuickInput("In which folder?", patient);
    await window.pick(/^comfy/);
    await window.untilQuickInput(
      /Already running: inference \(1 container.*Two instances cost twice/,
      patient,
    );
    await window.screenshot("two-instances");
    await window.pick(/Deploy Anyway/);
    // No address for a warm-up is set: the setting is one click away.
    const cold = await window.untilNotification(
      /^flux is deployed in demo mode, not warm/,
      patient,
    );
    assert.deepEqual(cold.buttons, ["Open Settings", "Stop All"]);
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

  beforeEach(async function () {
    needCli(this, "old");
    stage = await Stage.set({
      cli: "old",
      settings: { ...settings, "modalMeter.control": "cli" },
    });
  });
  afterEach(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  it("switches by a deploy; one that fails leaves the mode that is in force on the status bar", async () => {
    assert.ok(stage);
    const { modal, workspace } = stage;
    const window = await stage.host.open();
    await window.untilStatus(status, /no app running/, patient);
    await window.runCommand("Modal Meter: Start Dev Session");
    await window.untilNotification("flux is ready in dev mode", patient);
    await window.untilStatus(status, /^dev · 1 app/, patient);
    assert.deepEqual(live(stage), { flux: 120 });
    await window.clearNotifications();

    modal.journal.clear();
    await window.runCommand("Modal Meter: Switch Mode…");
    await window.untilQuickInput("Switch Mode (now dev)");
    await window.pick(/^demo/);
    await window.untilNotification(
      /^Now in demo mode: an idle container is kept, and billed, for 10 min\.$/,
      patient,
    );
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
    await window.untilNotification(/Modal lists nothing that still runs; not listed: /, patient);
    assert.deepEqual(live(stage), {});
  });
});

describe("two windows on two workspaces of Modal", function () {
  this.timeout(300_000);
  let stage: Stage | undefined;

  beforeEach(async function () {
    needCli(this);
    stage = await Stage.set({ env: {}, settings: { "modalMeter.idleReminderMinutes": 0 } });
  });
  afterEach(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  it("see, start and stop each in its folder", async () => {
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

/** As real workspaces have them: a package, two apps in a file, an app in two files, a name by the mode. */
const shapes = {
  ".gitignore": "/generated/\n",
  "generated/app.py": 'import modal\napp = modal.App("generated")\n@app.function()\ndef f(): ...\n',
  "pack/__init__.py": "",
  "pack/common.py": 'import modal\napp = modal.App("pack")\n',
  "pack/main.py": 'from .common import app\n@app.function(gpu="T4")\ndef f(): ...\n',
  "jobs.py":
    'import modal\nworker = modal.App("worker")\napp = modal.App("web")\n@worker.function(gpu="L4")\ndef work(): ...\n@app.function()\ndef web(): ...\n',
  "shared.py": 'import modal\napp = modal.App("in-two-files")\nGPU = "T4"\n',
  "serve.py": "from shared import app, GPU\n@app.function(gpu=GPU)\ndef serve(): ...\n",
  "by_mode.py":
    'import modal, os\nMODE = os.environ.get("MODAL_MODE", "dev")\napp = modal.App(f"shop-{MODE}")\n@app.function(gpu="T4" if MODE == "dev" else "L40S", scaledown_window=int(os.environ["SCALEDOWN_WINDOW"]))\ndef f(): ...\n',
  "llm.py":
    'import modal, os\nmode = os.environ.get("MODAL_MODE", "dev")\nif mode == "dev":\n  WINDOW = 120\nelif mode == "demo":\n  WINDOW = 600\nelse:\n  WINDOW = 300\napp = modal.App("llm")\n@app.cls(gpu="A100-80GB", scaledown_window=WINDOW)\nclass Model:\n  @modal.method()\n  def run(self): ...\n@app.function()\ndef health(): ...\n',
  "config.py":
    'import os\nfrom dataclasses import dataclass\n@dataclass(frozen=True)\nclass Settings:\n  gpu: str = "L40S"\n  window: int = 300\ndef settings():\n  return Settings(gpu=os.environ.get("VISION_GPU", "L40S"))\ndef options(**more):\n  made = {"gpu": settings().gpu, "scaledown_window": settings().window}\n  made.update(more)\n  return made\n',
  "vision.py":
    'import modal\nfrom config import options\napp = modal.App("vision")\n@app.function(**options(memory=2048))\ndef see(): ...\n',
  "archive/vision.py":
    'import modal\napp = modal.App("vision")\n@app.function(gpu="A100", scaledown_window=1200)\ndef see(): ...\n',
  "big.py":
    'import modal\napp = modal.App("big")\n@app.cls(gpu="H100:2", scaledown_window=600)\nclass Small:\n  @modal.method()\n  def run(self): ...\n@app.cls(gpu="H100:8", scaledown_window=600)\nclass Large:\n  @modal.method()\n  def run(self): ...\n',
};

describe("a workspace of many shapes", function () {
  this.timeout(300_000);
  let stage: Stage | undefined;

  beforeEach(async function () {
    needCli(this);
    stage = await Stage.set({ settings: { "modalMeter.idleReminderMinutes": 0 } });
    const { workspace } = stage;
    for (const name of ["flux_app.py", "inference_app.py"]) await rm(join(workspace, name));
    for (const [path, text] of Object.entries(shapes)) {
      await mkdir(join(workspace, path, ".."), { recursive: true });
      await writeFile(join(workspace, path), text);
    }
    await execa("git", ["init", "--quiet"], { cwd: workspace });
  });
  afterEach(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  it("offers each app as it is deployed, prices it in each mode, and starts the right one", async () => {
    assert.ok(stage);
    const window = await stage.host.open();
    await window.untilStatus(status, /nothing running/, patient);
    const chooseApp = async (app: RegExp) => {
      await window.runCommand("Modal Meter: Start Session…");
      const { items } = await window.untilQuickInput(/Which app should run/, patient);
      await window.pick(app);
      return items;
    };
    /** Once for each app whose file names no window. */
    const keepWindow = async () => {
      await window.untilQuickInput(/leaves it at 1 min; use dev's 2 min/, patient);
      await window.pick("Keep 1 min");
    };
    const stop = async () => {
      await window.clearNotifications();
      await window.runCommand("Modal Meter: Stop All Apps");
      await window.untilNotification(/Nothing runs any more/, patient);
      await window.clearNotifications();
    };

    const items = await chooseApp(/^big/);
    assert.deepEqual(
      items.map((item) => item.split(", ").slice(0, 2).join(" ")).toSorted(),
      [
        "All 9 Apps",
        "big big.py",
        "in-two-files serve.py",
        "llm llm.py",
        "pack pack/main.py",
        "shop-dev by_mode.py",
        "vision archive/vision.py",
        "vision vision.py",
        "web jobs.py",
        "worker jobs.py::worker",
      ].toSorted(),
    );
    const big = await window.untilQuickInput("Which mode for big? (H100:2, H100:8)", patient);
    assert.match(
      big.items[0] ?? "",
      /scaledown 10 min by its file.*≈ \$[\d.]+–\$[\d.]+ per request/,
    );
    await window.screenshot("mode-of-two-classes");
    await window.dismiss();

    await chooseApp(/^llm/);
    const llm = await window.untilQuickInput("Which mode for llm? (A100-80GB)", patient);
    assert.match(llm.items[1] ?? "", /^demo.*scaledown 10 min, /);
    await window.dismiss();

    // Options that a function of another file makes; another file has an app of this name.
    await chooseApp(/^vision, vision\.py/);
    const vision = await window.untilQuickInput("Which mode for vision? (L40S)", patient);
    assert.match(vision.items[0] ?? "", /scaledown 5 min by its file/);
    await window.screenshot("mode-of-options-by-a-function");
    await window.dismiss();

    await chooseApp(/^worker/);
    await window.untilQuickInput("Which mode for worker? (L4)", patient);
    await window.pick(/^dev/);
    await keepWindow();
    await window.untilNotification("worker is ready in dev mode", patient);
    assert.deepEqual(Object.keys(live(stage)), ["worker"]);
    await stop();
    // What was chosen by its variable is found again, and nothing is asked.
    await window.runCommand("Modal Meter: Start Dev Session");
    await window.untilNotification("worker is ready in dev mode", patient);
    assert.deepEqual(Object.keys(live(stage)), ["worker"]);
    await stop();

    await chooseApp(/^pack/);
    await window.untilQuickInput("Which mode for pack? (T4)", patient);
    await window.pick(/^dev/);
    await keepWindow();
    await window.untilNotification("pack is ready in dev mode", patient);
    assert.deepEqual(Object.keys(live(stage)), ["pack"]);
    await stop();

    await chooseApp(/^in-two-files/);
    await window.untilQuickInput("Which mode for in-two-files? (T4)", patient);
    await window.pick(/^dev/);
    await keepWindow();
    await window.untilNotification("in-two-files is ready in dev mode", patient);
    assert.deepEqual(Object.keys(live(stage)), ["in-two-files"]);
    await stop();

    await chooseApp(/^shop-dev/);
    const shop = await window.untilQuickInput("Which mode for shop-dev?", patient);
    assert.match(shop.items[0] ?? "", /\(T4, scaledown 2 min\)/);
    assert.match(shop.items[1] ?? "", /\(L40S, warmed up, scaledown 10 min/);
    await window.pick(/^demo/);
    // The mode wants it warm, and it has no address to warm it by.
    await window.untilNotification("shop-demo is deployed in demo mode, not warm", patient);
    assert.deepEqual(live(stage), { "shop-demo": 600 });
    await stop();
  });
});

describe("a folder whose app files change between starts", function () {
  this.timeout(300_000);
  let stage: Stage | undefined;

  beforeEach(async function () {
    needCli(this);
    stage = await Stage.set({ settings: { "modalMeter.idleReminderMinutes": 0 } });
  });
  afterEach(async () => {
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
