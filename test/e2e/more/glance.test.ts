import assert from "node:assert/strict";
import { patient, SessionScene, settings, status } from "../sessionScene.ts";

const l40s = { type: "L40S", count: 1 } as const;
const functions = [{ name: "web", gpu: l40s }];

describe("what a window says at a glance", function () {
  this.timeout(300_000);
  const scene = SessionScene.forTests();

  it("shows a toast by itself, and all of its text", async () => {
    const { window } = scene;
    await window.runCommand("Modal Meter: Release GPUs");
    const toast = await window.untilToast(
      "No container of an app that was started here runs in acme/main.",
    );
    assert.deepEqual(toast.buttons, ["OK"]);
    assert.equal(toast.isCut, false);
    await window.screenshot("toast-whole");
  });

  it("tells what burns from what idles, and what is not mine from both", async () => {
    const { window, modal } = scene;
    modal.seedApp({ name: "flux", functions }, 1);
    modal.seedApp({ name: "theirs", by: "teammate", functions }, 2);
    await window.runCommand("Modal Meter: Refresh");
    const burning = await window.untilStatus(
      status,
      /^1 app · \$\d\.\d\d\/h · \+1 other$/,
      patient,
    );
    assert.equal(burning.kind, "plain");
    assert.deepEqual(burning.icons, ["pulse"]);
    await window.screenshot("status-burning");
    await scene.clear();
    modal.seedApp({ name: "flux", functions }, 0);
    await window.runCommand("Modal Meter: Refresh");
    const idle = await window.untilStatus(status, /^1 app · idle$/, patient);
    assert.deepEqual(idle.icons, ["circle-outline"]);
    await window.screenshot("status-idle");
  });

  it("stays readable with 47 apps", async () => {
    const { window, modal } = scene;
    for (let at = 1; at <= 47; at += 1)
      modal.seedApp({ name: `experiment-${at}`, functions }, at <= 16 ? 1 : 0);
    await window.runCommand("Modal Meter: Refresh");
    const item = await window.untilStatus(status, /^47 apps · \$\d\d\.\d\d\/h$/, patient);
    assert.deepEqual(item.icons, ["pulse"]);
    const tooltip = await window.statusBarTooltip(status);
    assert.match(tooltip, /and 42 more\s+11\s+\$\d\d\.\d\d\/h/);
    assert.match(tooltip, /Together\s+16\s+\$\d\d\.\d\d\/h/);
    assert.equal(tooltip.match(/experiment-/g)?.length, 5);
    const stop = window.page.locator(".monaco-hover:visible a, .workbench-hover:visible a");
    assert.ok(await stop.filter({ hasText: "Stop All" }).first().isVisible());
    await window.screenshot("status-47-apps");
  });

  it("shows rows that are old as old, and never calls what it cannot see nothing", async () => {
    const { window, modal } = scene;
    modal.seedApp({ name: "flux", functions }, 1);
    await window.runCommand("Modal Meter: Refresh");
    await window.runCommand("View: Show Modal Meter");
    const sideBar = window.page.locator(".part.sidebar");
    await window.until("the row is there", async () => /flux/.test(await sideBar.innerText()));
    await modal.offline();
    try {
      await window.until(
        "the rows are old",
        async () => {
          await window.runCommand("Modal Meter: Refresh");
          return /As of \d\d:\d\d\. Modal cannot be reached/.test(await sideBar.innerText());
        },
        { ...patient, everyMs: 500 },
      );
      assert.equal(await sideBar.locator(".monaco-list-row .codicon-history").count(), 1);
      await window.clearNotifications();
      await window.screenshot("side-bar-offline");
    } finally {
      await modal.restore();
    }
    await scene.clear();
    await window.until("nothing runs", async () =>
      /Nothing is running/.test(await sideBar.innerText()),
    );
    assert.match(await sideBar.innerText(), /Start Dev Session/);
    await window.runCommand("View: Show Explorer");
  });

  it("names an environment that is not there, and leads to the setting", async () => {
    const { window, stage } = scene;
    await stage.host.writeSettings({ ...settings, "modalMeter.environment": "stagin" });
    try {
      const item = await window.untilStatus(status, "Modal: wrong setting", patient);
      assert.equal(item.kind, "error");
      const tooltip = await window.statusBarTooltip(status);
      assert.match(tooltip, /There is no environment "stagin" in this Modal workspace/);
      await window.screenshot("wrong-environment");
      await window.page
        .locator(".monaco-hover:visible a")
        .filter({ hasText: "Open Settings" })
        .click();
      await window.until("the settings page is open at it", async () =>
        (
          await window.page.locator(".settings-editor .setting-item-label").allInnerTexts()
        ).includes("Environment"),
      );
      await window.screenshot("wrong-environment-settings");
      await window.until("the settings page is closed", async () => {
        await window.page.keyboard.press("Escape");
        return (await window.page.locator(".settings-editor:visible").count()) === 0;
      });
    } finally {
      await stage.host.writeSettings(settings);
      await window.untilStatus(status, /nothing running/, patient);
    }
  });
});
