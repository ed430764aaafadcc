import assert from "node:assert/strict";
import { addNotes } from "../../../src/session/logs/appNotes.ts";
import type { UntilOptions } from "../../host/until.ts";
import { SessionScene, settings, status } from "../sessionScene.ts";
import { needCli, Stage } from "../stage.ts";

const patient: UntilOptions = { withinMs: 120_000, everyMs: 250 };
const gpu = { type: "L40S", count: 1 } as const;
const minute = 60_000;

describe("an alarm in the window", function () {
  this.timeout(300_000);

  before(function () {
    needCli(this);
  });

  it("tells of containers that fail one after the other, and stops their app", async () => {
    await using scene = await SessionScene.set();
    const { window, modal } = scene;
    const app = await scene.startDev();
    // The same app with a fault: what is called dies while it loads, and the next one is started.
    const broken = { name: "web", gpu, queueMs: 100, coldStartMs: minute, crashAfterMs: 4000 };
    modal.seedApp({ name: "flux", functions: [broken] }, 0);
    modal.workspace.cloud.request({ appId: app.id, functionName: "web", durationMs: 1000 });
    modal.sync();
    const message = /flux restarts every \d+ s: ≈ \$\d\.\d\d\/h for nothing\. Its log says why\./;
    const shown = await window.untilNotification(message, patient);
    assert.equal(shown.severity, "warning");
    assert.deepEqual(shown.buttons, ["Logs", "Stop", "Don't Remind Me"]);
    await window.screenshot("alarm-crash-loop");
    await window.pressNotificationButton(message, "Stop");
    await window.until(
      "it is stopped",
      () => Promise.resolve(scene.toldToStop().includes(app.id)),
      patient,
    );
  });

  it("tells of a start that takes far longer than usual, and what it may cost", async () => {
    const startMs = Date.now() - 4 * minute;
    await using stage = await Stage.set({ settings, modal: { startMs } });
    const { modal } = stage;
    const slow = { name: "web", gpu, queueMs: 100, coldStartMs: 60 * minute };
    const app = modal.seedApp({ name: "flux", functions: [slow] }, 0);
    modal.workspace.cloud.request({ appId: app.id, functionName: "web", durationMs: 1000 });
    modal.sync();
    modal.advance(4 * minute);
    await stage.withLedger((ledger) => {
      const startups = [30, 38, 40].map((seconds) => ({
        containerId: `ta-${seconds}`,
        appName: "flux",
        readyMs: startMs - minute,
        startupMs: seconds * 1000,
      }));
      // Of the app before it was stopped and deployed again.
      addNotes(ledger, { scope: "acme/main", appId: "ap-before" }, { startups });
    });
    const window = await stage.host.open();
    await window.untilStatus(status, /1 app/, patient);
    const message = /^flux has been starting for [45] min.*; usually 40 s: ≈ \$0\.\d+ so far\.$/;
    const shown = await window.untilNotification(message, patient);
    assert.deepEqual(shown.buttons, ["Logs", "Stop", "Don't Remind Me"]);
    await window.screenshot("alarm-slow-start");
  });
});
