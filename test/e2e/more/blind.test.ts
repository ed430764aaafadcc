import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EditorWindow } from "../../host/window.ts";
import { outFolder } from "../../host/paths.ts";
import { readPlaces, runningText, showSideBar, untilWelcome, type Places } from "../places.ts";
import { patient, settings, status } from "../sessionScene.ts";
import { needCli, Stage } from "../stage.ts";

const functions = [{ name: "web", gpu: { type: "L40S", count: 1 } as const }];

/** What may stand nowhere while nobody knows what runs, and what only works where a start can. */
const falseWhereBlind = /nothing (is )?running|nothing runs|start (dev|demo|session)/i;
const startsIn = (menu: readonly string[]): readonly string[] =>
  menu.filter((entry) => /^Start|^Open Folder/.test(entry));

/** Each state of a window, with what it said in each of its places: written beside the pictures. */
const seen = new Map<string, Places>();

async function read(window: EditorWindow, name: string): Promise<Places> {
  const places = await readPlaces(window);
  seen.set(name, places);
  await window.screenshot(`state-${name.replaceAll(/\W+/g, "-")}`);
  return places;
}

/** Says of each place why, and in none that nothing runs. */
async function readBlind(window: EditorWindow, name: string, why: RegExp): Promise<Places> {
  const places = await read(window, name);
  const { item, tooltip, running, welcome, buttons, menu } = places;
  for (const text of [item, tooltip, running, welcome, ...buttons, ...menu])
    assert.doesNotMatch(text, falseWhereBlind, name);
  assert.match(welcome, why);
  return places;
}

function tableOf(places: ReadonlyMap<string, Places>): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const rows = [...places].map(([name, { item, tooltip, running, welcome, menu }]) =>
    [name, item, tooltip, running, welcome, menu.join("; ")].map(cell).join(" | "),
  );
  const head = "state | status item | tooltip | Running | welcome | menu";
  return `${[head, head.replaceAll(/[^|]+/g, " --- "), ...rows].map((row) => `| ${row} |`).join("\n")}\n`;
}

