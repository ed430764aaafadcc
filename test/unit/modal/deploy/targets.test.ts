import assert from "node:assert/strict";
import {
  findDeployTargets,
  maxFiles,
  readWorkspace,
} from "../../../../src/modal/deploy/targets.ts";

const fn = "@app.function()\ndef f(): ...\n";
const app = (name: string, more = ""): string =>
  `import modal\napp = modal.App("${name}")\n@app.function()\n${more}def f(): ...\n`;
const web = "@modal.fastapi_endpoint()\n";

type Files = Readonly<Record<string, string | Uint8Array>>;

async function search(
  files: Files,
  variables: Readonly<Record<string, string>> = {},
  ignored: readonly string[] = [],
  links: Readonly<Record<string, string>> = {},
) {
  const read = await readWorkspace("/w", {
    listPythonFiles: async (_folder, limit) => ({
      files: Object.keys(files).slice(0, limit),
      ignored: new Set(ignored),
    }),
    read: async (file) => {
      const text = files[file];
      if (text === undefined || text === "unreadable") throw new Error("EACCES");
      return typeof text === "string" ? Buffer.from(text) : text;
    },
    realPath: async (file) => {
      if (links[file] === "broken") throw new Error("ELOOP");
      return links[file] ?? file;
    },
  });
  return findDeployTargets(read, new Map(Object.entries(variables)));
}

