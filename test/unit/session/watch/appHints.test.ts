import assert from "node:assert/strict";
import { withAppResources } from "../../../../src/cost/rates/resources.ts";
import {
  appHints,
  type AppHintSources,
  type FileResources,
} from "../../../../src/session/watch/appHints.ts";

const unseen = {
  containerId: "ta-9",
  appId: "ap-1",
  appName: "flux",
  enqueuedAtMs: null,
  startedAtMs: 0,
  finishedAtMs: null,
  gpu: null,
  gpuSource: "unknown",
  cpuCores: null,
  memoryGib: null,
} as const;

function file(some: Partial<FileResources>): () => FileResources {
  return () => ({ gpu: undefined, cpuCores: undefined, memoryGib: undefined, ...some });
}

function hinted(sources: Partial<AppHintSources>) {
  const hint = appHints({ inFile: () => undefined, inSettings: () => undefined, ...sources });
  return withAppResources(unseen, hint("acme/main", unseen));
}

const l40s = { type: "L40S", count: 1 };

describe("appHints", () => {
  it("takes what the app's file asks for, also when that is no GPU", () => {
    const inSettings = (): string => "T4";
    const two = hinted({ inFile: file({ gpu: "H100:2" }), inSettings });
    assert.deepEqual([two.gpu, two.gpuSource], [{ type: "H100", count: 2 }, "deploy-file"]);
    const none = hinted({ inFile: file({ gpu: null }), inSettings });
    assert.deepEqual([none.gpu, none.gpuSource], [null, "deploy-file"]);
  });

  it("then the settings, and never a guess", () => {
    const named = hinted({ inSettings: () => "l40s" });
    assert.deepEqual([named.gpu, named.gpuSource], [l40s, "setting"]);
    assert.equal(hinted({}).gpuSource, "unknown");
    assert.equal(hinted({ inSettings: () => "???" }).gpuSource, "unknown");
    assert.equal(hinted({ inFile: file({ gpu: "???" }) }).gpuSource, "unknown");
  });

  it("takes cores and memory from the file, wherever the GPU is from", () => {
    const inFile = file({ cpuCores: 8, memoryGib: 32 });
    const { cpuCores, memoryGib } = hinted({ inFile });
    assert.deepEqual([cpuCores, memoryGib], [8, 32]);
    const told = { ...unseen, gpu: l40s, gpuSource: "container" as const };
    const hint = appHints({ inFile, inSettings: () => undefined });
    const full = withAppResources(told, hint("acme/main", told));
    assert.deepEqual([full.gpu, full.gpuSource, full.cpuCores], [l40s, "container", 8]);
    assert.deepEqual([hinted({}).cpuCores, hinted({}).memoryGib], [null, null]);
  });
});
