import assert from "node:assert/strict";
import { isMine, ownerOf, startedHere, type OwnerFacts } from "../../../src/session/owner.ts";
import { sessionSample } from "./sessionSample.ts";

const started = sessionSample({
  apps: [{ appId: "ap-here", appName: "flux", file: "/project/app.py", urls: [] }],
});

function owner(appId: string, deployedBy: string | null, over: Partial<OwnerFacts> = {}): string {
  return ownerOf(appId, {
    scope: { workspace: "acme", environment: "main" },
    sessions: [started],
    username: "you",
    authors: new Map([[appId, { deployedBy, version: 1 }]]),
    ...over,
  });
}

describe("whose an app is", () => {
  it("is started here by a session of this machine, whatever Modal does not say", () => {
    assert.deepEqual([...startedHere([started])], ["ap-here"]);
    assert.equal(owner("ap-here", null), "started-here");
    assert.equal(owner("ap-here", "You"), "started-here");
  });

  it("is mine when this login deployed it anywhere, and in a personal workspace", () => {
    assert.equal(owner("ap-else", "you"), "mine");
    const personal = { scope: { workspace: "you", environment: "main" }, authors: new Map() };
    assert.equal(owner("ap-else", null, personal), "mine");
    assert.deepEqual((["started-here", "mine", "unknown"] as const).map(isMine), [
      true,
      true,
      false,
    ]);
  });

  it("is someone else's by the last deployment, also when it was started here", () => {
    assert.equal(owner("ap-here", "teammate"), "someone-else");
    assert.equal(isMine("someone-else"), false);
  });

  it("is unknown where neither this machine nor Modal says so", () => {
    assert.equal(owner("ap-else", null), "unknown");
    assert.equal(owner("ap-else", "teammate", { username: null }), "unknown");
  });
});
