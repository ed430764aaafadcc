import assert from "node:assert/strict";
import { until } from "../host/until.ts";
import {
  closingStage,
  graceSeconds,
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

describe("after the last window, with onClose: stop", () => {
  const closing = closingStage({
    settings: { ...target, "modalMeter.onClose": "stop" },
    moreEnv: shortGrace,
  });

  async function untilStoppedOnce(before: number): Promise<void> {
    const { stage } = closing;
    await until("the guardian has stopped the app", () => live(stage).length === 0, patient);
    await until("no guardian is left over", () => guardians() === 0, patient);
    assert.equal(stops(stage) - before, 1, "one stop, not two");
  }

  async function started() {
    const { stage } = closing;
    const window = await stage.host.open();
    await startDev(window);
    return { stage, window, before: stops(stage) };
  }

  it("stops the app when a person has closed the window", async () => {
    const { window, before } = await started();
    await window.close();
    await untilStoppedOnce(before);
  });

  it("stops the app when the extension host was killed, and the window with it", async () => {
    const { window, before } = await started();
    await window.killExtensionHost();
    await window.close();
    await untilStoppedOnce(before);
  });

  it("leaves the app alone while a second window is open, and stops it after both", async () => {
    const { stage } = closing;
    const first = await stage.host.open();
    await startDev(first);
    const second = await stage.host.open();
    await second.untilStatus(status, /^dev · 1 app/, patient);
    const before = stops(stage);
    await first.close();
    await passed(graceSeconds + 4, Date.now());
    assert.equal(guardians(), 1);
    await second.untilStatus(status, /^dev · 1 app/);
    assert.deepEqual(live(stage), ["flux"]);
    await second.close();
    await untilStoppedOnce(before);
  });

  it("stops the app once when two windows are quit in the same moment", async () => {
    const { stage } = closing;
    const first = await stage.host.open();
    await startDev(first);
    const second = await stage.host.open();
    await second.untilStatus(status, /^dev · 1 app/, patient);
    const before = stops(stage);
    await Promise.all([first.close(), second.close()]);
    await untilStoppedOnce(before);
  });

  it("stops the app when the whole editor was killed, and the next start goes on without it", async () => {
    const { stage, before } = await started();
    await stage.host.kill();
    await untilStoppedOnce(before);
    await stage.host.restart();
    const again = await stage.host.open();
    await again.untilStatus(status, /nothing running/, patient);
    await again.close();
  });

  it("reminds of a running app that only has the name of an app file here, and does not stop it", async () => {
    const { stage } = closing;
    const functions = [{ name: "web", gpu: { type: "L40S", count: 1 } }];
    // You deployed it, but no session of this machine did.
    stage.modal.seedApp({ name: "flux", functions }, 1);
    const window = await stage.host.open();
    await window.untilStatus(status, /1 app/, patient);
    await until("a guardian runs", () => guardians() === 1, patient);
    const before = stops(stage);
    await window.close();
    const incident = await until(
      "the guardian has acted",
      async () => {
        const found = await incidentOf(stage);
        return found?.reminder.state === "not-shown" ? found : undefined;
      },
      { ...patient, everyMs: 1000 },
    );
    assert.match(incident.reminder.body, /flux/);
    assert.equal(stops(stage), before);
    assert.deepEqual(live(stage), ["flux"]);
  });
});
