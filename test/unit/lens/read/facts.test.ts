import assert from "node:assert/strict";
import { commonFacts, factsOf, type AppFacts } from "../../../../src/lens/read/facts.ts";
import { read } from "./render.ts";

function factsIn(source: string, variables: Readonly<Record<string, string>> = {}): AppFacts {
  const app = read({ files: { "app.py": source }, variables }).variables.get("app");
  assert.ok(app);
  return factsOf(app);
}

function facts(...decorators: readonly string[]): AppFacts {
  const functions = decorators.map(
    (given, index) => `@app.function(${given})\ndef f${index}(): ...`,
  );
  const begin = ["import modal, os", 'app = modal.App("flux")', "CORES = 4.0"];
  return factsIn([...begin, ...functions].join("\n"));
}

describe("factsOf an app file", () => {
  it("reads what each container requests, by function as well", () => {
    const {
      functions,
      all: _,
      ...common
    } = facts('gpu="H100:2", cpu=CORES, memory=32768, scaledown_window=300, min_containers=1');
    assert.deepEqual(common, {
      gpu: "H100:2",
      cpuCores: 4,
      memoryGib: 32,
      diskGib: 0,
      region: "any",
      nonPreemptible: false,
      scaledownSeconds: 300,
      warmContainers: 1,
      mayHaveMore: null,
    });
    assert.deepEqual(functions.get("f0"), {
      gpu: { kind: "one", gpu: "H100:2" },
      cpuCores: 4,
      memoryGib: 32,
      diskGib: 0,
      region: "any",
      nonPreemptible: false,
      scaledownSeconds: 300,
      minContainers: 1,
      needsToken: null,
    });
  });

  it("reads whether a web address refuses calls without a proxy token", () => {
    const needs = (decorator: string): boolean | null | undefined =>
      factsIn(
        `import modal\nLOCKED = True\nmore = {}\napp = modal.App("flux")\n@app.function()\n${decorator}def f(): ...`,
      ).functions.get("f")?.needsToken;
    assert.equal(needs(""), null);
    assert.equal(needs("@modal.asgi_app()\n"), false);
    assert.equal(needs("@modal.asgi_app(requires_proxy_auth=True)\n"), true);
    assert.equal(
      needs('@modal.fastapi_endpoint(method="POST", requires_proxy_auth=LOCKED)\n'),
      true,
    );
    assert.equal(needs("@modal.web_server(8000, requires_proxy_auth=False)\n"), false);
    assert.equal(needs("@modal.asgi_app(requires_proxy_auth=locked())\n"), undefined);
    assert.equal(needs("@modal.asgi_app(**more)\n"), undefined);
    const two = factsIn(
      'import modal\napp = modal.App("llm")\n@app.cls()\nclass Model:\n  @modal.fastapi_endpoint(requires_proxy_auth=True)\n  def infer(self): ...\n  @modal.fastapi_endpoint()\n  def health(self): ...\n',
    );
    assert.equal(two.functions.get("Model.*")?.needsToken, undefined);
  });

  it("reads region, disk and preemption, as they cost", () => {
    const terms = (decorator: string): readonly unknown[] => {
      const { region, diskGib, nonPreemptible } = facts(decorator);
      return [region, diskGib, nonPreemptible];
    };
    assert.deepEqual(terms('region="us", ephemeral_disk=600 * 1024'), ["broad", 600, false]);
    assert.deepEqual(terms('region="us-west", nonpreemptible=True'), ["narrow", 0, true]);
    assert.deepEqual(terms('region=["eu-north", "us"]'), ["broad", 0, false]);
    assert.deepEqual(terms("region=None, nonpreemptible=None"), ["any", 0, false]);
    const unread = "region=where(), ephemeral_disk=where(), nonpreemptible=where()";
    assert.deepEqual(terms(unread), [undefined, undefined, undefined]);
  });

  it("takes the request of (request, limit)", () => {
    const { cpuCores, memoryGib } = facts("cpu=(2, 8), memory=(16 * 1024, 65536)");
    assert.deepEqual([cpuCores, memoryGib], [2, 16]);
  });

  it("knows Modal's defaults: no GPU, an eighth of a core, 128 MiB, a minute", () => {
    const { functions: _, all, ...common } = facts("");
    assert.equal(all.length, 1);
    assert.deepEqual(common, {
      gpu: null,
      cpuCores: 0.125,
      memoryGib: 0.125,
      diskGib: 0,
      region: "any",
      nonPreemptible: false,
      scaledownSeconds: 60,
      warmContainers: 0,
      mayHaveMore: null,
    });
  });

  it("knows a GPU class and a CPU function of one app apart", () => {
    const { gpu, functions } = facts('gpu="A100"', "cpu=1");
    assert.equal(gpu, undefined);
    assert.deepEqual(
      [...functions].map(([name, one]) => [name, one.gpu]),
      [
        ["f0", { kind: "one", gpu: "A100" }],
        ["f1", { kind: "none" }],
      ],
    );
  });

  it("tells nothing where it is computed, or where functions differ", () => {
    const computed = facts("cpu=cores(), memory=2 + x, gpu=pick(), scaledown_window=w()");
    assert.deepEqual(
      [computed.cpuCores, computed.memoryGib, computed.gpu, computed.scaledownSeconds],
      [undefined, undefined, undefined, null],
    );
    const differing = facts('cpu=1, gpu="L4", memory=1024', 'cpu=2, gpu="T4", memory=1024');
    assert.deepEqual(
      [differing.cpuCores, differing.memoryGib, differing.gpu],
      [undefined, 1, undefined],
    );
    assert.equal(facts("scaledown_window=60", "scaledown_window=300").scaledownSeconds, null);
  });

  it("tells nothing of all containers where there may be more functions", () => {
    const { gpu, cpuCores, scaledownSeconds, functions } = factsIn(
      'import modal\napp = modal.App("a")\n@app.function(gpu="T4")\ndef f(): ...\nfor n in names():\n  @app.function(name=n)\n  def g(): ...',
    );
    assert.deepEqual([gpu, cpuCores, scaledownSeconds], [undefined, undefined, null]);
    assert.deepEqual(functions.get("f")?.gpu, { kind: "one", gpu: "T4" });
  });

  it("tells nothing of all containers where with_options makes some of another price, and only there", () => {
    const beside = (options: string) =>
      factsIn(
        `import modal\napp = modal.App("a")\n@app.cls(gpu="T4")\nclass M: ...\nN = M.with_options(${options})\n@app.function(gpu="T4")\ndef f(): ...`,
      ).gpu;
    for (const options of [
      'gpu="H100"',
      "memory=pick(1)",
      "cpu=(1, 2)",
      "**more",
      "retries=f(1), scaledown_window=9",
    ])
      assert.equal(beside(options), undefined, options);
    for (const options of ["max_containers=2", "timeout=limit(), retries=3"])
      assert.equal(beside(options), "T4", options);
  });

  it("does not say when a container ends of which nobody knows whether it is kept", () => {
    const { scaledownSeconds } = facts("scaledown_window=300, min_containers=keep()");
    assert.equal(scaledownSeconds, null);
  });

  it("tells the GPUs of a list, of which only a container has one", () => {
    const list = facts('gpu=["H100", "A100"]');
    assert.equal(list.gpu, undefined);
    assert.deepEqual(list.all[0]?.gpu, { kind: "any-of", gpus: ["H100", "A100"] });
    assert.equal(facts('gpu=["H100"]').gpu, "H100");
    assert.equal(facts('gpu=["H100", "H100"]').gpu, "H100");
    assert.equal(facts("gpu=[]").gpu, null);
    assert.equal(facts('gpu=""').gpu, null);
    const [{ gpu } = assert.fail()] = facts('gpu=["H100", pick()]').all;
    assert.deepEqual(gpu, { kind: "unknown", why: "what pick() gives is not known" });
  });

  it("takes the last of two functions of one name, and neither where only one of them is deployed", () => {
    const twice = (before: string) =>
      factsIn(
        `import modal\napp = modal.App("a")\n@app.function(gpu="A100", cpu=1)\ndef f(): ...\n${before}  @app.function(gpu="T4", cpu=1)\n  def f(): ...`,
      );
    assert.equal(twice("if True:\n").gpu, "T4");
    const maybe = twice("if slow():\n");
    assert.equal(maybe.gpu, undefined);
    assert.equal(maybe.functions.get("f")?.gpu.kind, "unknown");
    assert.equal(maybe.functions.get("f")?.cpuCores, 1);
  });
});

describe("commonFacts", () => {
  it("keeps what is the same in all modes", () => {
    const source =
      'import modal, os\napp = modal.App("a")\n@app.function(gpu="T4", scaledown_window=int(os.environ["W"]))\ndef f(): ...';
    const common = commonFacts([factsIn(source, { W: "120" }), factsIn(source, { W: "600" })]);
    assert.deepEqual([common.gpu, common.scaledownSeconds], ["T4", null]);
    assert.equal(common.functions.size, 0);
    const same = commonFacts([factsIn(source, { W: "120" }), factsIn(source, { W: "120" })]);
    assert.deepEqual([same.scaledownSeconds, same.gpu], [120, "T4"]);
    assert.equal(same.functions.size, 1);
  });
});
