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
    const { functions, ...all } = facts(
      'gpu="H100:2", cpu=CORES, memory=32768, scaledown_window=300, min_containers=1',
    );
    assert.deepEqual(all, {
      gpu: "H100:2",
      cpuCores: 4,
      memoryGib: 32,
      scaledownSeconds: 300,
      warmContainers: 1,
    });
    assert.deepEqual(functions.get("f0"), {
      gpu: "H100:2",
      cpuCores: 4,
      memoryGib: 32,
      scaledownSeconds: 300,
      minContainers: 1,
    });
  });

  it("takes the request of (request, limit)", () => {
    const { cpuCores, memoryGib } = facts("cpu=(2, 8), memory=(16 * 1024, 65536)");
    assert.deepEqual([cpuCores, memoryGib], [2, 16]);
  });

  it("knows Modal's defaults: no GPU, an eighth of a core, 128 MiB, a minute", () => {
    const { functions: _, ...all } = facts("");
    assert.deepEqual(all, {
      gpu: null,
      cpuCores: 0.125,
      memoryGib: 0.125,
      scaledownSeconds: 60,
      warmContainers: 0,
    });
  });

  it("knows a GPU class and a CPU function of one app apart", () => {
    const { gpu, functions } = facts('gpu="A100"', "cpu=1");
    assert.equal(gpu, undefined);
    assert.deepEqual(
      [...functions].map(([name, one]) => [name, one.gpu]),
      [
        ["f0", "A100"],
        ["f1", null],
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
    assert.equal(functions.get("f")?.gpu, "T4");
  });

  it("does not say when a container ends of which nobody knows whether it is kept", () => {
    const { scaledownSeconds } = facts("scaledown_window=300, min_containers=keep()");
    assert.equal(scaledownSeconds, null);
  });

  it("takes a GPU list of one, and no longer one", () => {
    assert.equal(facts('gpu=["H100"]').gpu, "H100");
    assert.equal(facts('gpu=["H100", "A100"]').gpu, undefined);
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
    assert.deepEqual([same.scaledownSeconds, same.functions.get("f")?.gpu], [120, "T4"]);
  });
});
