import assert from "node:assert/strict";
import { withAppResources, type AppResources } from "../../../../src/cost/rates/resources.ts";
import { unknownTerms } from "../../../../src/cost/terms.ts";
import { observation } from "../arbitraries.ts";

const gpu = (type: string) => ({ type, count: 1 });
const untold = observation({ gpu: null, gpuSource: "unknown" });

describe("what Modal does not tell of a container", () => {
  it("comes from the app's functions, else the deploy file, else the setting, and says which", () => {
    const source = (resources: AppResources) => {
      const filled = withAppResources(untold, resources);
      return [filled.gpu?.type ?? null, filled.gpuSource];
    };
    const deployFile = { gpu: gpu("L4") };
    const setting = gpu("H100");
    assert.deepEqual(source({ appGpu: gpu("A10"), deployFile, setting }), ["A10", "app"]);
    assert.deepEqual(source({ deployFile: { gpu: null }, setting }), [null, "deploy-file"]);
    assert.deepEqual(source({ deployFile, setting }), ["L4", "deploy-file"]);
    assert.deepEqual(source({ deployFile: { cpuCores: 2 }, setting }), ["H100", "setting"]);
    assert.deepEqual(source({}), [null, "unknown"]);
  });

  it("never replaces what Modal said, and asks the file for cores and memory", () => {
    const told = withAppResources(observation(), {
      appGpu: gpu("T4"),
      deployFile: { gpu: gpu("L4"), cpuCores: 4, memoryGib: 16 },
    });
    assert.deepEqual([told.gpu?.type, told.gpuSource], ["L40S", "container"]);
    assert.deepEqual([told.cpuCores, told.memoryGib], [4, 16]);
  });

  it("is nothing of what the functions of its app ask for where it is a sandbox", () => {
    const functions = {
      ...unknownTerms,
      cores: 4,
      gib: 16,
      isSandbox: false,
      nonPreemptible: true,
    };
    const sandbox = { ...untold, terms: { ...unknownTerms, isSandbox: true } };
    const resources = {
      appGpu: gpu("T4"),
      deployFile: { gpu: gpu("L4"), cpuCores: 4, memoryGib: 16 },
    };
    assert.deepEqual(withAppResources(sandbox, { ...resources, notedTerms: functions }), sandbox);
    // Its own terms count, also where only a note tells that it is one.
    const own = { ...unknownTerms, isSandbox: true, cores: 2 };
    const filled = withAppResources(untold, { ...resources, notedTerms: own });
    assert.deepEqual(filled, { ...untold, terms: own });
  });
});
