import assert from "node:assert/strict";
import * as fc from "fast-check";
import { readModalSource } from "../../../src/lens/modalApps.ts";

describe("readModalSource", () => {
  it("finds apps under every spelling", () => {
    const names = (source: string): readonly (string | null)[] =>
      readModalSource(source).apps.map((app) => app.name);
    assert.deepEqual(names('import modal\napp = modal.App("flux-api")'), ["flux-api"]);
    assert.deepEqual(names("import modal as m\napp = m.App(name='x', image=i)"), ["x"]);
    assert.deepEqual(names('from modal import App as A, Stub\na = A("one")\nb = Stub("two")'), [
      "one",
      "two",
    ]);
    assert.deepEqual(names('import os, modal\nNAME = "n"\napp: modal.App = modal.App(NAME)'), [
      "n",
    ]);
    assert.deepEqual(names("import modal\napp = modal.App(image=i)"), [null]);
    assert.deepEqual(names('import modal\napp = modal.App(f"x-{y}")'), [null]);
  });

  it("ignores apps of other libraries and code that never runs at import", () => {
    const source = [
      "import modal, flask",
      "from kivy import App",
      'a = App("kivy")',
      'b = flask.App("flask")',
      '# app = modal.App("comment")',
      "text = 'app = modal.App(\"string\")'",
      "def make():",
      '    app = modal.App("inner")',
    ].join("\n");
    assert.deepEqual(readModalSource(source).apps, []);
  });

  it("reads functions, classes and their web endpoints", () => {
    const { functions } = readModalSource(`
import modal, os
app = modal.App("flux")
GPU = "L40S"

@app.function(gpu=GPU, scaledown_window=int(os.environ.get("SCALEDOWN_WINDOW", "300")), min_containers=1)
@modal.fastapi_endpoint(method="POST", requires_proxy_auth=True)
def flux(item: dict):
    return item

@app.cls(gpu=["H100", "A100:2"], scaledown_window=2)
@modal.concurrent(max_inputs=4)
class Model:
    @modal.enter()
    def load(self): ...
    @modal.asgi_app()
    def serve(self): ...

@app.function(name="renamed")
def plain(): ...
`);
    assert.deepEqual(
      functions.map((found) => found),
      [
        {
          name: "flux",
          appVariable: "app",
          gpu: { kind: "literal", value: "L40S" },
          cpu: undefined,
          memory: undefined,
          scaledownWindow: { kind: "variable", name: "SCALEDOWN_WINDOW", fallback: 300 },
          minContainers: { kind: "literal", value: 1 },
          webEndpoints: [{ name: "flux", kind: "fastapi_endpoint" }],
        },
        {
          name: "Model.*",
          appVariable: "app",
          gpu: { kind: "list", values: ["H100", "A100:2"] },
          cpu: undefined,
          memory: undefined,
          scaledownWindow: { kind: "literal", value: 2 },
          minContainers: undefined,
          webEndpoints: [{ name: "Model.serve", kind: "asgi_app" }],
        },
        {
          name: "renamed",
          appVariable: "app",
          gpu: undefined,
          cpu: undefined,
          memory: undefined,
          scaledownWindow: undefined,
          minContainers: undefined,
          webEndpoints: [],
        },
      ],
    );
  });

  it("reads an app that is defined inside a block, and functions of an imported app", () => {
    const inside = readModalSource('import modal\nif True:\n    app = modal.App("x")\n');
    assert.equal(inside.apps[0]?.name, "x");
    const imported = readModalSource("from .common import app\n@app.function()\ndef f(): ...\n");
    assert.equal(imported.functions[0]?.name, "f");
  });

  it("guesses no name and no value that differs from branch to branch", () => {
    const read = (...lines: readonly string[]) =>
      readModalSource(["import modal, os", ...lines].join("\n"));
    const names = (...lines: readonly string[]) => read(...lines).apps.map(({ name }) => name);
    const prod = 'if os.environ.get("MODE") == "prod":';
    assert.deepEqual(
      names(prod, '    app = modal.App("api-prod")', "else:", '    app = modal.App("api-dev")'),
      [null, null],
    );
    assert.deepEqual(
      names('NAME = "api-dev"', prod, '    NAME = "api-prod"', "app = modal.App(NAME)"),
      [null],
    );
    assert.deepEqual(names('app = modal.App("a")', prod, '    app = modal.App("b")'), [null, null]);
    assert.deepEqual(names('app = modal.App("a")', prod, '    app = modal.App("a")'), ["a", "a"]);
    assert.deepEqual(names(prod, '    NAME = "x"', 'NAME = "y"', "app = modal.App(NAME)"), ["y"]);
    const { functions } = read(
      'GPU = "L40S"',
      prod,
      '    GPU = "H100"',
      'app = modal.App("a")',
      "@app.function(gpu=GPU)",
      "def f(): ...",
    );
    assert.deepEqual(functions[0]?.gpu, { kind: "computed" });
  });

  it("never takes a computed GPU for none", () => {
    const { functions } = readModalSource(
      'import modal\napp = modal.App("x")\n@app.function(gpu=pick())\ndef f(): ...\n',
    );
    assert.deepEqual(functions[0]?.gpu, { kind: "computed" });
  });

  it("keeps what it can read of a file with errors", () => {
    const { apps } = readModalSource('import modal\napp = modal.App("x")\ndef broken(:\n  ((((\n');
    assert.equal(apps[0]?.name, "x");
  });

  it("survives any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
        readModalSource(`import modal\n${text}`);
      }),
    );
  });
});
