import assert from "node:assert/strict";
import type { ContainerSpan } from "../../../../src/cost/span.ts";
import { withAppResources } from "../../../../src/cost/rates/resources.ts";
import {
  appHints,
  type AppHintSources,
  type FileResources,
} from "../../../../src/session/watch/appHints.ts";

function span(change: Partial<ContainerSpan>): ContainerSpan {
  return {
    containerId: "ta-1",
    scope: "acme/main",
    appId: "ap-1",
    appName: "flux",
    gpu: null,
    gpuSource: "unknown",
    gpuKnownAtMs: null,
    cpuCores: null,
    memoryGib: null,
    enqueuedAtMs: null,
    startedAtMs: 0,
    firstSeenAtMs: 0,
    lastSeenAtMs: 0,
    finishedAtMs: null,
    firstAbsentAtMs: null,
    lastAbsentAtMs: null,
    ...change,
  };
}

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

function hinted(
  sources: Partial<Omit<AppHintSources, "ledger">>,
  spans: readonly ContainerSpan[] = [],
) {
  const hint = appHints({
    ledger: { spans: () => spans },
    inFile: () => undefined,
    inSettings: () => undefined,
    nowMs: () => 1000,
    ...sources,
  });
  return withAppResources(unseen, hint("acme/main", unseen));
}

const l40s = { type: "L40S", count: 1 };

describe("appHints", () => {
  it("takes what Modal told of the app's newest container first", () => {
    const spans = [
      span({ gpu: l40s, gpuSource: "container", gpuKnownAtMs: 5 }),
      span({ gpu: { type: "T4", count: 1 }, gpuSource: "container", gpuKnownAtMs: 1 }),
      span({ gpu: { type: "H100", count: 1 }, gpuSource: "setting", gpuKnownAtMs: 9 }),
    ];
    const { gpu, gpuSource } = hinted({ inFile: file({ gpu: "H200" }) }, spans);
    assert.deepEqual({ gpu, gpuSource }, { gpu: l40s, gpuSource: "app" });
  });

  it("then what the app's file asks for, also when that is no GPU", () => {
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

  it("takes cores and memory from the file, whoever told the GPU", () => {
    const inFile = file({ cpuCores: 8, memoryGib: 32 });
    const { cpuCores, memoryGib } = hinted({ inFile });
    assert.deepEqual([cpuCores, memoryGib], [8, 32]);
    const told = { ...unseen, gpu: l40s, gpuSource: "container" as const };
    const ledger = {
      spans: (): never => assert.fail("nothing to ask the ledger for"),
    };
    const hint = appHints({ ledger, inFile, inSettings: () => undefined, nowMs: () => 0 });
    const full = withAppResources(told, hint("acme/main", told));
    assert.deepEqual([full.gpu, full.gpuSource, full.cpuCores], [l40s, "container", 8]);
    assert.deepEqual([hinted({}).cpuCores, hinted({}).memoryGib], [null, null]);
  });
});
