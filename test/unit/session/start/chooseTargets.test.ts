import assert from "node:assert/strict";
import { chooseTargets } from "../../../../src/session/start/chooseTargets.ts";
import type { StartTarget } from "../../../../src/session/start/start.ts";
import { appTarget } from "../../../appTarget.ts";

function found(files: readonly string[], isComplete = true) {
  const targets = files.map((file): StartTarget => ({
    target: appTarget(file, "/w"),
    healthUrl: null,
    warmUpUrl: null,
  }));
  return { targets, isComplete };
}

function choose(files: readonly string[], remembered: readonly string[], isComplete = true) {
  const choice = chooseTargets(found(files, isComplete), remembered);
  return choice.kind === "start" ? choice.targets.map(({ target }) => target.file) : choice.why;
}

describe("what a start deploys", () => {
  it("is the only app there is, where nothing was started before", () => {
    assert.deepEqual(choose(["/w/a.py"], []), ["/w/a.py"]);
  });

  it("is what was chosen before, and nothing beside it", () => {
    assert.deepEqual(choose(["/w/a.py"], ["/w/a.py"]), ["/w/a.py"]);
    assert.deepEqual(choose(["/w/a.py", "/w/b.py"], ["/w/b.py"]), ["/w/b.py"]);
    assert.deepEqual(choose(["/w/a.py", "/w/b.py"], ["/w/a.py", "/w/b.py"]), [
      "/w/a.py",
      "/w/b.py",
    ]);
  });

  it("is what was chosen before by its variable, which is no other app of the file", () => {
    const target = (variable: string | null): StartTarget => ({
      target: { ...appTarget("/w/a.py", "/w"), variable },
      healthUrl: null,
      warmUpUrl: null,
    });
    const targets = [target(null), target("worker")];
    const chosen = (ref: string) => chooseTargets({ targets, isComplete: true }, [ref]);
    assert.deepEqual(chosen("/w/a.py::worker"), { kind: "start", targets: [target("worker")] });
    assert.deepEqual(chosen("/w/a.py"), { kind: "start", targets: [target(null)] });
    assert.deepEqual(chosen("/w/a.py::web"), {
      kind: "ask",
      why: "gone",
      refs: ["/w/a.py::web"],
    });
  });

  it("is asked among several", () => {
    assert.equal(choose(["/w/a.py", "/w/b.py"], []), "several");
  });

  it("is asked where one that was chosen before is gone, however many are left", () => {
    assert.equal(choose(["/w/a.py"], ["/w/b.py"]), "gone");
    assert.equal(choose(["/w/a.py", "/w/c.py"], ["/w/b.py"]), "gone");
    assert.equal(choose(["/w/a.py"], ["/w/a.py", "/w/b.py"]), "gone");
  });

  it("is always asked after a search that ended at its limit", () => {
    assert.equal(choose(["/w/a.py"], [], false), "incomplete");
    assert.equal(choose(["/w/a.py"], ["/w/a.py"], false), "incomplete");
  });
});
