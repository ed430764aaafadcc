import assert from "node:assert/strict";
import { appsOfFile, type AppFileProblem } from "../../../../src/lens/read/appFiles.ts";
import { ParsedFiles } from "../../../../src/lens/read/parsedFiles.ts";

function problemOf(source: string): AppFileProblem | null {
  const files = new ParsedFiles(new Map([["/w/app.py", source]]));
  const [first] = appsOfFile("/w/app.py", "/w", files, new Map([["MODAL_MODE", "dev"]]));
  assert.ok(first);
  return first.problem;
}

const given = (argument: string): string =>
  `import modal\napp = modal.App("shop")\n@app.function(${argument})\ndef f(): ...\n`;

/** What test/integration/lens/realModal.test.ts shows the client to refuse, with the word that a person gets. */
const refused: readonly (readonly [source: string, why: string])[] = [
  [given("keep_warm=1"), "keep_warm was renamed: write min_containers"],
  [
    given("container_idle_timeout=60"),
    "container_idle_timeout was renamed: write scaledown_window",
  ],
  [given("concurrency_limit=1"), "concurrency_limit was renamed: write max_containers"],
  [
    given("allow_concurrent_inputs=9"),
    "allow_concurrent_inputs was renamed: write @modal.concurrent",
  ],
  [given("mounts=[]"), "app.function has no parameter mounts"],
  [given("scaledown_window=7200"), "scaledown_window must be from 2 to 3600"],
  [given('gpu=("H100", "A100")'), "gpu must be a text or a list of texts"],
  [given('gpu="H100:two"'), "the number of GPUs must be a whole number"],
  [given("image"), "app.function takes its arguments by name only"],
  [
    given("gpu=modal.gpu.A100(count=2)"),
    'modal.gpu was removed from Modal: write gpu="A100-80GB:2"',
  ],
  [
    `${given("")}@app.function()\n@modal.web_endpoint()\ndef g(): ...\n`,
    "modal.web_endpoint was removed from Modal: write modal.fastapi_endpoint",
  ],
  [
    `from modal import App, Mount\napp = App("shop")\n@app.function()\ndef f(): ...\n`,
    "modal.Mount was removed from Modal: write Image.add_local_dir",
  ],
  [
    `${given("")}image = modal.Image.debian_slim().pip_install("x").copy_local_dir(".")\n`,
    "modal.Image.debian_slim().pip_install().copy_local_dir was removed from Modal: write add_local_dir",
  ],
  [
    `${given("")}@app.function\ndef g(): ...\n`,
    "@app.function is not called: write @app.function()",
  ],
  [
    `${given("")}@app.function()\nclass K: ...\n`,
    "@app.function decorates a class: write @app.cls",
  ],
  [`${given("")}@app.cls()\ndef g(): ...\n`, "@app.cls decorates a function: write @app.function"],
  [
    `${given("")}class K:\n  @app.function()\n  def m(self): ...\n`,
    "@app.function decorates a method: write @app.cls above the class",
  ],
  [
    `${given("")}def make():\n  @app.function()\n  def inner(): ...\nmake()\n`,
    "@app.function decorates a function inside a function",
  ],
];

describe("what Modal refuses", () => {
  for (const [source, why] of refused)
    it(`is said: ${why}`, () => assert.deepEqual(problemOf(source), { kind: "refused", why }));

  it("is not said of what may not run, is caught, or is only not called", () => {
    for (const source of [
      `${given("")}if slow():\n  modal.gpu.T4()\n`,
      `try:\n  from modal import Mount\nexcept ImportError:\n  Mount = None\n${given("")}`,
      `${given("")}def make():\n  @app.function()\n  def inner(): ...\n`,
      `${given("")}def make():\n  @app.function(serialized=True)\n  def inner(): ...\nmake()\n`,
      given("scaledown_window=slow()"),
      given('gpu=["H100:2", "A100"]'),
      `${given("")}image = modal.Image.debian_slim().add_local_dir(".", "/root")\n`,
    ])
      assert.equal(problemOf(source), null, source);
  });

  it("is said of an app without a name, or with one that Modal does not take", () => {
    const named = (name: string): AppFileProblem | null =>
      problemOf(`import modal\napp = modal.App(${name})\n@app.function()\ndef f(): ...\n`);
    assert.deepEqual(named(""), { kind: "no-name", name: null });
    assert.deepEqual(named("name=None"), { kind: "no-name", name: null });
    assert.deepEqual(named('"my shop"'), { kind: "no-name", name: "my shop" });
    assert.deepEqual(named(`"${"x".repeat(65)}"`), { kind: "no-name", name: "x".repeat(65) });
    assert.equal(named('"My_shop-1.0"'), null);
    assert.equal(named("pick()"), null);
  });
});

describe("ParsedFiles", () => {
  it("parses each file once, as far as its room goes, and reads the same either way", () => {
    const texts = new Map([
      ["/w/a.py", given('gpu="T4"')],
      ["/w/b.py", given('gpu="L4"')],
    ]);
    const files = new ParsedFiles(texts, given('gpu="T4"').length);
    assert.equal(files.tree("/w/a.py"), files.tree("/w/a.py"));
    assert.notEqual(files.tree("/w/b.py"), files.tree("/w/b.py"));
    assert.deepEqual(files.tree("/w/none.py").errors, []);
  });
});
