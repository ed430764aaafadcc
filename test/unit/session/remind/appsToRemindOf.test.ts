import assert from "node:assert/strict";
import type { LiveApp } from "../../../../src/session/liveApp.ts";
import type { Owner } from "../../../../src/session/owner.ts";
import { appsToRemindOf } from "../../../../src/session/remind/appsToRemindOf.ts";

function app(appId: string, containerCount: number): LiveApp {
  return { appId, name: appId, state: "deployed", containerCount };
}

describe("appsToRemindOf", () => {
  it("speaks of what costs and is mine, wherever it was deployed, and of all that was started here", () => {
    const owners = new Map<string, Owner>([
      ["here-idle", "started-here"],
      ["elsewhere-busy", "mine"],
      ["elsewhere-idle", "mine"],
      ["theirs", "someone-else"],
      ["nobody-knows", "unknown"],
    ]);
    const live = [
      app("here-idle", 0),
      app("elsewhere-busy", 1),
      app("elsewhere-idle", 0),
      app("theirs", 2),
      app("nobody-knows", 2),
    ];
    assert.deepEqual(
      appsToRemindOf(live, (appId) => owners.get(appId) ?? "unknown").map(({ appId }) => appId),
      ["here-idle", "elsewhere-busy"],
    );
  });
});
