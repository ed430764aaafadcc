import assert from "node:assert/strict";
import { Failure } from "../../../src/base/failure.ts";
import { oneApp, TestWindow } from "./window.ts";

describe("buildWatching", () => {
  it("brings what Modal lists to the meter's state, priced by the GPU that the settings name", async () => {
    using window = await TestWindow.open(oneApp);
    const { meter } = window.watching;
    await meter.refreshNow();
    const { apps, scope, adapter } = meter.state();
    assert.deepEqual(scope, { workspace: "acme", environment: "main" });
    assert.equal(adapter, "sdk");
    assert.deepEqual(
      apps.map(({ name, running, gpu }) => ({ name, running, gpu })),
      [{ name: "flux-api", running: 1, gpu: "L40S" }],
    );
    assert.equal(apps[0]?.microUsdPerHour, 3_600_000);
  });

  it("asks nothing before the poller is started", async () => {
    let asked = 0;
    using window = await TestWindow.open({
      whoami: () => {
        asked += 1;
        return Promise.reject(new Failure("offline", "No network."));
      },
    });
    await window.clock.advance(60_000);
    assert.equal(asked, 0);
    window.watching.poller.start();
    await window.clock.advance(1000);
    assert.ok(asked > 0);
  });
});