/** "-m package.module (in /folder) name", as a person would tell the CLI; a problem by its kind. */
async function find(
  files: Files,
  variables: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const { candidates } = await search(files, variables);
  return candidates.map(({ target: { file, module, variable, nameInFile }, problem }) =>
    [
      module === null ? file : `-m ${module.name} (in ${module.folder})`,
      variable === null ? "" : `::${variable}`,
      ` ${nameInFile ?? "-"}`,
      problem === null ? "" : ` [${problem.kind}]`,
    ].join(""),
  );
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

  it("says of each function whether its idle window follows the mode, is fixed, or cannot be read", async () => {
    const text = [
      "import modal, os",
      'app = modal.App("studio")',
      '@app.function(scaledown_window=int(os.environ["SCALEDOWN_WINDOW"]))',
      "def follows(): ...",
      "@app.function(scaledown_window=120)",
      "def fixes(): ...",
      "@app.function()",
      "def none(): ...",
      "@app.function(scaledown_window=unknown())",
      "def hidden(): ...",
    ].join("\n");
    const { candidates } = await search({ "/w/studio.py": text }, { SCALEDOWN_WINDOW: "120" });
    const windows = ["follows", "fixes", "none", "hidden", "other"].map((name) =>
      candidates[0]?.windows(name),
    );
    assert.deepEqual(windows, ["mode", 120, 60, null, null]);
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

  it("offers nothing that git ignores, and reads what others import of it", async () => {
    const { candidates } = await search(
      {
        "/w/app.py": `from local import GPU\nimport modal\napp = modal.App("own")\n@app.function(gpu=GPU)\ndef f(): ...\n`,
        "/w/local.py": 'GPU = "T4"\n',
        "/w/scratch.py": app("scratch"),
      },
      {},
      ["/w/local.py", "/w/scratch.py"],
    );
    assert.deepEqual(
      candidates.map(({ target, facts }) => [target.nameInFile, facts.gpu]),
      [["own", "T4"]],
    );
  });

  it("offers a file once, however many links lead to it", async () => {
    const { candidates } = await search(
      {
        "/w/a/link.py": app("shop"),
        "/w/shop.py": app("shop"),
        "/w/b/one.py": app("outside"),
        "/w/b/two.py": app("outside"),
        "/w/circle.py": app("circle"),
      },
      {},
      [],
      {
        "/w/a/link.py": "/w/shop.py",
        "/w/b/one.py": "/elsewhere/app.py",
        "/w/b/two.py": "/elsewhere/app.py",
        "/w/circle.py": "broken",
      },
    );
    assert.deepEqual(candidates.map(({ target }) => target.file).toSorted(), [
      "/w/b/one.py",
      "/w/circle.py",
      "/w/shop.py",
    ]);
  });

  it("says when there are more files than it reads, and which it could not read", async () => {
    const many = (count: number): Files =>
      Object.fromEntries(
        Array.from({ length: count }, (_, at) => [`/w/${at}.py`, at === 7 ? app("flux") : "x = 1"]),
      );
    const all = await search(many(maxFiles));
    assert.deepEqual([all.candidates.length, all.isComplete], [1, true]);
    const some = await search(many(maxFiles + 1));
    assert.deepEqual([some.candidates.length, some.isComplete], [1, false]);
    const { unreadable } = await search({
      "/w/a.py": "unreadable",
      "/w/utf16.py": Buffer.from(app("x"), "utf16le"),
      "/w/large.py": Buffer.alloc(5_000_001, "#"),
      "/w/old.py": Buffer.from('import modal\nname = "caf\xE9"\n', "latin1"),
    });
    assert.deepEqual(unreadable, ["/w/a.py", "/w/utf16.py", "/w/large.py"]);
  });

  it("offers each app of a file, under the variable that the CLI needs", async () => {
    const text = `import modal\nfirst = modal.App("first")\napp = modal.App("second")\n@app.function()\ndef f(): ...\n@first.function()\ndef g(): ...\n`;
    assert.deepEqual(await find({ "/w/a.py": text }), ["/w/a.py::first first", "/w/a.py second"]);
    assert.deepEqual(
      await find({
        "/w/b.py": 'import modal\nworker = modal.App("w")\n@worker.function()\ndef f(): ...',
      }),
      ["/w/b.py::worker w"],
    );
  });

  it("keeps an app whose name is computed", async () => {
    const text = `import modal\napp = modal.App(name())\n@app.function()\ndef f(): ...\n`;
    assert.deepEqual(await find({ "/w/a.py": text }), ["/w/a.py -"]);
  });

  it("names the app by the mode that a deploy would have", async () => {
    const text = `import os, modal\nif os.environ.get("MODAL_MODE") == "prod":\n  app = modal.App("shop")\nelse:\n  app = modal.App("shop-dev")\n${fn}`;
    assert.deepEqual(await find({ "/w/a.py": text }, { MODAL_MODE: "dev" }), ["/w/a.py shop-dev"]);
    assert.deepEqual(await find({ "/w/a.py": text }, { MODAL_MODE: "prod" }), ["/w/a.py shop"]);
  });

  it("offers the file with the functions where the app is made in another one", async () => {
    assert.deepEqual(
      await find({
        "/w/common.py": 'import modal\napp = modal.App("shop")\n',
        "/w/serve.py": `from common import app\n${fn}`,
      }),
      ["/w/serve.py shop"],
    );
  });

  it("offers the file that brings all functions rather than its parts", async () => {
    assert.deepEqual(
      await find({
        "/w/common.py": 'import modal\napp = modal.App("shop")\n',
        "/w/train.py": "from common import app\n@app.function()\ndef train(): ...\n",
        "/w/serve.py": "from common import app\n@app.function()\ndef serve(): ...\n",
        "/w/main.py": "import modal\nfrom common import app\nimport train, serve\n",
      }),
      ["/w/main.py shop"],
    );
  });

  it("deploys a part of a package as a module, from the folder above the package", async () => {
    const package_ = {
      "/w/src/shop/__init__.py": "",
      "/w/src/shop/common.py": 'import modal\napp = modal.App("shop")\n',
      "/w/src/shop/jobs/__init__.py": "",
      "/w/src/shop/jobs/main.py": `from ..common import app\n${fn}`,
    };
    assert.deepEqual(await find(package_), ["-m shop.jobs.main (in /w/src) shop"]);
    assert.deepEqual(
      await find({
        "/w/loose/common.py": 'import modal\napp = modal.App("loose")\n',
        "/w/loose/main.py": `from .common import app\n${fn}`,
      }),
      ["-m loose.main (in /w) loose"],
    );
  });

  it("says why an app cannot be deployed", async () => {
    const stub = 'import modal\nstub = modal.Stub("old")\n@stub.function()\ndef f(): ...\n';
    assert.deepEqual(await find({ "/w/a.py": stub }), ["/w/a.py::stub old [stub]"]);
    assert.deepEqual(await find({ "/w/app.v2.py": app("x") }), ["/w/app.v2.py x [file-name]"]);
    assert.deepEqual(await find({ "/w/a.py": `${app("x")}\ndef broken(:\n` }), [
      "/w/a.py x [unread]",
    ]);
    assert.deepEqual(await find({ "/w/a.py": `${app("x")}\nraise SystemExit(1)\n` }), [
      "/w/a.py x [raises]",
    ]);
  });

  it("does not offer an app that a function makes, nor one that another file made and nothing joined", async () => {
    assert.deepEqual(
      await find({
        "/w/a.py": `import modal\ndef make():\n  app = modal.App("x")\n  @app.function()\n  def f(): ...\n  return app\n`,
        "/w/common.py": 'import modal\napp = modal.App("shop")\n',
        "/w/user.py": "import modal\nfrom common import app\nprint(app.name)\n",
      }),
      [],
    );
  });

  it("follows imports of imports, and stops in a circle", async () => {
    assert.deepEqual(
      await find({
        "/w/a.py": "import modal\nfrom b import NAME\napp = modal.App(NAME)\n" + fn,
        "/w/b.py": "from c import NAME\n",
        "/w/c.py": 'import a\nNAME = "deep"\n',
      }),
      ["/w/a.py deep"],
    );
  });
});