describe("what a window says of what runs", function () {
  this.timeout(300_000);

  before(function () {
    needCli(this);
  });
  after(async () => {
    await mkdir(outFolder, { recursive: true });
    await writeFile(join(outFolder, "places.md"), tableOf(seen));
  });

  it("before the first look, offline, denied and with a wrong setting is never that nothing runs", async () => {
    await using stage = await Stage.set({ settings });
    const { modal, host } = stage;
    modal.faults.addRpc({ rpc: "*", fault: { kind: "hang" } });
    const window = await host.open();
    await showSideBar(window);
    const looking = await readBlind(window, "looking", /^Looking at what runs…$/);
    assert.match(looking.tooltip, /Looking at what runs…/);

    await modal.offline();
    await window.runCommand("Modal Meter: Refresh");
    await untilWelcome(window, /cannot be reached/);
    const offline = await readBlind(window, "offline", /so what runs is not known/);
    assert.equal(offline.item, "Modal: offline");
    assert.deepEqual(offline.buttons, ["Try Again", "Run Diagnosis"]);
    assert.equal(offline.menu[0], "Try Again");

    modal.faults.clear();
    await modal.restore();
    await window.runCommand("Modal Meter: Refresh");
    await untilWelcome(window, /Nothing is running\./);
    const clear = await read(window, "nothing runs");
    assert.deepEqual(clear.buttons, [
      "Start Dev Session",
      "Start Demo Session",
      "Check What Is Running",
    ]);
    assert.deepEqual(startsIn(clear.menu), [
      "Start Dev Session",
      "Start Demo Session",
      "Start Session…",
    ]);

    const message = "no access to this environment";
    modal.faults.addRpc({
      rpc: "*",
      fault: { kind: "status", code: "PERMISSION_DENIED", message },
    });
    await window.runCommand("Modal Meter: Refresh");
    await untilWelcome(window, /does not say/);
    await readBlind(window, "denied", /so it is not known/);
    modal.faults.clear();
    await window.clearNotifications();
    await host.writeSettings({ ...settings, "modalMeter.environment": "stagin" });
    await untilWelcome(window, /A setting is wrong/);
    const wrong = await readBlind(window, "wrong setting", /The status bar says which/);
    assert.deepEqual(wrong.buttons, ["Open Settings"]);
    assert.match(wrong.tooltip, /There is no environment "stagin"/);
  });

  it("with no folder open leads to one, and shows what runs all the same", async () => {
    await using stage = await Stage.set({ settings });
    const { modal, host } = stage;
    const window = await host.open(null);
    await showSideBar(window);
    await untilWelcome(window, /Nothing is running\./);
    const empty = await read(window, "no folder");
    assert.deepEqual(empty.buttons, ["Open Folder", "Check What Is Running"]);
    assert.deepEqual(startsIn(empty.menu), ["Open Folder…"]);
    assert.doesNotMatch(empty.tooltip, /Start d/);
    for (const command of ["Start Dev Session", "Switch Mode…"]) {
      await window.runCommand(`Modal Meter: ${command}`);
      const toast = await window.untilToast(/^Open the folder of your Modal app first/, patient);
      assert.deepEqual(toast.buttons, ["Open Folder"]);
      assert.equal(toast.isCut, false);
      await window.screenshot("no-folder-start");
      await window.clearNotifications();
    }

    const app = modal.seedApp({ name: "flux", functions }, 1);
    await window.runCommand("Modal Meter: Refresh");
    await window.until(
      "its row is there",
      async () => /flux/.test(await runningText(window)),
      patient,
    );
    const running = await read(window, "no folder, running");
    assert.match(running.running, /^flux≈ \$1\.\d\d\/h · 1 × L40S$/);
    assert.match(running.item, /^1 app · \$1\.\d\d\/h$/);
    assert.deepEqual(startsIn(running.menu), ["Open Folder…"]);
    await window.runCommand("Modal Meter: Stop All Apps");
    await window.pickSeveral([/^flux/], patient);
    await window.untilNotification(/Stopped 1 app in acme\/main\. Nothing runs/, patient);
    assert.equal(app.state, "stopped");
  });

  it("follows a login, another profile and a logout in a terminal, without a refresh", async () => {
    await using stage = await Stage.set({ env: {}, settings });
    const { modal, host } = stage;
    modal.addWorkspace("rival");
    modal.seedApp({ name: "flux", functions }, 1);
    const window = await host.open();
    await showSideBar(window);
    await untilWelcome(window, /Nobody is logged in/);
    const loggedOut = await readBlind(window, "not logged in", /Run "modal setup" in a terminal/);
    assert.equal(loggedOut.item, "Modal: not logged in");

    // As `modal setup` and `modal profile activate` write it.
    const path = join(host.home, ".modal.toml");
    const write = async (active: string): Promise<void> => {
      const profiles = ["acme", "rival"].map((name) =>
        [
          `[${name}]`,
          ...(name === active ? ["active = true"] : []),
          `token_id = "ak-${name}"`,
          `token_secret = "as-${name}"`,
          `server_url = "${modal.serverUrl}"`,
        ].join("\n"),
      );
      await writeFile(path, profiles.join("\n\n"));
    };
    await write("acme");
    await window.untilStatus(status, /^1 app · \$1\.\d\d\/h$/, patient);
    assert.match(await runningText(window), /^flux/);
    await read(window, "logged in");
    await write("rival");
    await window.untilStatus(status, /nothing running/, patient);
    await untilWelcome(window, /Nothing is running\./);
    assert.match((await read(window, "another profile")).tooltip, /rival\/main/);
    await rm(path);
    await untilWelcome(window, /Nobody is logged in/);
    await readBlind(window, "logged out", /so what runs is not known/);
  });

  it("without the modal command is that it is unknown", async () => {
    await using stage = await Stage.set({
      cli: "none",
      settings: { ...settings, "modalMeter.control": "cli" },
    });
    const window = await stage.host.open();
    await showSideBar(window);
    await untilWelcome(window, /The modal command was not found/);
    const none = await readBlind(window, "no CLI", /pip install modal/);
    assert.equal(none.item, "Modal: CLI not found");
    assert.deepEqual(none.buttons, ["Open Settings", "Run Diagnosis"]);
  });
});
