import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outsideText } from "../../../../src/ui/project/startTexts.ts";
import { placed, targetOfSetting } from "../../../../src/ui/project/target.ts";

describe("targets that settings name", () => {
  let root = "";
  const at = (...names: readonly string[]): string => join(root, ...names);
  before(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "mm-targets-")));
    for (const name of ["a", "b", "shared"]) {
      mkdirSync(at(name));
      writeFileSync(at(name, "app.py"), "");
    }
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  function filesIn(
    folder: string,
    setting: { readonly file: string; readonly workdir?: string },
    { isOfFolder = false, others = [] as readonly string[] } = {},
  ) {
    const target = targetOfSetting(setting, folder, null, []);
    const { here, outside } = placed([target], folder, {
      isOfFolder,
      open: [folder, ...others],
    });
    return { here: here.map((one) => one.target.file), outside };
  }

  it("may lie outside of the folder in a person's own settings, and run there", () => {
    const shared = { here: [at("shared", "app.py")], outside: [] };
    assert.deepEqual(filesIn(at("a"), { file: "../shared/app.py" }), shared);
    assert.deepEqual(filesIn(at("a"), { file: "app.py", workdir: ".." }), {
      here: [at("a", "app.py")],
      outside: [],
    });
  });

  it("of the folder's own settings do not, and it is said which", () => {
    const { here, outside } = filesIn(at("a"), { file: "../shared/app.py" }, { isOfFolder: true });
    assert.deepEqual([here, outside], [[], [at("shared", "app.py")]]);
    assert.match(
      outsideText(at("a"), outside),
      /shared.app\.py lies outside the folder, so it is not deployed/,
    );
    const run = filesIn(at("a"), { file: "app.py", workdir: ".." }, { isOfFolder: true });
    assert.deepEqual(run, { here: [], outside: [root] });
  });

  it("belong to the folder that has their file, where several are open", () => {
    const others = [at("b")];
    for (const isOfFolder of [false, true])
      assert.deepEqual(filesIn(at("a"), { file: at("b", "app.py") }, { isOfFolder, others }), {
        here: [],
        outside: [],
      });
    assert.deepEqual(filesIn(at("b"), { file: at("b", "app.py") }, { others: [at("a")] }).here, [
      at("b", "app.py"),
    ]);
    assert.deepEqual(filesIn(at("a"), { file: "none.py" }, { others }).here, []);
  });
});
