import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTargets, writeTarget } from "../../../src/guardian/guardTarget.ts";
import type { GuardTarget } from "../../../src/guardian/guardTarget.ts";
import { targetSample } from "./targetSample.ts";

function target(scope: string, change: Partial<GuardTarget> = {}): GuardTarget {
  return targetSample({ scope, startedHere: ["ap-1"], username: null, ...change });
}

describe("guard targets", () => {
  let folder = "";
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "guard-target-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("keeps one per scope, the last one written, readable by this user alone", () => {
    writeTarget(folder, target("acme/main"));
    writeTarget(folder, target("acme/test"));
    writeTarget(folder, target("acme/main", { onClose: "stop" }));
    const { targets, unreadable } = readTargets(folder, Date.now());
    assert.deepEqual(targets.map(({ scope, onClose }) => `${scope} ${onClose}`).toSorted(), [
      "acme/main stop",
      "acme/test remind",
    ]);
    assert.deepEqual(unreadable, []);
    for (const name of readdirSync(folder))
      assert.equal(statSync(join(folder, name)).mode & 0o077, 0);
  });

  it("names what it cannot read, and guards the rest", () => {
    writeTarget(folder, target("acme/main"));
    writeFileSync(join(folder, "broken.target.json"), '{"scope":');
    const { targets, unreadable } = readTargets(folder, Date.now());
    assert.equal(targets.length, 1);
    assert.deepEqual(unreadable, ["broken.target.json"]);
  });

  it("forgets a target that no window wrote for a week", () => {
    writeTarget(folder, target("acme/main"));
    const [name = ""] = readdirSync(folder);
    const weekAgo = Date.now() / 1000 - 8 * 24 * 3600;
    utimesSync(join(folder, name), weekAgo, weekAgo);
    assert.deepEqual(readTargets(folder, Date.now()).targets, []);
    assert.deepEqual(readdirSync(folder), []);
  });

  it("has none where the folder is missing", () => {
    assert.deepEqual(readTargets(join(folder, "nowhere"), 0), { targets: [], unreadable: [] });
  });
});
