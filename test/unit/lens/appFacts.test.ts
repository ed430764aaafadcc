import assert from "node:assert/strict";
import { factsOf } from "../../../src/lens/appFacts.ts";
import { readModalSource } from "../../../src/lens/modalApps.ts";

function facts(...decorators: readonly string[]) {
  const functions = decorators.map(
    (given, index) => `@app.function(${given})\ndef f${index}(): ...`,
  );
  const source = ["import modal, os", 'app = modal.App("flux")', "CORES = 4.0", ...functions];
  return factsOf(readModalSource(source.join("\n")).functions);
}

describe("factsOf an app file", () => {
  it("reads what each container requests", () => {
    assert.deepEqual(
      facts('gpu="H100:2", cpu=CORES, memory=32768, scaledown_window=300, min_containers=1'),
      { gpu: "H100:2", cpuCores: 4, memoryGib: 32, scaledownSeconds: 300, warmContainers: 1 },
    );
  });

  it("takes the request of (request, limit)", () => {
    const { cpuCores, memoryGib } = facts("cpu=(2, 8), memory=(16 * 1024, 65536)");
    assert.deepEqual([cpuCores, memoryGib], [2, 16]);
  });

  it("knows Modal's defaults, and what a variable falls back to", () => {
    assert.deepEqual(facts(""), {
      gpu: null,
      cpuCores: 0.125,
      memoryGib: 0.125,
      scaledownSeconds: null,
      warmContainers: 0,
    });
    const { gpu, cpuCores } = facts(
      'gpu=os.getenv("GPU", "L4"), cpu=float(os.environ.get("CPU", "2"))',
    );
    assert.deepEqual([gpu, cpuCores], ["L4", 2]);
  });

  it("tells nothing where it is computed, or where functions differ", () => {
    const computed = facts("cpu=cores(), memory=2 + x, gpu=pick()");
    assert.deepEqual(
      [computed.cpuCores, computed.memoryGib, computed.gpu],
      [undefined, undefined, undefined],
    );
    const differing = facts('cpu=1, gpu="L4", memory=1024', 'cpu=2, gpu="T4", memory=1024');
    assert.deepEqual(
      [differing.cpuCores, differing.memoryGib, differing.gpu],
      [undefined, 1, undefined],
    );
    assert.equal(facts("scaledown_window=60", "scaledown_window=300").scaledownSeconds, null);
    assert.equal(
      facts('scaledown_window=int(os.environ.get("SCALEDOWN_WINDOW", "300"))').scaledownSeconds,
      null,
    );
  });
});
