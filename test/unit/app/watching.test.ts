import assert from "node:assert/strict";
import { Failure } from "../../../src/base/failure.ts";
import { firstLook } from "../../../src/app/watching.ts";
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

  it("tells the first look at Modal, or that it failed: no app file is read before", async () => {
    for (const control of [
      oneApp,
      { whoami: () => Promise.reject(new Failure("offline", "No.")) },
    ]) {
      using window = await TestWindow.open(control);
      const { poller } = window.watching;
      const said: string[] = [];
      poller.onSeen(() => said.push("seen"));
      poller.onFailed(() => said.push("failed"));
      const files = firstLook(poller).then(() => said.push("files"));
      await window.clock.advance(60_000);
      assert.deepEqual(said, []);
      poller.start();
      await window.clock.advance(1000);
      await files;
      assert.match(said[0] ?? "", /seen|failed/);
      assert.equal(said.filter((one) => one === "files").length, 1);
    }
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
