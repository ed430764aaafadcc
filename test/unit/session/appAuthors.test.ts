import assert from "node:assert/strict";
import { Failure } from "../../../src/base/failure.ts";
import { askAppsOfOthers } from "../../../src/session/appAuthors.ts";
import type { AppDeployment } from "../../../src/session/modalControl.ts";
import { silentLog } from "../silentLog.ts";

const deployed = (version: number, deployedBy: string | null): AppDeployment => ({
  version,
  deployedAtMs: version,
  deployedBy,
  tag: null,
});

const histories: Readonly<Record<string, readonly AppDeployment[]>> = {
  mine: [deployed(1, "teammate"), deployed(2, "you")],
  theirs: [deployed(2, "teammate"), deployed(1, "you")],
  nobodys: [deployed(1, null)],
  ephemeral: [],
};

const control = {
  deployments: (appId: string) => {
    const history = histories[appId];
    return history === undefined
      ? Promise.reject(new Failure("not-found", "No such app."))
      : Promise.resolve(history);
  },
};

describe("the apps of others", () => {
  it("are those that somebody else deployed last; one without a deployer may be mine", async () => {
    const appIds = [...Object.keys(histories), "gone"];
    const others = async (username: string | null) => [
      ...(await askAppsOfOthers(control, appIds, username, silentLog)),
    ];
    assert.deepEqual(await others("you"), ["theirs"]);
    assert.deepEqual(await others("teammate"), ["mine"]);
    assert.deepEqual(await others("You"), ["theirs"], "Modal may write the same login otherwise");
    assert.deepEqual(await others(null), []);
  });
});
