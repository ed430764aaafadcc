import assert from "node:assert/strict";
import { runningText, showSideBar } from "../places.ts";
import { costs, patient, SessionScene, status } from "../sessionScene.ts";
import { needCli } from "../stage.ts";

describe("an app file that fixes what the mode says, in a window", function () {
  this.timeout(300_000);

  before(function () {
    needCli(this);
  });

  it("is asked about once, has the mode's window until the session ends, and says what it keeps warm", async () => {
    await using scene = await SessionScene.set();
    const { window } = scene;
    await showSideBar(window);
    const mend = await scene.editApp((text) =>
      text.replace("scaledown_window=SCALEDOWN_WINDOW", "scaledown_window=300"),
    );
    await window.runCommand("Modal Meter: Start Dev Session");
    const asked = await window.untilQuickInput(
      /does not follow the mode's scaledown window/,
      patient,
    );
    assert.match(
      `${asked.placeholder} ${asked.message}`,
      /5 min in flux_app\.py; use dev's 2 min until the session ends\?/,
    );
    await window.screenshot("fixed-window-asks");
    await window.pick("Use 2 min");
    await window.untilNotification("flux is ready in dev mode", patient);
    assert.equal(scene.scaledownSeconds(scene.app("flux")), 120);
    await window.clearNotifications();
    // Again: the answer is remembered, and the deploy's own window gone before anything is idle.
    await window.runCommand("Modal Meter: Start Dev Session");
    await window.untilQuickInput(/Already running: flux/, patient);
    await window.pick("Deploy Anyway");
    await window.untilNotification("flux is ready in dev mode", patient);
    assert.equal(scene.scaledownSeconds(scene.app("flux")), 120);
    await mend();
    await window.runCommand("Modal Meter: Stop All Apps");
    await window.untilNotification(/Nothing runs any more/, patient);
    await window.clearNotifications();

    const warm = await scene.editApp((text) =>
      text.replace("scaledown_window=SCALEDOWN_WINDOW", "min_containers=1"),
    );
    await window.runCommand("Modal Meter: Start Dev Session");
    await window.untilQuickInput(/does not follow the mode's scaledown window/, patient);
    await window.pick("Use 2 min");
    await window.untilNotification("flux is ready in dev mode", patient);
    await window.untilStatus(status, /dev · 1 app/, patient);
    await window.until(
      "the row says that it is kept warm",
      async () => /kept warm, \$5\d\.\d\d a day/.test(await runningText(window)),
      { ...patient, describe: async () => runningText(window) },
    );
    assert.equal(scene.scaledownSeconds(scene.app("flux")), 120);
    await window.untilOutput(costs, /flux: min_containers keeps 1 container warm/);
    await window.statusBarTooltip(status);
    await window.screenshot("kept-warm");
    await warm();
  });
});
