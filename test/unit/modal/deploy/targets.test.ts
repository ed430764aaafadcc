import assert from "node:assert/strict";
import { findDeployTargets, maxFiles } from "../../../../src/modal/deploy/targets.ts";

const app = (name: string, more = ""): string =>
  `import modal\napp = modal.App("${name}")\n@app.function()\n${more}def f(): ...\n`;
const web = "@modal.fastapi_endpoint()\n";

async function find(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const found = await findDeployTargets("/w", {
    listPythonFiles: async () => Object.keys(files),
    readText: async (file) => {
      const text = files[file];
      if (text === undefined || text === "unreadable") throw new Error("EACCES");
      return text;
    },
  });
  return found.candidates.map(({ target }) => `${target.file} ${target.nameInFile ?? "-"}`);
}

describe("findDeployTargets", () => {
  it("finds app files and puts web endpoints and near files first", async () => {
    assert.deepEqual(
      await find({
        "/w/deep/er/web.py": app("deep", web),
        "/w/batch.py": app("batch"),
        "/w/web.py": app("flux", web),
        "/w/plain.py": "print('modal')",
        "/w/library.py": 'import modal\napp = modal.App("no-functions")\n',
        "/w/secret.py": "unreadable",
      }),
      ["/w/web.py flux", "/w/deep/er/web.py deep", "/w/batch.py batch"],
    );
  });

  it("leaves out installed packages and build output", async () => {
    assert.deepEqual(
      await find({
        "/w/.venv/lib/python3/site-packages/modal/example.py": app("x"),
        "/w/build/copy.py": app("y"),
        "/w/rebuild/own.py": app("own"),
      }),
      ["/w/rebuild/own.py own"],
    );
  });

  it("says when there are more files than it reads", async () => {
    const text = app("flux");
    const search = async (count: number) => {
      const files = Array.from({ length: count }, (_, at) => `/w/${at}.py`);
      return findDeployTargets("/w", {
        listPythonFiles: async (_folder, limit) => files.slice(0, limit),
        readText: async (file) => (file === "/w/7.py" ? text : "x = 1"),
      });
    };
    const all = await search(maxFiles);
    assert.deepEqual([all.candidates.length, all.isComplete], [1, true]);
    const some = await search(maxFiles + 1);
    assert.deepEqual([some.candidates.length, some.isComplete], [1, false]);
  });

  it("takes the app that the CLI would take", async () => {
    const text = `import modal\nfirst = modal.App("first")\napp = modal.App("second")\n@app.function()\ndef f(): ...\n`;
    assert.deepEqual(await find({ "/w/a.py": text }), ["/w/a.py second"]);
  });

  it("keeps an app whose name is computed", async () => {
    const text = `import modal\napp = modal.App(name())\n@app.function()\ndef f(): ...\n`;
    assert.deepEqual(await find({ "/w/a.py": text }), ["/w/a.py -"]);
  });
});
