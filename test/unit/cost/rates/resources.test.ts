import assert from "node:assert/strict";
import {
  lastKnownGpu,
  withAppResources,
  type AppResources,
} from "../../../../src/cost/rates/resources.ts";
import { observation, span, t0 } from "../arbitraries.ts";

const gpu = (type: string) => ({ type, count: 1 });
const untold = observation({ gpu: null, gpuSource: "unknown" });

describe("what Modal does not tell of a container", () => {
  it("comes from the app's last known GPU, else the deploy file, else the setting, and says which", () => {
    const source = (resources: AppResources) => {
      const filled = withAppResources(untold, resources);
      return [filled.gpu?.type ?? null, filled.gpuSource];
    };
    const deployFile = { gpu: gpu("L4") };
    const setting = gpu("H100");
    assert.deepEqual(source({ lastKnownGpu: gpu("T4"), deployFile, setting }), ["T4", "app"]);
    assert.deepEqual(source({ lastKnownGpu: null, deployFile, setting }), [null, "app"]);
    assert.deepEqual(source({ deployFile, setting }), ["L4", "deploy-file"]);
    assert.deepEqual(source({ deployFile: { cpuCores: 2 }, setting }), ["H100", "setting"]);
    assert.deepEqual(source({}), [null, "unknown"]);
  });

  it("never replaces what Modal told, and asks the file for cores and memory", () => {
    const told = withAppResources(observation(), {
      lastKnownGpu: gpu("T4"),
      deployFile: { gpu: gpu("L4"), cpuCores: 4, memoryGib: 16 },
    });
    assert.deepEqual([told.gpu?.type, told.gpuSource], ["L40S", "container"]);
    assert.deepEqual([told.cpuCores, told.memoryGib], [4, 16]);
  });

  it("knows the GPU of the app's latest container that Modal told of", () => {
    const spans = [
      span({ gpu: gpu("T4"), gpuKnownAtMs: t0 + 2 }),
      span({ gpu: gpu("L4"), gpuKnownAtMs: t0 + 1 }),
      span({ gpu: gpu("H100"), gpuKnownAtMs: t0 + 3, gpuSource: "setting" }),
    ];
    assert.equal(lastKnownGpu(spans, "ap-1")?.type, "T4");
    assert.equal(lastKnownGpu(spans, "ap-2"), undefined);
    assert.equal(lastKnownGpu([span({ gpu: null })], "ap-1"), null);
  });
});
