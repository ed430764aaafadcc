import assert from "node:assert/strict";
import { runningText, showDarkSideBar, untilWarm } from "../places.ts";
import { costs, patient, SessionScene, settings, status } from "../sessionScene.ts";
import { needCli, Stage } from "../stage.ts";

describe("what an idle session says", function () {
  this.timeout(300_000);

  before(function () {
    needCli(this);
  });

  describe("in a session", () => {
    const scene = SessionScene.forTests();
    beforeEach(async () => showDarkSideBar(scene));

    it("counts down the demo's idle window after a deploy over it that failed; Back to Dev tells once", async () => {
      const { window } = scene;
      await window.runCommand("Modal Meter: Start Demo Session");
      await window.untilNotification("flux is ready in demo mode", patient);
      await window.untilStatus(status, /^demo · 1 h \d+ min left · 1 app/, patient);
      await untilWarm(window, "ten minutes are in force", (seconds) => seconds > 540);
      await window.clearNotifications();
      const mend = await scene.editApp((text) => text.replace("def web():", "def web(:"));
      try {
        await window.runCommand("Modal Meter: Start Dev Session");
        await window.untilQuickInput(/Already running: flux/, patient);
        await window.pick("Deploy Anyway");
        await window.untilNotification(/SyntaxError|invalid syntax/i, patient);
        assert.equal(scene.scaledownSeconds(scene.app("flux")), 600);
        await untilWarm(window, "ten minutes are still in force", (seconds) => seconds > 300);
        assert.match((await window.statusBarItem(status))?.text ?? "", /^demo · .*left · 1 app/);
        const tooltip = await window.statusBarTooltip(status);
        assert.match(tooltip, /[5-9] min.* left/);
        await window.screenshot("failed-over-demo");
      } finally {
        await mend();
      }
      await window.clearNotifications();
      await window.runCommand("Modal Meter: Back to Dev Mode");
      const told = await window.untilToast(/^Now in dev mode: /, patient);
      assert.match(
        told.message,
        /an idle container is kept, and billed, for 2 min\..*Released 1 GPU/,
      );
      await window.until(
        "the row is idle too",
        async () => !/warm for/.test(await runningText(window)),
        patient,
      );
      await window.screenshot("back-to-dev");
      assert.equal((await window.notifications()).length, 1, "it is told once");
      assert.doesNotMatch(await window.outputChannel(costs), /mode is in force/);
    });
  });

  it("is no unknown sum where no container was seen", async () => {
    const target = [{ file: "flux_app.py", name: "flux" }];
    await using stage = await Stage.set({
      settings: { ...settings, "modalMeter.deployTargets": target },
    });
    const window = await stage.host.open();
    await window.untilStatus(status, /nothing running/, patient);
    await window.runCommand("Modal Meter: Start Dev Session");
    await window.untilNotification("flux is ready in dev mode", patient);
    await window.clearNotifications();
    await window.untilStatus(status, /^dev · 1 app · idle$/, patient);
    const tooltip = await window.statusBarTooltip(status);
    await window.screenshot("session-without-container");
    assert.match(tooltip, /Session \(dev\): no cost seen/);
    assert.match(tooltip, /Today: no cost seen/);
    await window.runCommand("Modal Meter: Stop All Apps");
    await window.untilNotification(/Nothing runs any more/, patient);
    const receipt = await window.untilOutput(costs, /All clear!/, patient);
    assert.match(receipt, /Session cost: nothing reported · no container seen · not billed yet/);
    assert.doesNotMatch(receipt, /metered: unknown|\$0\.00/);
  });
});
