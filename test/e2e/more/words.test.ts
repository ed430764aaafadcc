import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import * as z from "zod/mini";
import { sidecarPath, writeSidecar } from "../../../src/endpoints/result/sidecar.ts";
import { jpegOf } from "../../sim/web/jpeg.ts";
import { showDarkSideBar, showSideBar, untilWarm } from "../places.ts";
import { costs, patient, SessionScene, settings, status } from "../sessionScene.ts";
import { needCli, Stage } from "../stage.ts";

const l40s = { type: "L40S", count: 1 } as const;
const functions = [{ name: "web", gpu: l40s }];
const minute = 60_000;

describe("the words of a window", function () {
  this.timeout(300_000);

  before(function () {
    needCli(this);
  });

  describe("in a session", () => {
    const scene = SessionScene.forTests();

    beforeEach(async () => showDarkSideBar(scene));

    it("count down on after a call that never reached the app, which cost nothing", async () => {
      const { window, modal } = scene;
      await scene.startDev();
      const before = await untilWarm(window, "it is warm", (seconds) => seconds > 90);
      await untilWarm(window, "time passes", (seconds) => seconds <= before - 5);
      modal.faults.addWeb({
        path: "/flux",
        fault: { kind: "answer", status: 404, body: "modal-http: workspace ac-1 is disabled" },
      });
      await window.runCommand("Modal Meter: Invoke Flux Schnell");
      await window.untilQuickInput("Prompt", patient);
      await window.type("a fox that never came");
      await window.accept();
      await window.untilNotification(/Modal has disabled this workspace/, patient);
      await window.runCommand("Modal Meter: Refresh");
      const after = await untilWarm(window, "it counts on", () => true);
      assert.ok(after <= before - 5, `${after} s after ${before} s`);
      const text = await window.untilOutput(costs, /Cost: none; the request did not reach the app/);
      assert.doesNotMatch(text.slice(text.lastIndexOf("❌")), /Cost: unknown/);
      await window.screenshot("never-reached");
    });

    it("tell a release from a stop, and what no container burned from savings", async () => {
      const { window, modal } = scene;
      await scene.startDev();
      modal.faults.addRpc({ rpc: "ContainerStop", fault: { kind: "delay", ms: 2500 } });
      await window.runCommand("Modal Meter: Release GPUs");
      await window.untilStatus(status, /^releasing GPUs…$/, patient);
      await window.screenshot("releasing");
      await window.untilNotification(/Released 1 GPU container/, patient);
      await window.clearNotifications();
      await window.untilStatus(status, /^dev · 1 app · .*idle$/, patient);
      await window.runCommand("Modal Meter: Stop All Apps");
      await window.untilNotification(/Stopped 1 app in acme\/main\. Nothing runs/, patient);
      const receipt = await window.untilOutput(costs, /No container ran, so nothing was burning\./);
      assert.doesNotMatch(receipt, /savings activated! ≈ \$0\.00/);
      await window.screenshot("no-savings");
    });

    it("in the diagnosis count in plain English", async () => {
      const { window, modal } = scene;
      modal.seedApp({ name: "flux", functions }, 1);
      await window.runCommand("Modal Meter: Refresh");
      await window.untilStatus(status, /1 app/, patient);
      await window.runCommand("Modal Meter: Run Diagnosis");
      const page = await window.untilPage(/no damage found/, patient);
      assert.match(
        page,
        /no damage found; (\d+ (sessions?|calls?|containers?|receipts? of (a stop|stops)|rows? of the bill)(, )?)+/,
      );
      assert.doesNotMatch(page, /Error:|not-reached/);
      assert.doesNotMatch(page, /\b1 (sessions|calls|containers|receipts)\b|call_group|\d look\b/);
      await window.screenshot("diagnosis-words");
      await window.runCommand("View: Close All Editors");
    });

    it("call an endpoint by one name, in the palette, the menu and the view", async () => {
      const { window } = scene;
      await window.clickStatusBarItem(status);
      const { items } = await window.untilQuickInput("Modal Meter", patient);
      await window.dismiss();
      await window.page.keyboard.press("F1");
      await window.untilQuickInput("Type the name of a command to run.", patient);
      await window.type(">Modal Meter: Invoke");
      const offered = await window.until("the commands are offered", async () => {
        const rows = (await window.quickInput())?.items ?? [];
        return rows.some((row) => row.startsWith("Modal Meter: Invoke Flux")) ? rows : undefined;
      });
      await window.screenshot("palette-invoke");
      await window.dismiss();
      for (const name of ["Invoke Flux Schnell", "Invoke Wan 2.1"]) {
        assert.ok(
          items.some((item) => item.includes(name)),
          `${name} in the menu`,
        );
        assert.ok(
          offered.some((row) => row.startsWith(`Modal Meter: ${name}`)),
          `${name} in the palette: ${offered.join(" | ")}`,
        );
      }
      for (const text of [...items, ...offered])
        assert.doesNotMatch(text, /Wan ?2(?!\.1)\b|FLUX\.1/);
    });
  });

  it("lead to the setting: no app file, results that no folder can take", async () => {
    await using stage = await Stage.set({
      settings: { ...settings, "modalMeter.resultsFolder": "flux_app.py" },
    });
    // Neither the folder of the setting nor the one in its place can be made: EEXIST.
    await mkdir(stage.ledgerFolder, { recursive: true });
    await writeFile(join(stage.ledgerFolder, "results"), "");
    const window = await stage.host.open();
    await showSideBar(window);
    await window.untilStatus(status, /nothing running/, patient);
    const results = window.page.locator(".pane:has(.pane-header[aria-label^='Results'])");
    await window.until("the results view says so", async () =>
      /cannot be read/.test(await results.innerText()),
    );
    assert.doesNotMatch(await results.innerText(), /No results yet/);
    await window.screenshot("results-unreadable");
    await window.runCommand("Modal Meter: Invoke Flux Schnell");
    const nowhere = await window.untilToast(/^No address is known for "flux"/, patient);
    assert.deepEqual(nowhere.buttons, ["Start Dev Session", "Open Settings", "Show Log"]);
    await window.until("nothing is asked", async () => (await window.quickInput()) === undefined);
    await window.screenshot("no-address");
    await window.clearNotifications();
    await window.runCommand("Modal Meter: Start Dev Session");
    await window.untilNotification("flux is ready in dev mode", patient);
    await window.clearNotifications();
    await window.runCommand("Modal Meter: Invoke Flux Schnell");
    await window.untilQuickInput("Prompt", patient);
    await window.type("a homeless fox");
    await window.accept();
    const full = await window.untilToast(/could not be saved \(EEXIST\)/, patient);
    assert.equal(full.buttons[0], "Open Settings");
    assert.equal(full.isCut, false);
    await window.screenshot("no-results-folder");
    await window.pressNotificationButton(/could not be saved/, "Open Settings");
    await window.until("the settings page is open at it", async () =>
      (await window.page.locator(".settings-editor .setting-item-label").allInnerTexts()).includes(
        "Results Folder",
      ),
    );
    await window.until("the settings are closed", async () => {
      if ((await window.page.locator(".settings-editor:visible").count()) === 0) return true;
      await window.page.keyboard.press("Escape");
      return false;
    });
    await window.runCommand("Modal Meter: Stop All Apps");
    await window.untilNotification(/Nothing runs any more/, patient);
    await window.page.close();

    const folder = join(stage.workspace, "..", "no-app");
    await mkdir(folder);
    await stage.host.writeSettings({ ...settings, "modalMeter.deployTargets": [] });
    const empty = await stage.host.open(folder);
    await empty.untilStatus(status, /nothing running/, patient);
    await empty.runCommand("Modal Meter: Start Dev Session");
    const none = await empty.untilToast(/^No Modal app was found in this folder/, patient);
    assert.equal(none.buttons[0], "Open Settings");
    assert.match(none.message, /Name your app file in the setting modalMeter\.deployTargets\.$/);
    await empty.screenshot("no-app-file");
    await empty.pressNotificationButton(/No Modal app was found/, "Open Settings");
    await empty.until("the settings page is open at it", async () =>
      (await empty.page.locator(".settings-editor .setting-item-label").allInnerTexts()).includes(
        "Deploy Targets",
      ),
    );
  });

  it("about an absence are shown once, and kept for whoever asks", async () => {
    const nowMs = Date.now();
    const startMs = nowMs - 40 * minute;
    await using stage = await Stage.set({ settings, modal: { startMs } });
    const { modal } = stage;
    const kept = functions.map((one) => ({ ...one, minContainers: 1 }));
    const app = modal.seedApp({ name: "training", functions: kept }, 1);
    modal.advance(nowMs - startMs);
    await stage.withLedger((ledger) => {
      const closedAtMs = nowMs - 30 * minute;
      const earlier = { windowId: "earlier", pid: 1, openedAtMs: closedAtMs - minute, closedAtMs };
      ledger.beatWindow({ ...earlier, beatAtMs: closedAtMs, scopes: ["acme/main"] });
    });
    const window = await stage.host.open();
    const report = await window.untilToast(/^While no window was open/, patient);
    assert.equal(report.isCut, false);
    await window.screenshot("away-report");
    await window.clearNotifications();
    await window.reload();
    await window.untilStatus(status, /^1 app/, patient);
    await window.runCommand("Modal Meter: Refresh");
    const again = await stage.host.open();
    await again.untilStatus(status, /^1 app/, patient);
    await again.runCommand("Modal Meter: Refresh");
    await again.runCommand("Modal Meter: Show Away Report");
    await again.until(
      "the kept report is shown",
      async () => /🌙 While no window was open/.test(await again.outputChannel(costs)),
      patient,
    );
    for (const one of [window, again])
      assert.ok(
        !(await one.notifications()).some(({ message }) => /no window was open/.test(message)),
        "it is told once",
      );
    assert.equal(app.state, "deployed");
  });

  describe("rows", () => {
    const scene = SessionScene.forTests();
    beforeEach(async () => {
      await showSideBar(scene.window);
    });
    const row = (view: string, name: string): Locator =>
      scene.window.page
        .locator(`.pane:has(.pane-header[aria-label^='${view}']) .monaco-list-row`)
        .filter({ hasText: name });
    it("of Results is about that row's result, and no other", async () => {
      const { window, stage } = scene;
      await scene.startDev();
      const folder = join(stage.workspace, "modal-results");
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      const prompts = ["a red fox", "a blue heron", "a grey wolf"];
      for (const [at, prompt] of prompts.entries()) {
        const path = join(folder, `picture-${at}.jpg`);
        await writeFile(
          path,
          jpegOf(() => [80 * at, 120, 200], 32, 32),
        );
        await writeSidecar(path, {
          callId: `call-${at}`,
          endpoint: "flux",
          url: null,
          prompt,
          seed: at,
          parameters: { prompt, seed: at, steps: 4 },
          mode: "dev",
          app: null,
          gpu: "L40S",
          startedAt: `2026-11-21T1${at}:00:00.000Z`,
          endedAt: null,
          executionSeconds: 2,
          wallSeconds: 5,
          cost: { reportedMicroUsd: 1000 + at, meteredMicroUsd: null, billedMicroUsd: null },
          commit: null,
          mediaType: "image/jpeg",
          bytes: null,
          extracted: [],
        });
      }
      const heron = row("Results", "a blue heron");
      await heron.waitFor({ timeout: patient.withinMs ?? 0 });
      await heron.click({ button: "right" });
      await window.page.locator(".monaco-menu .action-label").first().waitFor();
      await window.screenshot("row-menu-results");
      await window.page.keyboard.press("Escape");

      await heron.click();
      await window.until("its picture is open", async () =>
        (await window.openEditors()).some((title) => title.startsWith("picture-1")),
      );
      await window.runCommand("View: Close All Editors");
      await window.chooseInMenu(heron, "Insert as Markdown");
      await window.untilNotification("The Markdown is on the clipboard.", patient);
      assert.match(await window.clipboard(), /^!\[a blue heron\]\(.*picture-1\.jpg\)$/);
      await window.clearNotifications();

      await window.chooseInMenu(row("Results", "a grey wolf"), "Repeat with This Seed");
      // No call of this machine made it, so what its file says is shown before it is sent.
      const asked = await window.until("it is asked", async () => window.dialog(), patient);
      assert.match(asked.message, /"prompt": "a grey wolf"/);
      await window.screenshot("row-repeat-asks");
      await window.pressDialogButton("Send");
      const sent = await window.until(
        "it is sent",
        () =>
          Promise.resolve(
            stage.modal.journal.entries({ kind: "web", name: "POST", path: "/flux" })[0],
          ),
        patient,
      );
      const { body } = z.parse(z.object({ body: z.looseObject({}) }), sent.request);
      assert.deepEqual([body["prompt"], body["seed"]], ["a grey wolf", 2]);
      await window.untilStatus(status, /dev · 1 app/, patient);
      await window.until(
        "the second wolf is listed",
        async () => (await row("Results", "a grey wolf").count()) === 2,
      );

      await window.chooseInMenu(row("Results", "a red fox"), "Delete Result");
      await window.pressDialogButton("Move to Trash", patient);
      await row("Results", "a red fox").waitFor({ state: "detached" });
      const left = await readdir(folder);
      assert.ok(!left.includes("picture-0.jpg") && left.includes("picture-1.jpg"), left.join());
      assert.ok(existsSync(sidecarPath(join(folder, "picture-2.jpg"))));

      await window.chooseInMenu(heron, "Reveal Result");
      const selected = window.page.locator(".explorer-folders-view .monaco-list-row.selected");
      await window.until("the explorer shows its file", async () =>
        /picture-1\.jpg/.test((await selected.allInnerTexts()).join()),
      );
      await window.screenshot("row-revealed");
      await showSideBar(window);
    });
  });
});
