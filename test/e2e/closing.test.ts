import assert from "node:assert/strict";
import { until } from "../host/until.ts";
import {
  closingStage,
  guardians,
  incidentOf,
  live,
  passed,
  patient,
  shortGrace,
  startDev,
  status,
  stops,
  target,
} from "./closingScene.ts";

describe("a reload of the last window, with onClose: stop", () => {
  // With the usual grace, in which a reload has to come back.
  const closing = closingStage({ settings: { ...target, "modalMeter.onClose": "stop" } });

  it("stops nothing", async () => {
    const { stage } = closing;
    const window = await stage.host.open();
    await startDev(window);
    const before = stops(stage);
    const reloadedAtMs = Date.now();
    await window.reload();
    await window.untilStatus(status, /^dev · 1 app/, patient);
    await passed(21, reloadedAtMs);
    assert.deepEqual(live(stage), ["flux"]);
    assert.equal(stops(stage), before);
    assert.equal(guardians(), 1);
  });
});

describe("after the last window, with onClose: remind, on a machine without a desktop", () => {
  const closing = closingStage({ settings: target, moreEnv: shortGrace });

  it("keeps the reminder that nobody could see, and the next window shows it", async () => {
    const { stage } = closing;
    const window = await stage.host.open();
    await startDev(window);
    await window.runCommand("Modal Meter: Invoke Flux Schnell");
    await window.untilQuickInput("Prompt");
    await window.type("a fox at night");
    await window.accept();
    await window.untilOutput("Modal Meter Costs", /💰 Cost/, patient);
    await window.close();
    const incident = await until(
      "the reminder could not be shown, and that is recorded",
      async () => {
        const found = await incidentOf(stage);
        return found?.reminder.state === "not-shown" ? found : undefined;
      },
      { ...patient, everyMs: 1000 },
    );
    assert.match(`${incident.reminder.title} ${incident.reminder.body}`, /flux/);
    assert.deepEqual(live(stage), ["flux"], "remind stops nothing");
    const again = await stage.host.open();
    // What is true now, once: by the reminder, or by the report when the absence was long enough.
    const notification = await again.untilNotification(/flux/, patient);
    assert.match(notification.message, /It ran on while no window was open|still running/);
    assert.doesNotMatch(notification.message, /No VS Code window is open/);
    assert.equal(notification.severity, "warning");
    await again.screenshot("reminder-at-next-start");
    await again.runCommand("Modal Meter: Stop All Apps");
    await again.untilNotification(/Nothing runs any more/, patient);
  });
});
