import assert from "node:assert/strict";
import {
  lifeOfContainer,
  type AppLife,
  type FunctionLife,
  type KnownContainer,
} from "../../../../src/session/meter/containerLife.ts";

const big: FunctionLife = {
  gpu: { kind: "one", gpu: "H100:8" },
  scaledownSeconds: 600,
  minContainers: 0,
};
const small: FunctionLife = {
  gpu: { kind: "one", gpu: "H100" },
  scaledownSeconds: 300,
  minContainers: 1,
};
const health: FunctionLife = { gpu: { kind: "none" }, scaledownSeconds: 60, minContainers: 0 };

function lifeOf(
  functions: Readonly<Record<string, FunctionLife>>,
  over: Partial<AppLife> = {},
): AppLife {
  const all = Object.values(functions);
  return {
    scaledownSeconds: null,
    warmContainers: 1,
    functions: new Map(Object.entries(functions)),
    all,
    mayHaveMore: null,
    ...over,
  };
}

const file = lifeOf({ "Big.*": big, "Small.*": small, health });
const h100 = { type: "H100", count: 1 };
const seen = { functionName: undefined, gpuSource: "container" } as const;

function windowOf(container: KnownContainer, life = file): number | null {
  return lifeOfContainer(life, container).scaledownSeconds;
}

describe("lifeOfContainer", () => {
  it("is that of the function that Modal names", () => {
    const named = (functionName: string): KnownContainer => ({ functionName });
    assert.deepEqual(lifeOfContainer(file, named("Big.*")), {
      scaledownSeconds: 600,
      isKept: false,
    });
    assert.deepEqual(lifeOfContainer(file, named("Small.*")), {
      scaledownSeconds: 300,
      isKept: true,
    });
    assert.equal(windowOf(named("health")), 60);
  });

  it("is that of the functions with its GPU, where nobody names one", () => {
    assert.equal(windowOf({ ...seen, gpu: h100 }), 300);
    assert.equal(windowOf({ ...seen, gpu: { type: "H100", count: 8 } }), 600);
    assert.equal(windowOf({ ...seen, gpu: null }), 60);
    // What Modal gives for an H100.
    assert.equal(windowOf({ ...seen, gpu: { type: "H200", count: 1 } }), 300);
  });

  it("has no window where several functions are possible that differ", () => {
    const other = { ...small, scaledownSeconds: 120 };
    const two = lifeOf({ "Small.*": small, "Other.*": other });
    assert.equal(windowOf({ ...seen, gpu: h100 }, two), null);
    const any = lifeOf({ f: { ...big, gpu: { kind: "unknown" } }, "Small.*": small });
    assert.equal(windowOf({ ...seen, gpu: h100 }, any), null);
    const list = lifeOf({
      f: { ...big, gpu: { kind: "any-of", gpus: ["H100", "L40S"] } },
      "Small.*": small,
    });
    assert.equal(windowOf({ ...seen, gpu: h100 }, list), null);
    assert.equal(windowOf({ ...seen, gpu: { type: "L40S", count: 1 } }, list), 600);
  });

  it("is what the functions of the app have in common where nobody saw the container, or the file is not whole", () => {
    const unseen = { functionName: undefined };
    assert.equal(windowOf(unseen), null);
    const alike = lifeOf(
      { f: big, g: { ...small, scaledownSeconds: 600 } },
      { scaledownSeconds: 600 },
    );
    assert.equal(windowOf(unseen, alike), 600);
    assert.equal(windowOf({ ...seen, gpu: h100 }, { ...file, mayHaveMore: "a loop" }), null);
    assert.equal(windowOf({ ...seen, gpu: { type: "T4", count: 1 } }), null);
    // Modal names a function that the file does not have: it is not what was deployed.
    assert.equal(windowOf({ functionName: "gone", gpu: h100, gpuSource: "container" }), null);
  });

  it("has no window where the file hides how many are kept", () => {
    const maybe = lifeOf({ f: { ...small, minContainers: undefined } });
    assert.deepEqual(lifeOfContainer(maybe, { functionName: "f" }), {
      scaledownSeconds: null,
      isKept: false,
    });
  });
});
