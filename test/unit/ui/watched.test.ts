import assert from "node:assert/strict";
import { WatchedEnvironment } from "../../../src/ui/watched.ts";

describe("The environment that a window watches", () => {
  let settings = { profile: "", environment: "" };
  let watched: WatchedEnvironment;
  let changes = 0;
  beforeEach(() => {
    settings = { profile: "", environment: "" };
    changes = 0;
    watched = new WatchedEnvironment(() => settings);
    watched.onChange(() => void (changes += 1));
  });

  it("is the settings', or Modal's own choice", () => {
    assert.equal(watched.choice, null);
    settings.environment = "staging";
    assert.deepEqual([watched.choice, watched.aside], ["staging", undefined]);
  });

  it("is another one for a while, and remembers where sessions start", () => {
    watched.watch("dev", "main");
    assert.deepEqual([watched.choice, watched.aside?.home], ["dev", "main"]);
    watched.watch("staging", "dev");
    assert.deepEqual([watched.choice, watched.aside?.home], ["staging", "main"]);
    assert.deepEqual(settings, { profile: "", environment: "" }, "no setting was touched");
    watched.end();
    assert.deepEqual([watched.choice, watched.aside, changes], [null, undefined, 3]);
    watched.end();
    assert.equal(changes, 3);
  });

  it("is the settings' again where their own is chosen", () => {
    watched.watch("dev", "main");
    watched.watch("main", "dev");
    assert.deepEqual([watched.choice, watched.aside], [null, undefined]);
  });

  for (const change of [{ profile: "work" }, { environment: "staging" }])
    it(`ends when the settings change: ${Object.keys(change).join()}`, () => {
      watched.watch("dev", "main");
      settings = { ...settings, ...change };
      assert.equal(watched.aside, undefined);
      assert.equal(watched.choice, settings.environment || null);
    });
});
