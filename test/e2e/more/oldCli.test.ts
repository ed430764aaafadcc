import assert from "node:assert/strict";
import { liveApps, startDev } from "../mainJobSteps.ts";
import { needCli, Stage } from "../stage.ts";

describe("a CLI of before 1.4.2", function () {
  let stage: Stage | undefined;

  before(async function () {
    needCli(this, "old");
    stage = await Stage.set({ cli: "old", settings: { "modalMeter.control": "cli" } });
  });
  after(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  it("deploys, is stopped, and is proven stopped", async () => {
    assert.ok(stage);
    const window = await stage.host.open();
    await startDev(window, /no app running/);
    assert.deepEqual(liveApps(stage), ["flux"]);
    await window.runCommand("Modal Meter: Stop All Apps");
    await window.untilNotification(/Modal lists nothing that still runs; not listed: /, {
      withinMs: 90_000,
    });
    assert.deepEqual(liveApps(stage), []);
  });
});
